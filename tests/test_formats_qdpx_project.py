import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refi import check_structure

from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study
from tdfnlp.formats import dialect
from tdfnlp.formats.elements import Element, parse
from tdfnlp.formats.insertion import Machine, add
from tdfnlp.formats.project import build
from tdfnlp.formats.qdpx import read as read_bytes
from tdfnlp.transcript import Transcript

PATH = Path("a.qdpx")
MACHINE = Machine("tdfnlp model-1")


def xml_of(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return archive.read("project.qde")


ALPHABET = ["a", "Ω", " ", "\U0001f600", "\r\n", "\n", "\r", "é", "\ufeff", "&", "<", "\x00"]
TEXTS = st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join)
NO_XML = "\ufffe\uffff"
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=NO_XML)
NAMES = st.text(LETTERS, max_size=8)
CODES = NAMES.map(str.strip).filter(bool)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """A study with whatever a project can carry."""
    uuids = st.uuids().map(str)
    fresh = draw(st.lists(uuids, min_size=60, max_size=60, unique=True))
    paths = draw(st.lists(st.tuples(CODES, CODES), max_size=4, unique=True))
    tops = list(dict.fromkeys((top,) for top, _ in paths))
    tree = [p for top in tops for p in (top, *(q for q in paths if q[:1] == top))]
    codes = tuple(
        Code(path, definition=draw(NAMES).strip(), guid=fresh.pop(), codable=draw(st.booleans()),
             colour=draw(st.sampled_from(["", "#00ff7F"])))
        for path in tree
    )  # fmt: skip
    transcripts, codings = [], []
    for nth, text in enumerate(draw(st.lists(TEXTS, max_size=3))):
        if not text.strip():
            continue
        attributes = draw(st.lists(st.tuples(st.sampled_from(["Age", "Ward"]), st.just("7 b")),
                                   unique=True))  # fmt: skip
        group = draw(st.sampled_from(["Nurses", "GPs & <others>"]))
        one = Transcript(f"P{nth}", text, (), group, None, tuple(attributes), fresh.pop())
        transcripts.append(one)
        for _ in range(draw(st.integers(0, 4)) if codes else 0):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            code = draw(st.sampled_from(codes)).path
            when = draw(st.sampled_from(["", "2026-01-02T03:04:05Z"]))
            coder, note = draw(st.sampled_from(["", "Ann", "B & C"])), draw(NAMES).strip()
            if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
                continue  # where a CRLF counts one, nothing begins or ends inside it
            codings.append(
                Coding(one.id, start, end, code, coder, when=when, guid=fresh.pop(), note=note)
            )
    return Study(tuple(transcripts), tuple(codings), (), codes)


@settings(max_examples=120, deadline=None)
@given(studies(), st.sampled_from(dialect.ALL))
def test_a_new_project_reads_back_equal(study: Study, one: dialect.Dialect) -> None:
    written = build(study, dialect=one)
    check_structure(xml_of(written.data))
    found = read_bytes(PATH, written.data)
    assert [replace(each, turns=()) for each in found.transcripts] == list(study.transcripts)
    assert found.codings == study.codings
    assert found.codes == study.codes
    assert build(study, dialect=one).data == written.data


def test_a_new_project_makes_up_what_a_study_lacks() -> None:
    study = Study(
        (Transcript("P/1", "P1: Half \ud83d and more.", (), attributes=(("Role", "GP"),)),
         Transcript("P2", "P2: So.", ())),
        (Coding("P/1", 0, 2, ("A", "B"), "Ann", "barrier", when="yesterday", note="a\x01"),
         Coding("P/1", 0, 2, ("A", "B"), "Ann")),
        codes=(Code(("A",), "Skills", colour="red", guid="no guid"), Code(("A",))),
    )  # fmt: skip
    written = build(study, name="Mine")
    check_structure(xml_of(written.data))
    found = read_bytes(PATH, written.data)
    assert found.transcripts[0].text == "P1: Half ? and more."
    assert [one.code for one in found.codings] == [("A", "B"), ("A", "B")]
    assert [code.path for code in found.codes] == [("A",), ("A", "B")]
    assert found.transcripts[0].group == "GP"
    assert found.codings[0].note == "a\ufffd"
    for said in ("lose their TDF domain", "have a direction", "no ISO date", "surrogates",
                 "control characters", "path of another", "Speakers, roles"):  # fmt: skip
        assert sum(said in note for note in written.notes) == 1


