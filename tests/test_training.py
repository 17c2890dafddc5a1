"""Training: topics kept from fitting, and a model that learns from words."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_tuning import tiny_bert

from tdfnlp import __version__, training
from tdfnlp.classifier import Floats
from tdfnlp.embedding import Encoder, Fingerprint
from tdfnlp.errors import InputError
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.items import Item, is_unseen
from tdfnlp.model import ENCODER, Model
from tdfnlp.network import Arrays
from tdfnlp.training import encode_questions, fit_default, main, tabulate
from tdfnlp.tuning import Recipe, fine_tune
from tdfnlp.weights import Weights, find_weights

D = 32
WORDS = {
    "Knowledge": "guideline taught leaflet aware",
    "Emotion": "afraid upset cried dread",
    "Goals": "target aim priority plan",
    "Social influences": "colleagues friends neighbours persuade",
    "Environmental context and resources": "money minutes rooms equipment",
}
TOPICS = {
    "bees": "hive honey",  # unseen, as are sheds and wool
    "sheds": "plank nail",
    "wool": "needle yarn",
    "bins": "rubbish lorry",
    "stairs": "lift floor",
    "chess": "board pawn",
    "boats": "harbour sail",
    "bread": "dough oven",
    "kites": "wind string",
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


UNSEEN = ["bees", "sheds", "wool"]


def test_table_has_each_item_with_and_without_its_question(
    items: list[Item], encoder: Encoder
) -> None:
    table = tabulate(items, encoder)
    n = len(items)
    asked = np.array([bool(item.question) for item in items])
    unseen = np.array([item.topic in UNSEEN for item in items])
    assert (table.unseen == np.tile(unseen, 2)).all()
    assert table.rows.shape == (2 * n, 2 * D)
    assert (table.rows[:n, :D] == table.rows[n:, :D]).all()
    assert (table.rows[:n, D:].any(axis=1) == asked).all()
    assert (table.rows[n:, D:] == 0).all()
    for topic in TOPICS:
        rows = np.tile([item.topic == topic for item in items], 2)
        np.testing.assert_allclose(table.rows[rows, :D].mean(axis=0), 0, atol=1e-6)
    seen_questions = table.rows[:n][asked & ~unseen, D:]
    np.testing.assert_allclose(seen_questions.mean(axis=0), 0, atol=1e-6)
    answers = encoder.encode(item.text for item in items)
    np.testing.assert_allclose(table.mean, answers[~unseen].mean(axis=0), atol=1e-6)


def test_labels_stand_in_both_views(encoder: Encoder) -> None:
    both = Item(
        "1", "bins", "one", "", (("Knowledge", "mixed"), ("Emotion", "barrier")), ("Goals",)
    )
    table = tabulate([both, Item("2", "bins", "two", "", ())], encoder)
    knowledge, emotion, goals = map(DOMAINS.index, ("Knowledge", "Emotion", "Goals"))
    targets, truth, valences = table.targets[::2], table.truth[::2], table.valences[::2]
    for row in (0, 1):
        assert targets[row, knowledge] == targets[row, emotion] > targets[row, goals] > 0
        assert set(np.flatnonzero(truth[row])) == {knowledge, emotion}
        assert valences[row, knowledge] == VALENCES.index("mixed")
        assert valences[row, emotion] == VALENCES.index("barrier")
    assert (table.targets[1::2, -1] == 1).all()
    assert not table.truth[1::2].any()
    assert (table.valences >= 0).sum() == 4


def test_questions_that_are_not_there_are_zeros(encoder: Encoder) -> None:
    vectors = encode_questions(["who helps", "", " \n", "who helps"], encoder)
    assert (vectors[1:3] == 0).all()
    assert (vectors[0] == vectors[3]).all()
    np.testing.assert_allclose(np.linalg.norm(vectors[0]), 1, atol=1e-5)
    assert encode_questions([], encoder).shape == (0, D)


def test_it_learns_on_topics_it_has_not_seen(fitted: Model) -> None:
    for view in ("answer_alone", "with_question"):
        figures = fitted.facts[f"unseen_topics_{view}"]
        assert 0.6 < figures["top_1"] <= figures["top_3"] <= 1  # chance is one in five
        assert figures["top_3"] > 0.8
    assert fitted.facts["unseen_direction"] > 0.6


def test_thresholds_are_set_on_what_the_model_itself_says(
    fitted: Model, items: list[Item], encoder: Encoder
) -> None:
    table = tabulate(items, encoder)
    coded = table.unseen & table.truth.any(axis=1)
    sure = 1 - fitted.domain_head.predict_proba(table.rows[coded])[:, -1]
    assert fitted.thresholds.ask == pytest.approx(np.quantile(sure, 0.02))


def test_nothing_of_an_unseen_topic_reaches_the_heads(
    fitted: Model, items: list[Item], encoder: Encoder
) -> None:
    wrong = [
        replace(one, text=one.question, question=one.text, domains=(("Goals", "mixed"),))
        if one.topic in UNSEEN
        else one
        for one in items
    ]
    other = fit_default(wrong, encoder)
    for name in ("domain_head", "valence_head"):
        one, two = getattr(fitted, name), getattr(other, name)
        np.testing.assert_array_equal(one.coef, two.coef)
        np.testing.assert_array_equal(one.intercept, two.intercept)
        assert one.temperature < two.temperature  # it is surer than it may be
    np.testing.assert_array_equal(other.mean, fitted.mean)
    np.testing.assert_array_equal(other.question_mean, fitted.question_mean)
    assert other.thresholds != fitted.thresholds


def test_it_has_learnt_the_words(fitted: Model, encoder: Encoder) -> None:
    answers = encoder.encode(["afraid cried", "money rooms", "target priority"])
    proba = fitted.predict_proba(answers, np.zeros_like(answers))
    assert [DOMAINS[place] for place in proba[:, :-1].argmax(axis=1)] == [
        "Emotion",
        "Environmental context and resources",
        "Goals",
    ]
    absent = [place for place, name in enumerate(DOMAINS) if name not in WORDS]
    assert proba[:, absent].max() < 1e-6


def test_facts_have_the_counts(fitted: Model, items: list[Item], encoder: Encoder) -> None:
    facts = fitted.facts
    assert facts["items"] == len(items) == 99
    assert facts["items_unseen"] == 33
    assert facts["topics"] == 9
    assert facts["topics_unseen"] == 3
    assert facts["items_per_domain"] == {name: 18 * (name in WORDS) for name in DOMAINS}
    assert facts["items_outside_the_framework"] == 9
    assert facts["tdfnlp"] == __version__
    reached = facts["thresholds_reached"]
    assert 0 < reached["share_suggested"] <= 1
    assert reached["precision"] >= 0.8
    assert 0 <= reached["coded_abstained"] <= 0.1
    assert 0 <= reached["uncoded_suggested"] <= 1
    json.dumps(facts, allow_nan=False)
    assert fitted.name == "tiny"
    assert fitted.thresholds.precision == 0.8
    fitted.check_encoder(encoder)


def test_fitting_is_deterministic(
    fitted: Model, items: list[Item], encoder: Encoder, tmp_path: Path
) -> None:
    again = fit_default(items, encoder, name="tiny").save(tmp_path / "one" / "tiny")
    assert again.id == fitted.save(tmp_path / "two" / "tiny").id


def coded(item: Item) -> bool:
    return bool(item.domains)


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(lambda one: False, id="nothing"),
        pytest.param(lambda one: is_unseen(one.topic), id="all unseen"),
        pytest.param(lambda one: not is_unseen(one.topic), id="all seen"),
        pytest.param(lambda one: coded(one) != is_unseen(one.topic), id="unseen without a code"),
        pytest.param(lambda one: coded(one) == is_unseen(one.topic), id="seen without a code"),
    ],
)
def test_items_that_cannot_be_learnt_and_measured_are_refused(
    items: list[Item], encoder: Encoder, keep: Callable[[Item], bool]
) -> None:
    with pytest.raises(InputError, match="more topics"):
        fit_default([one for one in items if keep(one)], encoder)


def test_unseen_topics_without_a_clear_direction(items: list[Item], encoder: Encoder) -> None:
    vague = [
        replace(one, domains=tuple((domain, "neutral") for domain, _ in one.domains))
        if one.topic in UNSEEN
        else one
        for one in items
    ]
    facts = fit_default(vague, encoder).facts
    assert facts["unseen_direction"] is None
    json.dumps(facts, allow_nan=False)


def save_items(items: Sequence[Item], folder: Path) -> Path:
    folder.mkdir()
    for place, name in enumerate("ab"):
        lines = [
            json.dumps(asdict(item) | {"domains": dict(item.domains)}) for item in items[place::2]
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_main_makes_both_models_from_a_folder(
    items: list[Item],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    large, small = (find_weights(tiny_bert(tmp_path / name)) for name in ("large", "small"))
    tuned: list[tuple[Path, Recipe, set[str]]] = []

    def spy(shown: Sequence[Item], start: Weights, recipe: Recipe) -> Arrays:
        tuned.append((start.folder, recipe, {item.topic for item in shown}))
        return fine_tune(shown, start, recipe)

    monkeypatch.setattr(
        training, "find_weights", lambda place: find_weights(place) if place else small
    )
    monkeypatch.setattr(training, "fine_tune", spy)
    with caplog.at_level(logging.INFO, "tdfnlp.training"):
        source, target = save_items(items, tmp_path / "data"), tmp_path / "models"
        main([str(large.folder), str(source), str(target)])
    seen = set(TOPICS) - set(UNSEEN)
    assert [(place, topics) for place, _, topics in tuned] == [
        (large.folder, seen),
        (small.folder, seen),
    ]
    assert tuned[0][1].frozen == 2 and tuned[1][1] == Recipe()
    for name, base in (("default", large), ("fast", small)):
        model = Model.load(target / name)
        assert model.facts["items"] == len(items)
        assert model.encoder["name"] == ENCODER
        assert model.encoder["sha256"] != base.sha256
        assert model.load_encoder().dimension == model.domain_head.coef.shape[1] // 2
        assert (target / name / ENCODER / "packed-1.safetensors").is_file()
        assert model.id in caplog.text
