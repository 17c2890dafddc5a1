import random
import re
import zipfile
from pathlib import Path

import pytest
from refi import QUOTES, STYLES, TEXT, Maker, Style, coded, guid, quotes

from tdfnlp.coding import Coding
from tdfnlp.errors import FormatError
from tdfnlp.formats import read
from tdfnlp.formats.insertion import Machine, add

SURE = [name for name in STYLES if name != "counts-bom"]
PLAIN = STYLES["qualcoder"]


def project(tmp_path: Path, style: Style = PLAIN, **parts: str) -> Path:
    """A project of given XML around one coded text."""
    make = coded(style)
    make.sources.clear()
    make.before_sources = parts.get("before", "")
    make.after_sources = parts.get("after", "")
    make.sources.append(parts["sources"])
    return make.write(tmp_path / "a.qdpx")


@pytest.mark.parametrize("name", SURE)
def test_every_program(tmp_path: Path, name: str) -> None:
    style = STYLES[name]
    study = read(coded(style).write(tmp_path / "a.qdpx"))
    first, second = study.transcripts
    assert first.text == TEXT.replace("\n", style.line_end)
    assert (first.id, second.id) == ("P1", "P1 (2)")
    assert [turn.speaker for turn in first.turns] == ["Interviewer", "P1"] * 3
    assert (first.group, first.attributes) == ("Nurses", (("Role", "Nurses"),))
    assert quotes(study) == [
        (QUOTES[0], "Low"), (QUOTES[1], "Time"), (QUOTES[1], "Low"), (QUOTES[1], "Knowledge"),
        (QUOTES[2], "Time"), (first.text, "level 6"), (second.text, "Time"),
    ]  # fmt: skip
    coding = study.codings[0]
    assert coding.code == ("Knowledge", "Low")
    assert (coding.coder, coding.note) == ("Ann", "Ask <again>")
    assert coding.when == "2026-03-01T10:00:00Z"
    assert coding.guid.strip("{}").lower() == guid("coding", "1")
    assert [one.coder.strip("{}").lower() for one in study.codings[2:5]] == [
        "bb", "ann", guid("nobody"),
    ]  # fmt: skip
    top = study.codes[0]
    assert (top.path, top.definition) == (("Knowledge",), "What & how")
    assert (top.colour, top.codable) == ("#aa0011", False)
    assert max(len(code.path) for code in study.codes) == 7
    for said in (
        "None: has no text", "1 marked passages carry no code", "1 passages stand for a case",
        "1 codings point to a code", "1 codings lie outside",
    ):  # fmt: skip
        assert sum(said in note for note in study.notes) == 1


PATHS = [
    "internal://x.txt", "internal:/x.txt", "internal://X.TXT", "x.txt", "sources/x.txt",
    "Sources\\x.txt", "relative:///x.txt", "relative:///media/x.txt", "internal://x%2Etxt",
    "absolute:///home/somebody/x.txt", "file:///C:/x.txt",
]  # fmt: skip


@pytest.mark.parametrize("where", PATHS)
@pytest.mark.parametrize("member", ["Sources/x.txt", "x.txt", "My study/sources/X.txt"])
def test_spellings_of_the_path(tmp_path: Path, where: str, member: str) -> None:
    make = Maker(PLAIN)
    make.sources.append(f"<TextSource guid='{guid(1)}' name='P1' plainTextPath='{where}'/>")
    make.members[member] = b"P1: Here."
    assert read(make.write(tmp_path / "a.qdpx")).transcripts[0].text == "P1: Here."


@pytest.mark.parametrize("where", ["../../etc/passwd", "absolute:///etc/passwd", "internal://"])
def test_a_path_never_leaves_the_package(tmp_path: Path, where: str) -> None:
    make = Maker(PLAIN)
    make.sources.append(f"<TextSource guid='{guid(1)}' name='P1' plainTextPath='{where}'/>")
    study = read(make.write(tmp_path / "a.qdpx"))
    assert study.transcripts == ()
    assert not where or any("P1" in note for note in study.notes)


