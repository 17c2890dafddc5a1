"""The written forms of a result."""

import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from tdfnlp.coding import Study, Suggestion
from tdfnlp.errors import InputError, OutputError
from tdfnlp.export import COLUMNS, Suggestions
from tdfnlp.framework import DOMAINS
from tdfnlp.transcript import Utterance

FORMULA = '=HYPERLINK("http://example.org","x")'


def suggestion(text: str, decision: str = "suggest", speaker: str | None = "P1") -> Suggestion:
    unit = Utterance(
        "one", 3, 3 + len(text), text, 1, speaker, "participant", "nurses", None, "Why?"
    )
    return Suggestion(
        unit,
        DOMAINS[:3],
        (0.71234567, 0.2, 0.05),
        ("barrier", "facilitator", "mixed"),
        (0.9, 0.8, 0.7),
        decision,  # type: ignore[arg-type]
        "default-1234",
    )


@pytest.fixture
def result() -> Suggestions:
    items = (
        suggestion("No time — none at all 😀."),
        suggestion(FORMULA, "ask"),
        suggestion("-1+1", "abstain", None),
    )
    return Suggestions(
        items, "default-1234", ("bad.docx: empty.",), Study((), notes=("a.txt: guessed.",))
    )


def test_pandas_has_every_column_in_order(result: Suggestions) -> None:
    table = result.to_pandas()
    assert tuple(table.columns) == COLUMNS
    assert table["confidence"].tolist() == [0.7123] * 3
    assert table["domain_3"].tolist() == [DOMAINS[2]] * 3
    assert Suggestions((), "m").to_pandas().shape == (0, len(COLUMNS))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_tables_read_back(result: Suggestions, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    assert result.save(path) == ()
    if suffix == ".csv":
        table = pd.read_csv(path)
    elif suffix == ".jsonl":
        table = pd.read_json(path, lines=True)
    else:
        table = pd.read_parquet(path)
    assert tuple(table.columns) == COLUMNS
    texts = [item.utterance.text for item in result]
    if suffix == ".csv":  # such a cell would run in a spreadsheet
        texts[1:] = [f"'{text}" for text in texts[1:]]
    assert table["text"].astype(str).tolist() == texts


def test_spreadsheet_is_pleasant_and_safe(result: Suggestions, tmp_path: Path) -> None:
    result.save(tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet = book["Suggestions"]
    assert [cell.value for cell in sheet[1]] == [column.replace("_", " ") for column in COLUMNS]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:W4"
    text, decision = COLUMNS.index("text"), COLUMNS.index("decision")
    assert sheet.cell(3, text + 1).value == FORMULA
    assert sheet.cell(3, text + 1).data_type == "s"
    colours = [sheet.cell(row, decision + 1).fill.start_color.rgb for row in (2, 3, 4)]
    assert len(set(colours)) == 3
    assert sheet.column_dimensions["H"].width > 50
    summary = [cell for row in book["Summary"].iter_rows(values_only=True) for cell in row]
    assert "bad.docx: empty." in summary
    assert "default-1234" in summary


def test_lone_surrogates_do_not_stop_a_writer(tmp_path: Path) -> None:
    odd = Suggestions((suggestion("odd \ud800 text"),), "m")
    for suffix in (".xlsx", ".csv", ".jsonl", ".parquet"):
        odd.save(tmp_path / f"odd{suffix}")
        assert (tmp_path / f"odd{suffix}").stat().st_size > 0


def test_counts(result: Suggestions) -> None:
    assert result.decisions() == {"suggest": 1, "ask": 1, "abstain": 1}
    assert result.domains()["Knowledge"] == 1
    assert sum(result.domains().values()) == 1
    assert len(list(result)) == len(result) == 3


def test_unknown_suffix_lists_the_known(result: Suggestions, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.xlsx, \.csv, \.jsonl, \.parquet"):
        result.save(tmp_path / "out.pdf")


def test_a_failed_write_leaves_nothing(result: Suggestions, tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(OutputError):
        result.save(tmp_path / "out.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_jsonl_lines_are_json(result: Suggestions, tmp_path: Path) -> None:
    result.save(tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])["start"] == 3


def test_own_codes_stand_at_the_end(result: Suggestions, tmp_path: Path) -> None:
    table = result.to_pandas()
    assert set(table["code"]) == set(table["code_decision"]) == {""}
    assert table["code_confidence"].isna().all()
    assert "code_decision" not in result._repr_html_()
    path = ("Skills", "=slow")
    first, second, _ = (
        replace(item, code=path, code_confidence=0.61239, code_suggested=said)
        for item, said in zip(result, (True, False, False), strict=True)
    )
    own = replace(result, items=(first, second))
    own.save(tmp_path / "out.jsonl")
    rows = [json.loads(one) for one in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [list(row.values())[-3:] for row in rows] == [
        ["Skills > =slow", 0.6124, "suggest"],
        ["Skills > =slow", 0.6124, "ask"],
    ]
    assert "Skills &gt; =slow" in own._repr_html_()
    own.save(tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet, counts = book["Suggestions"], [*book["Summary"].values]
    assert ("Skills > =slow", 1) in counts and ("Suggested per code of your own", None) in counts
    assert [cell.value for cell in sheet[1]][-3:] == ["code", "code confidence", "code decision"]
    assert sheet.cell(2, len(COLUMNS)).value == "suggest"
