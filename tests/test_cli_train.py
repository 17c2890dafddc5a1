"""Training, evaluating and choosing models on the command line, on the invented sample study."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import run
from toys import toy_encoder, toy_lessons, toy_model

from tdfnlp.choosing import model_in_use, use_model
from tdfnlp.cli.figures import say
from tdfnlp.cli.train import _telling
from tdfnlp.codebook import TDF_CODEBOOK
from tdfnlp.coding import Coding, Study
from tdfnlp.exchange import write
from tdfnlp.formats import read
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.intake import import_codings
from tdfnlp.lessons import read_lessons
from tdfnlp.model import Model
from tdfnlp.promotion import compare
from tdfnlp.retraining import train
from tdfnlp.store import Store
from tdfnlp.transcript import Transcript, Turn

SAID = {
    "Optimism": "The kettle has {} lids.",
    "Goals": "We painted the ladder {}.",
    "Emotion": "A magnet fell, {} they say.",
    "": "It rained on {}.",
}
"""Odd sentences for their domains, so that a study has something to teach."""
WORDS = ("four", "Monday", "green", "once", "again", "June", "silver")


def invented_study(place: Path, people: int = 6) -> Path:
    transcripts, codings = [], []
    for number in range(people):
        lines = [said.format(word) for word in WORDS for said in SAID.values()]
        ends = np.cumsum([len(line) + 1 for line in lines])
        turns = [
            Turn(int(end) - 1 - len(line), int(end) - 1, "P", "participant")
            for line, end in zip(lines, ends, strict=True)
        ]
        name = f"T{number}"
        transcripts.append(Transcript(name, "\n".join(lines), tuple(turns)))
        codings += [
            Coding(name, turn.start, turn.end, (domain,), "Ana", VALENCES[place % 2])
            for place, (turn, domain) in enumerate(zip(turns, list(SAID) * len(WORDS), strict=True))
            if domain
        ]
    coded = Study(tuple(transcripts), tuple(codings), codes=TDF_CODEBOOK.codes)
    with Store.open(place) as store:
        import_codings(store, coded, complete=True)
    return place


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented_study(tmp_path_factory.mktemp("study") / "study.db")


def test_a_model_is_trained_checked_used_and_put_back(study: Path, tmp_path: Path) -> None:
    code, text = run("train", study, "-o", tmp_path / "mine")
    assert code == 0, text
    assert "not worse beyond noise" in text and "In use: mine-" in text
    assert "Optimism: 42 units from 6 people" in text
    with Store.open(study) as store:
        assert model_in_use(store).name == "mine"
        assert [one.model.split("-")[0] for one in store.runs()] == ["mine"]
        words = {one.utterance.text for one in store.units()}
    for file in (tmp_path / "mine").glob("*.*"):
        content = file.read_bytes()
        assert not any(text.encode() in content for text in words)

    listed = run("models", study)[1]
    assert "* mine-" in listed and "168 units, 6 people" in listed
    code, text = run("models", study, "--use", "default")
    assert code == 0 and "In use: default-" in text and "* default-" in text
    with Store.open(study) as store:
        assert model_in_use(store).id == Model.load().id
        assert len(store.runs()) == 2  # what was suggested before stays

    before = Model.load(tmp_path / "mine").facts["out_of_fold"]["top_1"]["value"]
    code, text = run("evaluate", tmp_path / "mine", study)
    assert code == 0 and "figures are too good" in text and "168 units" in text
    assert before <= float(text.split("right domain first")[1].split()[0])

    code, text = run("train", study, "-o", tmp_path / "mine")
    assert code == 2 and "not empty" in text


def test_lines_train_a_model_that_nothing_uses(study: Path, tmp_path: Path) -> None:
    with Store.open(study) as store:
        units = read_lessons(store).units
    file = tmp_path / "units.jsonl"
    records = [
        {"text": one.text, "domains": dict(one.domains), "transcript": one.person} for one in units
    ]
    file.write_text("\n".join(map(json.dumps, records)), "utf-8")
    code, text = run("train", file, "-o", tmp_path / "m", "--base", "nothing", "-q")
    assert code == 0 and text.startswith("Model m-") and len(text.splitlines()) == 1
    assert Model.load(tmp_path / "m").facts["base"] == "nothing"
    assert run("models", tmp_path)[1].startswith("  m-")
    code, text = run("evaluate", "default", file)
    assert code == 0 and "figures are too good" not in text


def test_each_study_keeps_a_model_that_its_own_was_not_compared_with(
    study: Path, tmp_path: Path
) -> None:
    other = invented_study(tmp_path / "other.db", people=4)
    toy = replace(Model.load(), facts={"learnt": {"units": 9999, "until": ""}})
    toy.save(tmp_path / "toy")
    assert run("models", other, "--use", tmp_path / "toy")[0] == 0
    with Store.open(study) as store:
        use_model(store, "default")
    code, text = run("train", study, other, "-o", tmp_path / "both")
    assert code == 0, text
    assert "learnt from 9999 units" in text and f"models {other} --use" in text
    with Store.open(study) as one, Store.open(other) as two:
        assert (model_in_use(one).name, model_in_use(two).name) == ("both", "toy")
        use_model(one, "default")


def test_fine_tuning_says_how_long_before_it_starts(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = _telling(None)
    for step in range(3):
        tell("Fine-tuning (at most about 2 min)", step, 3)
    assert capsys.readouterr().err == "Fine-tuning (at most about 2 min) ...\n"
    monkeypatch.setattr("tdfnlp.retraining.refine", lambda *_, **__: None)
    code, text = run("train", study, "-o", tmp_path / "m", "--fine-tune", "--keep")
    assert code == 0 and "Note: Fine-tuning brought nothing" in text


def test_keep_leaves_the_model_in_use(study: Path, tmp_path: Path) -> None:
    with Store.open(study) as store:
        before, runs = model_in_use(store).id, len(store.runs())
    code, text = run("train", study, "-o", tmp_path / "m", "--keep")
    assert code == 0 and "Not in use. To use it: tdfnlp models" in text
    with Store.open(study) as store:
        assert (model_in_use(store).id, len(store.runs())) == (before, runs)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["models", "--use", "default"], "chosen for a study"),
        (["models", "nowhere"], "no folder"),
        (["train", "few.jsonl", "-o", "new"], "Confirm 29 more"),
        (["train", "nowhere.db", "-o", "new"], "nowhere.db"),
        (["evaluate", "nosuch", "few.jsonl"], "No model at"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("few.jsonl").write_text('{"text": "a", "domains": {"Skills": null}}', "utf-8")
    code, text = run(*arguments)
    assert code == 2 and says in text
    assert not Path("new").exists()


def test_the_shipped_models_are_listed() -> None:
    code, text = run("models")
    assert code == 0 and "default-" in text and "shipped, top-1" in text


def test_the_audit_and_what_else_to_know_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    trained = train(toy_lessons(300), base=toy_model(knows=[0]), encoder=toy_encoder())
    say(trained, replace(compare(trained), notes=("Something else.",)))
    text = capsys.readouterr().out
    before, after = text.split("On the blind audit alone")
    assert "60 units" in after and "Note: Something else." in after
    assert "direction right" in before and f"{DOMAINS[0]} (60 units, 10 people)" in before
    assert after.count("right domain first") == 1 and "F1 of each domain" not in after
    say(
        replace(trained, model=replace(trained.model, facts=_undirected(trained.model))),
        compare(trained),
    )
    assert "direction right" not in capsys.readouterr().out


def _undirected(model: Model) -> dict[str, Any]:
    found = {**model.facts["out_of_fold"], "direction": None}
    return {**model.facts, "out_of_fold": found}


def test_a_mapping_ties_codes_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    text = "\n".join(f"P{n}: We had word{n % 7} and more of that every week." for n in range(5))
    (tmp_path / "a.txt").write_text(text, "utf-8")
    study = read(tmp_path / "a.txt")
    codings = tuple(
        Coding("a", turn.start, turn.end, (code,), "Ana")
        for turn, code in zip(study.transcripts[0].turns, "xyxyz", strict=True)
    )
    write(tmp_path / "a.qdpx", replace(study, codings=codings, codes=()))
    (tmp_path / "map.csv").write_text("code,domain\nx,Skills\ny,Goals\n", "utf-8")
    code, said = run("evaluate", "default", tmp_path / "a.qdpx", "--mapping", tmp_path / "map.csv")
    assert code == 0 and "4 units (4 coded) of 4 people" in said
    assert "Note: 1 codes are tied to no domain" in said


def test_a_model_that_cannot_be_used_is_listed_with_why(tmp_path: Path) -> None:
    toy_model().save(tmp_path / "bad")
    (tmp_path / "bad" / "thresholds.json").write_text("{}")
    code, text = run("models", tmp_path)
    assert code == 0 and "Cannot be used: thresholds.json of model bad is damaged" in text
    assert "shipped" not in text