def test_text_inside_the_xml_and_other_kinds_of_source(tmp_path: Path) -> None:
    make = coded(PLAIN)
    said = "Interviewer: Why?\nP1: It is the time."
    content = f"<PlainTextContent>{said}</PlainTextContent>"
    inside = make.selection(said, "the time", make.coding("a", "Time"))
    stamps = [(0, 1500), (18, 4000), (len(said), 9000)]
    syncs = "".join(
        f"<SyncPoint guid='{guid('y', at)}' position='{at}' timeStamp='{stamp}'/>"
        for at, stamp in stamps
    )
    ends = f"fromSyncPoint='{guid('y', 18)}' toSyncPoint='{guid('y', len(said))}'"
    sources = (
        f"<TextSource guid='{guid(1)}' name='In'>{content}{inside}</TextSource>"
        f"<PDFSource guid='{guid(2)}' name='Page'><PDFSelection>{make.coding('b', 'Time')}"
        f"</PDFSelection><Representation guid='{guid(3)}'>{content}{inside}</Representation>"
        f"</PDFSource><AudioSource guid='{guid(4)}' name='Sound'><Transcript guid='{guid(5)}'>"
        f"{content}{syncs}<TranscriptSelection guid='{guid(6)}' {ends}>{make.coding('c', 'Low')}"
        "</TranscriptSelection></Transcript></AudioSource>"
        f"<PictureSource guid='{guid(7)}' name='Photo'/>"
        f"<TextSource guid='{guid(8)}' name='Rich' richTextPath='internal://r.docx'/>"
    )
    study = read(project(tmp_path, sources=sources))
    assert [one.id for one in study.transcripts] == ["In", "Page", "Sound"]
    assert quotes(study) == [
        ("the time", "Time"), ("the time", "Time"), ("P1: It is the time.", "Low"),
    ]  # fmt: skip
    assert [(t.begins, t.ends) for t in study.transcripts[2].turns] == [(1.5, 4.0), (4.0, 9.0)]
    assert study.transcripts[1].guid == guid(2)
    assert any("1 codings of pictures" in note for note in study.notes)
    assert any("1 sources without any text" in note for note in study.notes)
    assert any(note.startswith("Rich: ") and "plain text" in note for note in study.notes)


def variable(name: str, value: str) -> str:
    return (
        f"<VariableValue><VariableRef targetGUID='{guid(name)}'/><TextValue>{value}</TextValue>"
        "</VariableValue>"
    )


@pytest.mark.parametrize(
    ("values", "group"),
    [
        ([("Age", "40"), ("Person:Professional-group", "Doctors")], "Doctors"),
        ([("Role", "Unassigned"), ("Arm", "B")], "B"),
        ([("Age", "40")], None),
    ],
)
def test_groups_and_attributes(
    tmp_path: Path, values: list[tuple[str, str]], group: str | None
) -> None:
    names = "".join(
        f"<Variable guid='{guid(name)}' name='{name}' typeOfVariable='Text'/>" for name, _ in values
    )
    source = (
        f"<TextSource guid='{guid(1)}' name='X'><PlainTextContent>P1: So.</PlainTextContent>"
        f"{''.join(variable(*each) for each in values)}</TextSource>"
    )
    study = read(project(tmp_path, before=f"<Variables>{names}</Variables>", sources=source))
    assert study.transcripts[0].group == group
    assert study.transcripts[0].attributes == tuple(values)
    assert any("No variable names" in note and "Age" in note for note in study.notes) == (not group)


