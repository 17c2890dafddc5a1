import csv
import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest
from files import edit_zip, write_excel, write_text, write_xlsx

from tdfnlp.errors import FormatError
from tdfnlp.formats import read, sheet, table
from tdfnlp.transcript import Transcript

Said = tuple[str | None, str, str]


def said(one: Transcript) -> list[Said]:
    return [(turn.speaker, turn.role, one.text[turn.start : turn.end]) for turn in one.turns]


ROWS: Sequence[Sequence[str]] = [
    ("Interview ID", "Speaker", "Utterance", "Participant_Group"),
    ("N04", "Interviewer:", "How do you, usually, wash?", "nurses"),
    ("N04", "Anna", 'I "never" do;\nreally.', "nurses"),
    ("N05", "P2", "Always.", "GPs"),
    ("N05", "P2", " ", "GPs"),
]


def delimited(mark: str) -> str:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in ROWS]
    return "\r\n".join(mark.join(row) for row in quoted)


@pytest.mark.parametrize(
    ("name", "mark", "encoding"),
    [
        ("a.csv", ",", "utf-8"), ("a.csv", ";", "utf-8-sig"), ("a.csv", "\t", "utf-16"),
        ("a.tsv", "\t", "utf-8"), ("a.tsv", "|", "utf-8"), ("a.xlsx", "", ""),
    ],
)  # fmt: skip
def test_rows_become_turns_of_their_transcripts(
    tmp_path: Path, name: str, mark: str, encoding: str
) -> None:
    if mark:
        path = write_text(tmp_path / name, delimited(mark), encoding)
    else:
        path = write_xlsx(tmp_path / name, {"Notes": [["about"], ["x"]], "Data": ROWS})
    first, second = read(path).transcripts
    assert (first.id, first.group, second.id, second.group) == ("N04", "nurses", "N05", "GPs")
    assert said(first) == [
        ("Interviewer", "interviewer", "How do you, usually, wash?"),
        ("Anna", "participant", 'I "never" do;\nreally.'),
    ]
    assert first.text == 'How do you, usually, wash?\nI "never" do;\nreally.'
    assert said(second) == [("P2", "participant", "Always.")]


@pytest.mark.parametrize("column", ["Text", "CONTENT", "quote", "Speech", "transcript_text"])
def test_synonyms_and_stem_as_id(tmp_path: Path, column: str) -> None:
    (one,) = read(write_text(tmp_path / "N9.csv", f"{column}\nhello\nthere\n")).transcripts
    assert (one.id, one.text, len(one.turns)) == ("N9", "hello\nthere", 2)


def test_roles_by_column_come_first(tmp_path: Path) -> None:
    text = "name,role,text\nAnna,Interviewer,Why\nBen,participant,So\nCat,,Hm\n"
    (one,) = read(write_text(tmp_path / "a.csv", text)).transcripts
    assert [role for _, role, _ in said(one)] == ["interviewer", "participant", "participant"]


def test_questions_become_interviewer_turns_once(tmp_path: Path) -> None:
    text = "question,answer\nWhy?,So\nWhy?,And so\nWhen?,Now\n,Later\n"
    (one,) = read(write_text(tmp_path / "a.csv", text)).transcripts
    assert [(role, words) for _, role, words in said(one)] == [
        ("interviewer", "Why?"), ("participant", "So"), ("participant", "And so"),
        ("interviewer", "When?"), ("participant", "Now"), ("unknown", "Later"),
    ]  # fmt: skip


def test_nvivo_audio_table(tmp_path: Path) -> None:
    text = (
        "Timespan\tContent\tSpeaker\n0:00.0 - 0:05.5\tWhy?\tI\n#00:00:06#/#00:00:08#\tSo.\tP1\n"
        "75\tA\tP1\n1:6\tB\tP1\nsoon\tC\tP1\n"
    )
    (one,) = read(write_text(tmp_path / "a.tsv", text)).transcripts
    assert [(turn.begins, turn.ends) for turn in one.turns] == [
        (0.0, 5.5), (6.0, 8.0), (75.0, None), (66.0, None), (None, None),
    ]  # fmt: skip


def test_excel_values(tmp_path: Path) -> None:
    rows: Sequence[Sequence[object]] = [
        ["Interviews of May"],
        ["start", "end", "participant", "text"],
        [datetime.time(0, 1, 2), datetime.timedelta(seconds=75.5), 4, "hello"],
        [None, None, 4.0, 17],
    ]
    (one,) = read(write_xlsx(tmp_path / "a.xlsx", {"S": rows})).transcripts
    assert (one.id, one.text) == ("4", "hello\n17")
    assert (one.turns[0].begins, one.turns[0].ends) == (62.0, 75.5)


def test_shared_strings(tmp_path: Path) -> None:
    first, second = read(write_excel(tmp_path / "a.xlsx", ROWS)).transcripts
    assert [words for *_, words in said(first)] == [ROWS[1][2], ROWS[2][2]]
    assert (second.id, second.group) == ("N05", "GPs")


def test_a_wrong_dimension_hides_nothing(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["speaker", "text"], ["P1", "hello"]]})
    edit_zip(
        path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'ref="A1:B2"', b'ref="A1"')
    )
    assert said(read(path).transcripts[0]) == [("P1", "participant", "hello")]


def test_two_groups_in_one_transcript_are_noted(tmp_path: Path) -> None:
    study = read(write_text(tmp_path / "a.csv", "text,group\na,GPs\nb,nurses\n"))
    assert study.transcripts[0].group == "GPs"
    assert study.notes == ("a: its rows name 2 groups; the first one was kept.",)


def test_a_table_without_text_names_its_columns(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no column of text.*'age', 'ward'"):
        read(write_text(tmp_path / "a.csv", "age,ward\n4,7\n"))
    with pytest.raises(FormatError, match=r"'age'"):
        read(write_xlsx(tmp_path / "a.xlsx", {"S": [["age"], [4]]}))


def test_a_table_without_rows_holds_no_text(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="holds no text"):
        read(write_text(tmp_path / "a.csv", "speaker,text\nP1,\n"))


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    (one,) = read(write_text(tmp_path / "a.csv", "text\n" + "word " * 50_000)).transcripts
    assert len(one.text) == 249_999


def test_a_cell_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_MAX_CELL", 0)
    limit = csv.field_size_limit(20)
    try:
        with pytest.raises(FormatError, match=r"line 2.*no well-formed table.*quotation mark"):
            read(write_text(tmp_path / "a.csv", 'text\n"never closed and more'))
    finally:
        csv.field_size_limit(limit)


def test_entities_in_a_workbook(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["text"], ["hello"]]})
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha">]><worksheet/>'
    edit_zip(path, "xl/worksheets/sheet1.xml", lambda _: bomb)
    with pytest.raises(FormatError, match="no workbook or a damaged one"):
        read(path)


def test_one_shared_string_said_too_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_BYTES", 1000)
    rows = [["text"], *[["word " * 100]] * 10]
    with pytest.raises(FormatError, match="more than a table can hold"):
        read(write_xlsx(tmp_path / "a.xlsx", {"S": rows}))


def test_a_row_number_out_of_bounds_ends(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["text"], ["hello"]]})
    edit_zip(
        path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'r="2"', b'r="99999999999"')
    )
    with pytest.raises(FormatError, match="holds no text"):
        read(path)
