"""Training: items from files, topics kept whole, and a model that learns from words."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tdfnlp import __version__
from tdfnlp.classifier import Floats
from tdfnlp.embedding import Encoder, Fingerprint
from tdfnlp.errors import CodebookError, FormatError, InputError
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.model import Model
from tdfnlp.training import (
    FOLDS,
    Item,
    encode_questions,
    fit_default,
    main,
    read_items,
    tabulate,
    topic_folds,
    training_files,
)

D = 32
WORDS = {
    "Knowledge": "guideline taught leaflet aware",
    "Emotion": "afraid upset cried dread",
    "Goals": "target aim priority plan",
    "Social influences": "colleagues friends neighbours persuade",
    "Environmental context and resources": "money minutes rooms equipment",
}
TOPICS = {
    "bins": "rubbish lorry",
    "bees": "hive honey",
    "stairs": "lift floor",
    "chess": "board pawn",
    "boats": "harbour sail",
    "bread": "dough oven",
}
DIRECTIONS = {"barrier": "never", "facilitator": "always", "mixed": "sometimes", "neutral": "there"}


class WordHashes:
    """Each word is a direction; a text is the sum of its words."""

    dimension = D

    def run(self, texts: Sequence[str], out: Floats, progress: Callable[[int], object]) -> None:
        for row, text in enumerate(texts):
            total = sum((self.word(word) for word in text.lower().split()), np.zeros(D))
            out[row] = total / max(1e-9, float(np.linalg.norm(total)))
        progress(len(texts))

    @staticmethod
    def word(word: str) -> Any:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        return np.random.default_rng(seed).normal(size=D)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(WordHashes(), Fingerprint("words", "ab" * 32, 64, "none", "f32", "1"), None)


def invented_items() -> list[Item]:
    """Every topic has every domain twice, and talk outside the framework."""
    items: list[Item] = []
    for topic, things in TOPICS.items():
        for number, (domain, words) in enumerate(WORDS.items()):
            for half in (0, 1):
                valence = VALENCES[(number + half + len(items)) % len(VALENCES)]
                said = " ".join(words.split()[half : half + 3])
                text = f"{said} {things.split()[half]} {DIRECTIONS[valence]}"
                question = f"what about {things}" if half else ""
                name = f"{topic} {number} {half}"
                items.append(Item(name, topic, text, question, ((domain, valence),)))
        items.append(Item(f"{topic} none", topic, f"hello tape recorder {things}", "", ()))
    return items


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return invented_items()


@pytest.fixture(scope="module")
def fitted(items: list[Item], encoder: Encoder) -> Model:
    return fit_default(items, encoder, name="tiny")


RECORD = {
    "id": "bees 1",
    "topic": "bees",
    "text": "Nobody showed us the hive.",
    "question": "Who taught you?",
    "domains": {"Knowledge": "barrier", "Social influences": "neutral"},
}


def write(path: Path, *records: object) -> Path:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_read_items(tmp_path: Path) -> None:
    bare = {"id": 7, "topic": "bins", "text": "Größer.", "domains": {}, "more": "ignored"}
    file = write(tmp_path / "items.jsonl", RECORD, bare, {**bare, "question": None})
    first, second, third = read_items(file)
    assert first == Item(
        "bees 1",
        "bees",
        "Nobody showed us the hive.",
        "Who taught you?",
        (("Knowledge", "barrier"), ("Social influences", "neutral")),
    )
    assert second == third == Item("7", "bins", "Größer.", "", ())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("", id="empty"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param({**RECORD, "domains": ["Knowledge"]}, id="domains as a list"),
        *(
            pytest.param({k: v for k, v in RECORD.items() if k != key}, id=f"no {key}")
            for key in ("id", "topic", "text", "domains")
        ),
    ],
)
def test_a_line_that_is_no_item_is_named(tmp_path: Path, line: object) -> None:
    file = write(tmp_path / "items.jsonl", RECORD, line, RECORD)
    with pytest.raises(FormatError) as caught:
        read_items(file)
    assert str(caught.value).startswith("items.jsonl (line 2): ")
    assert "hive" not in str(caught.value)


@pytest.mark.parametrize(
    "domains",
    [{"Wisdom": "barrier"}, {"Knowledge": "good"}, {"Knowledge": None}, {"knowledge": "barrier"}],
)
def test_an_unknown_label_is_named(tmp_path: Path, domains: dict[str, object]) -> None:
    file = write(tmp_path / "items.jsonl", RECORD, {**RECORD, "domains": domains})
    ((domain, valence),) = domains.items()
    with pytest.raises(CodebookError, match=r"items\.jsonl, line 2") as caught:
        read_items(file)
    assert repr(domain) in str(caught.value)
    assert repr(valence) in str(caught.value)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_inside_a_text(tmp_path: Path, separator: str) -> None:
    record = {**RECORD, "text": f"One{separator}two."}
    file = write(tmp_path / "items.jsonl", json.dumps(record, ensure_ascii=False))
    assert [item.text for item in read_items(file)] == [f"One{separator}two."]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(json.dumps({**RECORD, "text": "Größer."}, ensure_ascii=False).encode("latin1"))
    with pytest.raises(FormatError, match=r"items\.jsonl"):
        read_items(file)


@pytest.mark.parametrize("names", [list("abcdefg"), list("abcde"), ["a"] * 9 + list("bcdefghijk")])
@pytest.mark.parametrize("random_state", [0, 1])
def test_topics_are_never_split_and_every_row_is_held_out_once(
    names: list[str], random_state: int
) -> None:
    topics = np.array(names * 3)
    folds = list(topic_folds(topics, random_state))
    assert len(folds) == FOLDS
    assert (np.sum(folds, axis=0) == 1).all()
    for fold in folds:
        assert fold.any()
        assert not set(topics[fold]) & set(topics[~fold])
    again = list(topic_folds(topics[::-1], random_state))
    assert all((one == other[::-1]).all() for one, other in zip(folds, again, strict=True))


def test_random_state_shuffles_topics() -> None:
    topics = np.array(list("abcdefghij"))
    found = {tuple(np.flatnonzero(next(topic_folds(topics, state)))) for state in range(10)}
    assert len(found) > 3


def test_table_has_each_item_with_and_without_its_question(
    items: list[Item], encoder: Encoder
) -> None:
    table = tabulate(items, encoder)
    n = len(items)
    asked = np.array([bool(item.question) for item in items])
    assert table.rows.shape == (2 * n, 2 * D)
    assert (table.rows[:n, :D] == table.rows[n:, :D]).all()
    assert (table.rows[:n, D:].any(axis=1) == asked).all()
    assert (table.rows[n:, D:] == 0).all()
    for topic in TOPICS:
        np.testing.assert_allclose(table.rows[table.topics == topic, :D].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(table.rows[:n][asked, D:].mean(axis=0), 0, atol=1e-6)
    answers = encoder.encode(item.text for item in items)
    np.testing.assert_allclose(table.mean, answers.mean(axis=0), atol=1e-6)


def test_labels_of_a_passage_share_it(encoder: Encoder) -> None:
    both = Item("1", "bees", "one", "", (("Knowledge", "mixed"), ("Emotion", "barrier")))
    table = tabulate([both, Item("2", "bees", "two", "", ())], encoder)
    knowledge, emotion = DOMAINS.index("Knowledge"), DOMAINS.index("Emotion")
    expected = np.zeros((2, len(DOMAINS) + 1))
    expected[0, [knowledge, emotion]] = 0.5
    expected[1, -1] = 1
    assert (table.targets == np.vstack([expected, expected])).all()
    assert table.valences[0, knowledge] == VALENCES.index("mixed")
    assert table.valences[0, emotion] == VALENCES.index("barrier")
    assert (table.valences >= 0).sum() == 4


def test_questions_that_are_not_there_are_zeros(encoder: Encoder) -> None:
    vectors = encode_questions(["who helps", "", " \n", "who helps"], encoder)
    assert (vectors[1:3] == 0).all()
    assert (vectors[0] == vectors[3]).all()
    np.testing.assert_allclose(np.linalg.norm(vectors[0]), 1, atol=1e-5)
    assert encode_questions([], encoder).shape == (0, D)


def test_it_learns_on_topics_it_has_not_seen(fitted: Model) -> None:
    for view in ("answer_alone", "with_question"):
        figures = fitted.facts[f"held_out_topics_{view}"]
        assert 0.6 < figures["top_1"] <= figures["top_3"] <= 1  # chance is one in five
        assert figures["top_3"] > 0.8
    assert fitted.facts["held_out_direction"] > 0.6


def test_it_has_learnt_the_words(fitted: Model, encoder: Encoder) -> None:
    answers = encoder.encode(["afraid cried", "money rooms", "target priority"])
    proba = fitted.predict_proba(answers, np.zeros_like(answers))
    assert [DOMAINS[place] for place in proba.argmax(axis=1)] == [
        "Emotion",
        "Environmental context and resources",
        "Goals",
    ]
    unseen = [place for place, name in enumerate(DOMAINS) if name not in WORDS]
    assert proba[:, unseen].max() < 1e-6


def test_facts_have_the_counts(fitted: Model, items: list[Item], encoder: Encoder) -> None:
    facts = fitted.facts
    assert facts["items"] == len(items) == 66
    assert facts["topics"] == 6
    assert facts["items_per_domain"] == {name: 12 * (name in WORDS) for name in DOMAINS}
    assert facts["items_outside_the_framework"] == 6
    assert facts["tdfnlp"] == __version__
    assert 0 < facts["thresholds_reached"]["share_suggested"] <= 1
    assert facts["thresholds_reached"]["precision"] > 0.7
    assert 0 <= facts["thresholds_reached"]["coded_abstained"] <= 0.1
    json.dumps(facts)
    assert fitted.name == "tiny"
    assert fitted.thresholds.precision == 0.8
    fitted.check_encoder(encoder)


def test_fitting_is_deterministic(
    fitted: Model, items: list[Item], encoder: Encoder, tmp_path: Path
) -> None:
    again = fit_default(items, encoder, name="tiny").save(tmp_path / "one" / "tiny")
    assert again.id == fitted.save(tmp_path / "two" / "tiny").id
    other = fit_default(items, encoder, random_state=1)
    assert other.thresholds != fitted.thresholds
    assert (other.domain_head.coef == fitted.domain_head.coef).all()  # fitted on everything


def test_too_few_topics_are_refused(items: list[Item], encoder: Encoder) -> None:
    few = [item for item in items if item.topic in list(TOPICS)[: FOLDS - 1]]
    with pytest.raises(InputError, match="at least 5 topics"):
        fit_default(few, encoder)


def test_no_items_are_refused(encoder: Encoder) -> None:
    with pytest.raises(InputError, match="at least 5 topics"):
        fit_default([], encoder)


def test_training_files_are_sorted_and_lie_directly_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    for name in ("b.jsonl", "a.jsonl", "README.md", "study/c.jsonl"):
        (tmp_path / name).touch()
    assert [file.name for file in training_files(tmp_path)] == ["a.jsonl", "b.jsonl"]


def test_main_trains_from_a_folder_into_a_folder(
    items: list[Item],
    encoder: Encoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Encoder, "load", lambda: encoder)
    records = [
        {
            "id": item.id,
            "topic": item.topic,
            "text": item.text,
            "question": item.question,
            "domains": dict(item.domains),
        }
        for item in items
    ]
    source, target = tmp_path / "data", tmp_path / "models" / "tiny"
    source.mkdir()
    write(source / "a.jsonl", *records[:40])
    write(source / "b.jsonl", *records[40:])
    with caplog.at_level(logging.INFO, "tdfnlp.training"):
        main([str(source), str(target)])
    model = Model.load(target)
    assert model.facts["items"] == len(items)
    assert model.id in caplog.text
