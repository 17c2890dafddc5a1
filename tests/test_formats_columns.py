"""NVivo's transcripts of sound and video: columns in any order, in every file that holds tables."""

from pathlib import Path

import pytest
from files import write_docx_table, write_text, write_xlsx

from tdfnlp.formats import read

ROWS = [
    ("Content", "Timespan", "Theme", "Speaker"),
    ("Why do you, as a nurse, fill it in?", "0:00.0 - 0:05.5", "intro", "Interviewer"),
    ("So.", "#00:00:06#/#00:00:08.5#", "", "Anna"),
    ("And so on.", "[00:01:15] - [00:01:20]", "", ""),
    ("Yes.", "1:6", "", "Anna"),
    ("End.", "9203", "late", "Anna"),
]
SPOKEN = [row[0] for row in ROWS[1:]]


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.txt", "a.tsv"])
def test_every_kind_of_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.docx":
        write_docx_table(path, ROWS, before=["Interview 4"])
    elif name == "a.xlsx":
        write_xlsx(path, {"S": ROWS})
    else:
        write_text(path, "\r\n".join("\t".join(row) for row in ROWS))
    (one,) = read(path).transcripts
    if name == "a.docx":  # the row without a speaker continues the one before
        spoken, times = [SPOKEN[0], "So.\nAnd so on.", *SPOKEN[3:]], [0.0, 6.0, 66.0, 9203.0]
        speakers: list[str | None] = ["Interviewer", "Anna", "Anna", "Anna"]
    else:
        spoken, times = SPOKEN, [0.0, 6.0, 75.0, 66.0, 9203.0]
        speakers = ["Interviewer", "Anna", None, "Anna", "Anna"]
    text = one.text.replace("\n\n", "\n").replace("\n[00:01:15] - [00:01:20]\n\n", "\n")
    assert [turn.speaker for turn in one.turns] == speakers
    assert [turn.begins for turn in one.turns] == times
    assert [text.count(words.partition("\n")[0]) for words in spoken] == [1] * len(spoken)


def test_comma_separated_text_with_times_alone(tmp_path: Path) -> None:
    text = 'Timespan,Content\n0:01.0 - 0:02.0,"Well, so."\n0:03.0 - 0:04.0,And so.\n'
    (one,) = read(write_text(tmp_path / "a.txt", text)).transcripts
    assert [(one.text[turn.start : turn.end], turn.begins, turn.ends) for turn in one.turns] == [
        ("Well, so.", 1.0, 2.0), ("And so.", 3.0, 4.0),
    ]  # fmt: skip


def test_a_word_table_with_times_alone(tmp_path: Path) -> None:
    rows = [("Timespan", "Content"), ("0:01.0 - 0:02.0", "Well."), ("0:03 / 0:04", "And so.")]
    (one,) = read(write_docx_table(tmp_path / "a.docx", rows)).transcripts
    assert [(one.text[turn.start : turn.end], turn.begins) for turn in one.turns] == [
        ("Well.", 1.0), ("And so.", 3.0),
    ]  # fmt: skip


def test_a_word_table_without_names_of_columns(tmp_path: Path) -> None:
    rows = [("0:01.0 - 0:02.0", "I", "Why?"), ("0:03.0 - 0:04.0", "P1", "So.")]
    (one,) = read(write_docx_table(tmp_path / "a.docx", rows)).transcripts
    assert [(turn.speaker, turn.begins) for turn in one.turns] == [("I", 1.0), ("P1", 3.0)]


@pytest.mark.parametrize("first", ["Content, and time, and speakers", "Name, date: Anna, May"])
def test_a_sentence_with_commas_is_no_table(tmp_path: Path, first: str) -> None:
    text = f"{first}\nI: Why?\nP1: So.\n"
    (one,) = read(write_text(tmp_path / "a.txt", text)).transcripts
    assert one.text == text
