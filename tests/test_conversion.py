"""Codings as rows and as .csv."""

import csv
import io

from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study
from tdfnlp.conversion import COLUMNS, rows, to_csv
from tdfnlp.transcript import Transcript

ECR = "Environmental context and resources"
TEXT = "So 😀 we had,\r\n=no time at all. \ud800"
STUDY = Study(
    (Transcript("N04", TEXT, (), "Nurses"),),
    (
        Coding("N04", 3, 11, ("ECR", "No time"), "Anna", when="2026-01-02T03:04:05Z"),
        Coding("N04", 14, 30, ("ECR", "No time"), "@Bo", "mixed", note='=HYPERLINK("x")'),
        Coding("gone", 0, 4, ("-", "new"), how="suggested"),
    ),
    codes=(Code(("ECR", "No time"), ECR, valence="barrier"),),
)


def test_a_row_per_coding_with_code_point_slices() -> None:
    first, second, third = rows(STUDY)
    assert first == {
        "source": "N04", "group": "Nurses", "coder": "Anna", "how": "imported",
        "code": "ECR > No time",
        "domain": ECR, "valence": "barrier", "start": 3, "end": 11,
        "when": "2026-01-02T03:04:05Z", "note": "", "text": "😀 we had",
    }  # fmt: skip
    assert tuple(first) == COLUMNS
    assert (second["valence"], second["text"]) == ("mixed", "=no time at all.")
    assert (third["group"], third["domain"], third["valence"], third["text"]) == (
        None, None, None, "",
    )  # fmt: skip


def test_csv_comes_back_and_runs_nothing() -> None:
    text = to_csv(STUDY)
    text.encode()  # lone surrogates are gone
    back = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["text"] for row in back] == ["😀 we had", "'=no time at all.", ""]
    assert back[1]["note"] == '\'=HYPERLINK("x")'
    assert back[1]["coder"] == "'@Bo"
    assert back[2]["code"] == "'- > new"
    assert [row["how"] for row in back] == ["imported", "imported", "suggested"]
    assert (back[0]["start"], back[0]["end"], back[2]["domain"]) == ("3", "11", "")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert not any(cell.startswith(("=", "@", "-", "+")) for row in back for cell in row.values())


def test_text_keeps_its_line_ends() -> None:
    study = Study((Transcript("N04", TEXT, ()),), (Coding("N04", 0, len(TEXT), ("A",)),))
    (row,) = csv.DictReader(io.StringIO(to_csv(study), newline=""))
    assert row["text"] == TEXT.replace("\ud800", "?")
    assert to_csv(Study(())) == ",".join(COLUMNS) + "\r\n"