def test_a_text_of_several_cases_takes_the_variables_of_none(tmp_path: Path) -> None:
    cases = "".join(
        f"<Case guid='{guid(name)}' name='{name}'>{variable('Role', name)}"
        f"<SourceRef targetGUID='{guid(1)}'/></Case>"
        for name in "AB"
    )
    before = (
        f"<Variables><Variable guid='{guid('Role')}' name='Role' typeOfVariable='Text'/>"
        f"</Variables><Cases>{cases}</Cases>"
    )
    source = (
        f"<TextSource guid='{guid(1)}' name='X'><PlainTextContent>P1: So.</PlainTextContent>"
        "</TextSource>"
    )
    study = read(project(tmp_path, before=before, sources=source))
    assert study.transcripts[0].attributes == ()
    assert "X: stands for several cases, so their variables were not taken." in study.notes


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.txt"], "holds 0: none"),
        (["a.qde", "b.QDE"], "holds 2: a.qde, b.QDE"),
    ],
)
def test_one_project_file_is_needed(tmp_path: Path, names: list[str], said: str) -> None:
    path = tmp_path / "a.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "<Project/>")
    with pytest.raises(FormatError, match=said):
        read(path)


NEST = "<Code guid='0' name='x' isCodable='true'>"


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><Project>&b;</Project>", "entities"),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Project>&b;</Project>", "entit"),
        (f"<Project><CodeBook><Codes>{NEST * 10_000}", "more than 100 deep"),
        ("<Project><Users>", "broken XML"),
        ("<CodeBook/>", "no REFI-QDA project"),
        ("<?xml version='1.0' encoding='zlib'?><Project/>", "broken XML"),
        ("", "broken XML"),
    ],
)
def test_hostile_xml(tmp_path: Path, xml: str, said: str) -> None:
    path = tmp_path / "a.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", xml)
    with pytest.raises(FormatError, match=said):
        read(path)


def test_a_recording_of_any_size_is_no_bomb_and_a_text_is(tmp_path: Path) -> None:
    make = coded(PLAIN)
    make.members["sources/long.wav"] = bytes(30 * 2**20)
    path = make.write(tmp_path / "a.qdpx")
    assert len(read(path).transcripts) == 2
    make.sources.append(f"<TextSource guid='{guid(1)}' name='L' plainTextPath='long.wav'/>")
    with pytest.raises(FormatError, match="unsafe size"):
        read(make.write(path))


def test_a_damaged_text_is_left_out_with_a_note(tmp_path: Path) -> None:
    make = coded(STYLES["nvivo"])
    name = next(iter(make.members))
    make.members[name] = b"\xef\xbb\xbf\xff\xff broken"
    study = read(make.write(tmp_path / "a.qdpx"))
    assert [one.id for one in study.transcripts] == ["P1 (2)"]
    assert any("9 codings belong to texts that could not be read" in note for note in study.notes)


def test_mutations_never_break_the_reader(tmp_path: Path) -> None:
    rng = random.Random(4)
    make = coded(STYLES["standard"])
    xml, path = make.xml(), tmp_path / "a.qdpx"
    whole = make.write(path).read_bytes()
    read_well = 0
    for nth in range(300):
        data = bytearray(xml if nth % 2 else whole)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            data[at : at + rng.choice([0, 1, 1, 9])] = rng.randbytes(rng.choice([0, 1, 1, 3]))
        if nth % 2:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("project.qde", bytes(data))
                for name, text in make.members.items():
                    archive.writestr(name, text)
        else:
            path.write_bytes(data)
        try:
            study = read(path)
        except FormatError:
            continue
        read_well += 1
        lengths = {one.id: len(one.text) for one in study.transcripts}
        assert all(0 <= one.start < one.end <= lengths[one.transcript] for one in study.codings)
    assert 0 < read_well < 300


def test_positions_that_are_no_numbers(tmp_path: Path) -> None:
    make = coded(PLAIN)
    make.sources[0] = re.sub(
        'startPosition="[0-9]+"', 'startPosition="9e9"', make.sources[0], count=1
    )
    study = read(make.write(tmp_path / "a.qdpx"))
    assert len(study.codings) == 6
    assert any("2 codings lie outside" in note for note in study.notes)


