"""A study file written for other programs."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from studies import CHILD, CULTURE, predictions, run_of, talk, with_own

import tdfnlp
from tdfnlp.codebook import Code
from tdfnlp.consensus import settle
from tdfnlp.delivery import COLUMNS, export_study
from tdfnlp.errors import InputError
from tdfnlp.intake import import_codings
from tdfnlp.mapping import apply, tie
from tdfnlp.segmentation import segment
from tdfnlp.store import Given, Label, Store

KNOWLEDGE = Label(("Knowledge",), "Knowledge", "barrier")
CHARTS = Label(("Skills", "Reading charts"), "Skills", "facilitator")
TALK = talk("N1", ["=SUM(1+1) of it, nobody \ud800 showed us.", "There is no time."], "Nurses")


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Store]:
    """Two coders: they differ on the first utterance and agree on the second."""
    with Store.open(tmp_path / "study.db") as store:
        store.add_transcripts([TALK], segment([TALK]))
        store.add_codes([Code(CHARTS.code, "Skills")])
        a, b = (one.id for one in store.units())
        run = store.add_run(run_of(), [a, b], predictions(["Knowledge", "Goals"]))
        store.answer(
            "=Ana",
            Given(a, (KNOWLEDGE, CHARTS), token="1", run=run, note="@note"),
            Given(b, (replace(CHARTS, valence=None),), token="2"),
        )
        store.answer("Ben", Given(a, token="3"), Given(b, (CHARTS,), token="4"))
        yield store


def test_a_table_says_who_said_what(study: Store, tmp_path: Path) -> None:
    assert export_study(study, tmp_path / "out.jsonl") == ()
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [tuple(line) for line in lines] == [COLUMNS] * 4
    first, second, third, _ = lines
    assert (first["coder"], second["coder"]) == ("=Ana", "Ben")
    assert (first["verdict"], first["run"], first["model"]) == ("correct", 1, "m-1")
    assert first["codes"] == [["Knowledge"], ["Skills", "Reading charts"]]
    assert first["valences"] == ["barrier", "facilitator"] and first["group"] == "Nurses"
    assert first["suggested_domain"] == "Knowledge" and first["suggested_confidence"] == 0.7
    assert first["suggested_decision"] == "suggest" and first["suggested_valence"] == "barrier"
    assert (second["verdict"], second["codes"], second["suggested_domain"]) == ("none", [], None)
    assert (first["consensus"], first["consensus_codes"]) == ("open", [])
    assert (third["consensus"], third["consensus_valences"]) == ("settled", ["facilitator"])
    assert third["text"] == "There is no time." == TALK.text[third["start"] : third["end"]]


def test_no_cell_is_a_formula(study: Store, tmp_path: Path) -> None:
    export_study(study, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0]["text"].startswith("'=SUM") and "?" in rows[0]["text"]
    assert (rows[0]["coder"], rows[0]["note"]) == ("'=Ana", "'@note")
    assert rows[0]["codes"] == "Knowledge; Skills > Reading charts"
    assert (rows[2]["valences"], rows[1]["codes"], rows[1]["run"]) == ("none", "", "")
    assert export_study(study, tmp_path / "out.xlsx") == ()
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert [cell.value for cell in sheet[2]][COLUMNS.index("coder")] == "=Ana"
    assert sheet.max_row == 5 and sheet.max_column == len(COLUMNS)
    first = study.units()[0].id
    study.answer("Ben", Given(first, token="long", note="x" * 40_000))
    (note,) = export_study(study, tmp_path / "out.xlsx")
    assert note == "1 cells were cut at Excel's limit of 32,767 characters."
    assert export_study(study, tmp_path / "out.csv") == ()


def test_a_table_says_which_own_code_was_in_sight(study: Store, tmp_path: Path) -> None:
    a, b = (one.id for one in study.units())
    said = with_own(predictions(["Knowledge", "Goals"]), [[0.3, 0.6, 0.1], [0.2, 0.1, 0.7]])
    run = study.add_run(run_of("m-2"), [a, b], said)
    study.answer("Cem", Given(a, token="5", run=run), Given(b, token="6", run=run))
    export_study(study, tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    own = [[one[name] for name in COLUMNS if name.startswith("suggested_code")] for one in lines]
    assert own == [
        [None] * 3,  # of a run that knew no codes of the study
        [None] * 3,
        [list(CULTURE.path), 0.6, "suggest"],
        [None] * 3,
        [None] * 3,
        [list(CHILD.path), 0.2, "ask"],
    ]
    export_study(study, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [row["suggested_code"] for row in csv.DictReader(stream)]
    assert cells == ["", "", "Inner setting > Culture", "", "", " > ".join(CHILD.path)]


def test_a_project_holds_coders_and_the_machine_and_comes_back(
    study: Store, tmp_path: Path
) -> None:
    said = export_study(study, tmp_path / "out.qdpx")
    assert "1 answers without a code are not in a project." in said
    back = tdfnlp.read(tmp_path / "out.qdpx")
    found = {(one.coder, one.code[-1]) for one in back.codings}
    assert found == {
        ("=Ana", "Knowledge: barrier"), ("=Ana", "Reading charts: facilitator"),
        ("=Ana", "Reading charts"), ("Ben", "Reading charts: facilitator"),
        ("tdfnlp m-1", "Knowledge: barrier (suggested)"),
        ("tdfnlp m-1", "Goals: barrier (suggested)"),
    }  # fmt: skip
    assert [one.note for one in back.codings if one.coder == "=Ana"][:2] == ["@note", "@note"]
    with Store.open(tmp_path / "again.db") as other:
        import_codings(other, apply(back, tie(back.codes)))
        labels = [[(one.coder, one.labels) for one in some.answers()] for some in (other, study)]
    assert sorted(labels[0], key=repr) == sorted((one for one in labels[1] if one[1]), key=repr)


def test_the_codes_alone_go_into_a_codebook_file(study: Store, tmp_path: Path) -> None:
    assert export_study(study, tmp_path / "codes.qdc") == ()
    found = {one.path: one.definition for one in tdfnlp.read(tmp_path / "codes.qdc").codes}
    assert found == {one.path: one.definition for one in study.codes()}
    assert len(found) >= 14


def test_what_was_adjudicated_comes_back_beside_what_was_said(study: Store, tmp_path: Path) -> None:
    first = study.units()[0].id
    ben = replace(CHARTS, valence="barrier")
    study.answer("Ben", Given(first, (ben,), token="5"))
    study.answer("=Ana", Given(first, (ben,), token="6", how="adjudication", note="agreed"))
    export_study(study, tmp_path / "out.qdpx")
    back = tdfnlp.read(tmp_path / "out.qdpx")
    with Store.open(tmp_path / "again.db") as other:
        for complete in (False, True):
            done = import_codings(other, apply(back, tie(back.codes)), complete=complete)
            assert done.coders == ("=Ana", "Ben")
            mine = {(one.utterance, one.coder, one.how): one.labels for one in other.answers()}
            assert len(mine) == 5 and mine[1, "=Ana", "adjudication"] == (ben,)
            assert set(mine[1, "=Ana", "imported"]) == {KNOWLEDGE, CHARTS}
            assert settle(other.answers()).confirmed[1] == (ben,)
        assert done.answers == 0
        assert [one.path for one in other.codes()] == [one.path for one in study.codes()]


def test_a_study_without_answers_is_a_project_and_no_table(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        one = replace(TALK, source=str(tmp_path / "N1.qdpx"), text=TALK.text.replace("\ud800", "-"))
        (tmp_path / "N1.qdpx").write_bytes(b"kept")
        store.add_transcripts([one], segment([one]))
        with pytest.raises(InputError, match="Nobody has answered yet"):
            export_study(store, tmp_path / "out.csv")
        with pytest.raises(InputError, match=r"\.qdpx, \.qdc, \.xlsx, \.csv, \.jsonl"):
            export_study(store, tmp_path / "out.pdf")
        with pytest.raises(InputError, match="another name"):
            export_study(store, tmp_path / "N1.qdpx")
        export_study(store, tmp_path / "out.qdpx")
        assert (tmp_path / "N1.qdpx").read_bytes() == b"kept"
        later = store.add_run(run_of(), [], predictions([]))
        assert later == 1
        export_study(store, tmp_path / "out.qdpx")
    back = tdfnlp.read(tmp_path / "out.qdpx")
    assert [one.id for one in back.transcripts] == ["N1"] and not back.codings
