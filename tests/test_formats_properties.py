"""Laws: what is written is read back, offsets slice exactly, bytes never raise anything else."""

import csv
import html
import io
import tempfile
import zipfile
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from files import (
    nvivo_text,
    write_docx,
    write_docx_table,
    write_excel,
    write_text,
    write_vtt,
    write_xlsx,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdfnlp.coding import Study
from tdfnlp.errors import FormatError
from tdfnlp.formats import SUFFIXES, read

Talk = list[tuple[str, str]]

FAST = settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
MORE = settings(FAST, max_examples=100)

names = st.sampled_from(
    ["Interviewer", "P1", "Participant 04", "Anna", "Dr. O'Neill", "Zoë Müller", "I", "Speaker 2"]
)
words = st.lists(
    st.text("abcdeéßж中😀'’-,.;!?()\u00a0", min_size=1, max_size=9), min_size=1, max_size=8
).map(lambda parts: ("so " + " ".join(parts)).strip())
# Each speaker comes twice, so that every label counts; "so" keeps speech from looking like a name.
talks = st.lists(st.tuples(names, words), min_size=1, max_size=8).map(lambda talk: talk * 2)


def read_bytes(name: str, write: Callable[[Path], object]) -> Study:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return read(path)


def said(study: Study) -> Talk:
    (one,) = study.transcripts
    return [(turn.speaker or "", one.text[turn.start : turn.end]) for turn in one.turns]


def check_offsets(study: Study) -> None:
    for one in study.transcripts:
        at = 0
        for turn in one.turns:
            speech = one.text[turn.start : turn.end]
            assert at <= turn.start < turn.end <= len(one.text)
            assert speech == speech.strip()
            at = turn.end
        assert one.turns


@FAST
@given(talks, st.sampled_from(["\n", "\r\n", "\n\n"]), st.sampled_from(["utf-8", "utf-16"]))
def test_text_round_trip(talk: Talk, end: str, encoding: str) -> None:
    text = end.join(f"{name}: {speech}" for name, speech in talk) + end
    study = read_bytes("a.txt", lambda path: write_text(path, text, encoding))
    assert said(study) == talk
    assert study.transcripts[0].text == text
    check_offsets(study)


@settings(FAST, max_examples=15)
@given(talks)
def test_docx_round_trip(talk: Talk) -> None:
    lines = [f"{name}: {speech}" for name, speech in talk]
    assert said(read_bytes("a.docx", lambda path: write_docx(path, lines))) == talk
    assert said(read_bytes("b.docx", lambda path: write_docx_table(path, talk))) == talk


@FAST
@given(talks)
def test_vtt_round_trip(talk: Talk) -> None:
    merged = [
        (name, " ".join(" ".join(speech.split()) for _, speech in turns))
        for name, turns in groupby(talk, key=lambda one: one[0])
    ]
    voices = [f"<v {name}>{speech}</v>" for name, speech in talk]
    assert said(read_bytes("a.vtt", lambda path: write_vtt(path, voices))) == merged
    zoom = [f"{name}: {speech}" for name, speech in talk]
    assert said(read_bytes("a.vtt", lambda path: write_vtt(path, zoom))) == merged


@FAST
@given(talks, st.sampled_from(",;\t"))
def test_csv_round_trip(talk: Talk, mark: str) -> None:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=mark).writerows([("speaker", "text"), *talk])

    study = read_bytes("a.csv", write)
    assert said(study) == talk
    check_offsets(study)


def survives(name: str, data: bytes) -> None:
    try:
        study = read_bytes(name, lambda path: path.write_bytes(data))
    except FormatError as error:
        assert str(error).startswith(name)
    else:
        check_offsets(study)


@pytest.mark.parametrize("suffix", SUFFIXES)
@MORE
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
)
def test_random_bytes(suffix: str, data: bytes) -> None:
    survives(f"a{suffix}", data)


