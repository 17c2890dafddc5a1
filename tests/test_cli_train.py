"""Training, evaluating and choosing models on the command line, on the invented sample study."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import INTERVIEWS
from test_cli import run
from toys import toy_encoder, toy_lessons, toy_model

from tdfnlp.choosing import model_in_use
from tdfnlp.cli.train import _say
from tdfnlp.codebook import TDF_CODEBOOK
from tdfnlp.coding import Coding, Study
from tdfnlp.exchange import write
from tdfnlp.formats import find, read
from tdfnlp.framework import DOMAINS
from tdfnlp.intake import import_codings
from tdfnlp.lessons import read_lessons
from tdfnlp.model import Model
from tdfnlp.promotion import compare
from tdfnlp.retraining import train
from tdfnlp.store import Store

GOLD = INTERVIEWS.parent / "gold.jsonl"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("study") / "study.db"
    transcripts = [one for file, _ in find([INTERVIEWS]) for one in read(file).transcripts]
    records = [json.loads(line) for line in GOLD.read_text("utf-8").splitlines()]
    codings = [
        Coding(one["transcript"], one["start"], one["end"], (domain,), "Ana", valence)
        for one in records
        for domain, valence in one["domains"].items()
    ]
    coded = Study(tuple(transcripts), tuple(codings), codes=TDF_CODEBOOK.codes)
    with Store.open(place) as store:
        import_codings(store, coded, complete=True)
    return place


def test_a_model_is_trained_checked_used_and_put_back(study: Path, tmp_path: Path) -> None:
    code, text = run("train", study, "-o", tmp_path / "mine")
    assert code == 0, text
    assert "not worse beyond noise" in text and "In use: mine-" in text
    assert "Optimism: 6 units from 6 people" in text
    with Store.open(study) as store:
        assert model_in_use(store).name == "mine"
        assert [one.model.split("-")[0] for one in store.runs()] == ["mine"]
        words = {one.utterance.text for one in store.units() if len(one.utterance.text) > 20}
    for file in (tmp_path / "mine").glob("*.*"):
        content = file.read_bytes()
        assert not any(text.encode() in content for text in words)

    listed = run("models", study)[1]
    assert "* mine-" in listed and "491 units, 6 people" in listed
    code, text = run("models", study, "--use", "default")
    assert code == 0 and "In use: default-" in text and "* default-" in text
    with Store.open(study) as store:
        assert model_in_use(store).id == Model.load().id
        assert len(store.runs()) == 2  # what was suggested before stays

    before = Model.load(tmp_path / "mine").facts["out_of_fold"]["top_1"]["value"]
    code, text = run("evaluate", tmp_path / "mine", study)
    assert code == 0 and "figures are too good" in text and "491 units" in text
    assert before < float(text.split("right domain first")[1].split()[0])

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
    _say(trained, replace(compare(trained), notes=("Something else.",)))
    text = capsys.readouterr().out
    before, after = text.split("On the blind audit alone")
    assert "60 units" in after and "Note: Something else." in after
    assert "direction right" in before and f"{DOMAINS[0]} (60 units, 10 people)" in before
    assert after.count("right domain first") == 1 and "F1 of each domain" not in after
    _say(
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