def test_what_is_noted_on_a_passage_is_noted_on_its_codings(tmp_path: Path) -> None:
    make = coded(PLAIN)
    said = "P1: It is the time."
    ref = f"<NoteRef targetGUID={make.guid('memo')}/>"
    content = f"<PlainTextContent>{said}</PlainTextContent>"

    def passage(about: str, *codings: str) -> str:
        return make.selection(said, "the time", f"<Description>{about}</Description>", *codings)

    sources = (
        f"<TextSource guid='{guid(1)}' name='In'><Description>no note</Description>{content}"
        + passage("Unsure", make.coding("a", "Time"), make.coding("b", "Low"), ref)
        + passage("", make.coding("c", "Time", notes=["memo"]), ref)
        + passage("Ask again", make.coding("d", "Time", notes=["memo"]))
        + passage("Just words")
        + f"{make.coding('e', 'Low')}{ref}</TextSource>"
    )
    after = make.after_sources.replace("Ask &lt;again&gt;", "Ask again")
    study = read(project(tmp_path, sources=sources, after=after))
    both = "Ask again\n\nUnsure"
    assert [one.note for one in study.codings] == [both, both, "Ask again", "Ask again", ""]
    assert "1 comments on passages without a code were left out." in study.notes


def test_what_is_left_behind_is_counted(tmp_path: Path) -> None:
    ref = f"<NoteRef targetGUID='{guid('n', 0)}'/>"
    notes = "".join(f"<Note guid='{guid('n', nth)}' name='{nth}'/>" for nth in range(4))
    after = (
        f"<Notes>{notes}</Notes><Links><Link guid='{guid(2)}'/><Link guid='{guid(3)}'/></Links>"
        f"<Sets><Set guid='{guid(4)}' name='s'/></Sets><Graphs><Graph guid='{guid(5)}'/></Graphs>"
        f"<Description>On the study</Description>"
        f"<NoteRef targetGUID='{guid('n', 1)}'/>"
    )
    source = f"<TextSource guid='{guid(1)}' name='X'><PlainTextContent>P1: So.</PlainTextContent>"
    make = coded(PLAIN)
    make.codes = f"<Code guid={make.guid('Time')} name='Time'>{ref}<Code name=' '/></Code>"
    make.sources = [source + ref + "</TextSource>"]
    make.before_sources, make.after_sources = "", after
    study = read(make.write(tmp_path / "a.qdpx"))
    assert set(study.notes) == {
        "1 codes have no name; they are called '(no name)'.",
        "2 links were left out.", "1 sets were left out.", "1 graphs were left out.",
        "2 descriptions of or notes on the project itself were left out.",
        "1 notes on codes were left out.",
        "1 descriptions of or notes on sources were left out.",
        "2 notes (memos, journals) that belong to nothing coded were left out.",
    }  # fmt: skip
    assert [code.path for code in study.codes] == [("Time",), ("Time", "(no name)")]


@pytest.mark.parametrize(("origin", "split"), [("ATLAS.ti 8.4", True), ("tdfnlp 1", False)])
def test_flat_names_are_taken_in_steps(tmp_path: Path, origin: str, split: bool) -> None:
    make = Maker(Style(origin))
    make.codes = "".join(
        f"<Code guid={make.guid(name)} name='{name}'/>" for name in ("Tea::green", "Tea", " Milk ")
    )
    text = "P1: It is the time.\n"
    make.text("P1", text, make.selection(text, "the time", make.coding("1", "Tea::green")))
    path = make.write(tmp_path / "a.qdpx")
    study = read(path)
    assert study.codings[0].code == (("Tea", "green") if split else ("Tea::green",))
    assert {code.path for code in study.codes} == {("Tea",), ("Milk",), study.codings[0].code}
    assert any("called like 'a::b'" in note for note in study.notes) == split
    # What is suggested is nested; that must not change how the others are read.
    wanted = [Coding("P1", 0, 11, ("Tea", "green"))]
    once = add(path, path.read_bytes(), wanted, Machine("tdfnlp m")).data
    path.write_bytes(once)
    after = read(path)
    assert after.codings[0] == study.codings[0]
    assert after.codings[1].code == ("tdfnlp suggestions", "Tea", "green")
    assert (study.codings[0].how, after.codings[1].how) == ("imported", "suggested")
    assert add(path, once, wanted, Machine("tdfnlp m")).data == once