SNIPPETS = st.sampled_from(
    ["\n", "\r\n", ": ", "P1: ", "Anna\n", "10:30", "[00:01]", "<v Bo>", "-->", "\t", '"', ",", " ",
     "</v>", "&amp;", "Reference 1 - 1.00% Coverage\n",
     "<F\\\\N> - § 1 reference coded [1% Coverage]\n",
     "WEBVTT\n\n", "00:01.000 --> 00:02.000\n", "text,speaker\n", "word", "\u2028", "**", "§", "?",
     "0"]
)  # fmt: skip


@pytest.mark.parametrize("suffix", [".txt", ".vtt", ".srt", ".csv", ".tsv", ".html"])
@MORE
@given(st.lists(SNIPPETS, max_size=40).map("".join))
def test_random_mixtures_of_what_readers_look_for(suffix: str, text: str) -> None:
    head = "WEBVTT\n\n" if suffix == ".vtt" else ""
    survives(f"a{suffix}", (head + text).encode())


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("valid")
    talk = [("Interviewer", "Why?"), ("P1", "So.")] * 3
    lines = [f"{name}: {speech}" for name, speech in talk]
    export = nvivo_text({"Files\\\\G\\\\N1": [("1", "One."), ("2-3", "I: Two?\nP: So.")]})
    write_text(folder / "a.txt", "\n".join(lines))
    write_text(folder / "n.txt", export, "utf-16")
    write_text(folder / "a.html", "<p>".join(html.escape(export).split("\r\n")))
    write_docx(folder / "a.docx", lines)
    write_docx_table(folder / "t.docx", talk)
    write_vtt(folder / "a.vtt", [f"<v {name}>{speech}" for name, speech in talk])
    write_text(folder / "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nP1: Well.\n\n" * 3)
    write_text(folder / "a.csv", "speaker,text,start\nP1,Well.,0:01\nI,Why?,2\n")
    rows = [("speaker", "text", "start"), *((*turn, 1) for turn in talk)]
    write_xlsx(folder / "a.xlsx", {"S": rows})
    write_excel(folder / "s.xlsx", rows)
    return folder


NAMES = "a.txt n.txt a.html a.docx t.docx a.vtt a.srt a.csv a.xlsx s.xlsx".split()


@pytest.mark.parametrize("name", NAMES)
def test_files_to_mutate_are_valid(valid: Path, name: str) -> None:
    check_offsets(read(valid / name))


Edits = list[tuple[float, int, bytes]]

XML = st.sampled_from(
    [b"<", b">", b"/", b"w:", b"99999", b"-1", b'"', b"<w:del>", b"&#0;", b"A", b" "]
)
edit_lists = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=4) | XML), max_size=5
)


def edited(data: bytes, edits: Edits) -> bytes:
    for where, removed, added in edits:
        at = int(where * len(data))
        data = data[:at] + added + data[at + removed :]
    return data


@pytest.mark.parametrize("name", NAMES)
@MORE
@given(edits=edit_lists)
def test_mutated_files(valid: Path, name: str, edits: Edits) -> None:
    survives(name, edited((valid / name).read_bytes(), edits))


PARTS = [
    ("a.docx", "word/document.xml"), ("t.docx", "word/document.xml"),
    ("a.xlsx", "xl/worksheets/sheet1.xml"),
    ("s.xlsx", "xl/worksheets/sheet1.xml"), ("s.xlsx", "xl/sharedStrings.xml"),
    ("a.xlsx", "xl/workbook.xml"), ("a.xlsx", "xl/styles.xml"), ("a.xlsx", "[Content_Types].xml"),
    ("a.xlsx", "xl/_rels/workbook.xml.rels"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part"), PARTS)
@MORE
@given(edits=edit_lists)
def test_mutated_parts(valid: Path, name: str, part: str, edits: Edits) -> None:
    with zipfile.ZipFile(valid / name) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    members[part] = edited(members[part], edits)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for one, data in members.items():
            archive.writestr(one, data)
    survives(name, whole.getvalue())