def test_emoji_are_told_of() -> None:
    study = Study((Transcript("P1", "P1: \U0001f600", ()),))
    assert any("emoji" in note for note in build(study).notes)
    assert not any("emoji" in note for note in build(study, dialect=dialect.STANDARD).notes)


def test_suggestions_go_into_a_new_project_too() -> None:
    study = Study((Transcript("P1", "P1: \U0001f600 It is so.\r\nP1: Yes.", ()),))
    data = add(PATH, build(study).data, [Coding("P1", 6, 14, ("Skills",))], MACHINE).data
    check_structure(xml_of(data))
    (found,) = read_bytes(PATH, data).codings
    assert (found.start, found.end) == (6, 14)


def elements(data: bytes, tag: str) -> list[Element]:
    waiting, found = [parse(PATH, xml_of(data), "")], []
    while waiting:
        one = waiting.pop(0)
        found += [one] if one.tag == tag else []
        waiting += one.children
    return found


TEXT = Transcript("P1", "P1: So it is.", ())


@pytest.mark.parametrize(
    ("dates", "last"),
    [
        (["", "2026-13-41T99:00:00Z", "yesterday"], "2000-01-01T00:00:00Z"),
        (["2026-02-01T10:00:00Z", "2026-11-01T10:00:00+02:00", ""], "2026-11-01T10:00:00+02:00"),
    ],
)
def test_every_note_has_a_date_and_stands_on_the_passage_too(dates: list[str], last: str) -> None:
    codings = [
        Coding("P1", 0, nth + 1, ("A",), when=when, note=f"n {nth}")
        for nth, when in enumerate(dates)
    ]
    written = build(Study((TEXT,), tuple(codings)))
    check_structure(xml_of(written.data))
    assert [one.get("creationDateTime") for one in elements(written.data, "Note")] == [last] * 3
    assert [one.text for one in elements(written.data, "Description")] == ["n 0", "n 1", "n 2"]
    wrong = 2 if last.startswith("2000") else 0
    assert sum(f"{wrong} codings have a date that is no" in one for one in written.notes) == bool(
        wrong
    )


def test_a_case_has_one_value_of_a_variable_and_ours_has_its_own_name() -> None:
    study = Study((
        replace(TEXT, group="Nurses", attributes=(("group", "x"), ("Role", "GP"), ("Role", "b"))),
        Transcript("P2", "P2: So.", (), group="GPs"),
    ))  # fmt: skip
    written = build(study)
    names = [one.get("name") for one in elements(written.data, "Variable")]
    assert names == ["Participant group", "group", "Role"]
    found = read_bytes(PATH, written.data).transcripts
    assert found[0].attributes == (("group", "x"), ("Role", "GP; b"))
    assert [one.group for one in found] == ["Nurses", "GPs"]
    assert sum("1 texts have several values of one variable" in one for one in written.notes) == 1


@pytest.mark.parametrize(
    ("text", "shifted"),
    [
        ("a\nb\n", False), ("a\r\nb\r\n", False), ("a\rb\n", False), ("\ufeffa", True),
        ("a\r\nb\nc", True), ("a\r\nb\rc", True),
    ],
)  # fmt: skip
def test_line_ends_that_qualcoder_miscounts_are_told_of(text: str, shifted: bool) -> None:
    notes = build(Study((replace(TEXT, text=text),))).notes
    assert sum("1 texts mix kinds of line ends" in note for note in notes) == shifted


def test_what_may_go_wrong_elsewhere_is_told() -> None:
    codings = (
        Coding("P1", 0, 2, ("A", "Barrier"), "An\x01n"), Coding("P1", 0, 2, ("B", "Barrier")),
        Coding("P1", 0, 2, ("Barriers", "Knowledge"), valence="barrier"),
        Coding("P1", 0, 2, ("Skills: mixed",), valence="barrier"),
        Coding("P1", 0, 2, ("",)),
    )  # fmt: skip
    study = Study((replace(TEXT, id="P\ud800", source="old.QDPX"), TEXT), codings)
    written = build(study)
    for said in ("1 codes have a name that another", "1 codings have a direction",
                 "2 names or notes hold", "what else was in the project"):  # fmt: skip
        assert sum(said in note for note in written.notes) == 1
    found = read_bytes(PATH, written.data)
    assert found.codings[-1].code == ("(no name)",)
    assert found.transcripts[0].id == "P\ufffd"
    assert not any("what else" in note for note in build(Study((TEXT,))).notes)
