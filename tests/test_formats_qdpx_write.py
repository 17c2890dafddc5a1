import io
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyrefiqda import RefiProject
from refi import STYLES, TEXT, Style, check_structure, coded, guid, suggestions

from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study
from tdfnlp.errors import FormatError, InputError
from tdfnlp.formats import read
from tdfnlp.formats.elements import Element, parse
from tdfnlp.formats.insertion import Machine, add
from tdfnlp.formats.package import Written
from tdfnlp.formats.project import build
from tdfnlp.formats.qdpx import read as read_bytes
from tdfnlp.formats.splice import Splicer
from tdfnlp.transcript import Transcript

SURE = [name for name in STYLES if name != "counts-bom"]
PATH = Path("a.qdpx")
MACHINE = Machine("tdfnlp model-1", "model-1, threshold 0.5")


def member(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return archive.read(name)


@pytest.mark.parametrize("name", SURE)
def test_added_codings_come_back_and_all_else_stays(tmp_path: Path, name: str) -> None:
    style = STYLES[name]
    path = coded(style).write(tmp_path / "a.qdpx")
    before, data = read(path), path.read_bytes()
    written = add(path, data, suggestions(before), MACHINE)
    check_structure(member(written.data, style.qde))
    after = read_bytes(path, written.data)
    ours = [one for one in after.codings if one.coder == MACHINE.name]
    assert [one for one in after.codings if one not in ours] == list(before.codings)
    assert [(one.transcript, one.start, one.end) for one in ours] == [
        (one.transcript, one.start, one.end) for one in suggestions(before)
    ]
    assert [one.code for one in ours] == [
        ("tdfnlp suggestions", "Skills", "Barrier"), ("tdfnlp suggestions", "Skills", "Barrier"),
        ("tdfnlp suggestions", "Knowledge"),
    ]  # fmt: skip
    assert [one.note for one in ours] == ["p 0.91\n" + MACHINE.note, MACHINE.note, MACHINE.note]
    assert [replace(one, source=None) for one in before.transcripts] == list(after.transcripts)
    assert [code for code in after.codes if code.path[0] != MACHINE.root] == list(before.codes)
    assert any("1 codings have a direction" in note for note in written.notes)


@pytest.mark.parametrize("name", list(STYLES))
@pytest.mark.parametrize("tag", ["Project", "Users", "Codes", "Code", "TextSource", "Notes"])
def test_taking_the_insertions_out_gives_the_file_back(name: str, tag: str) -> None:
    xml = coded(STYLES[name]).xml()
    splicer = Splicer(xml)
    for element in walk(parse(PATH, xml, "")):
        if element.tag == tag:
            splicer.add(element, [("NoteRef", {"targetGUID": 'a"<é\U0001f600'}, "")])
    new, shift = bytearray(splicer.result()), 0
    root = parse(PATH, bytes(new), "")
    added = [one for one in walk(root) if one.get("targetGUID") == 'a"<é\U0001f600']
    assert len(added) == sum(one.tag == tag for one in walk(parse(PATH, xml, "")))
    for place, inserted in splicer.insertions():
        assert new[place : place + len(inserted)] == inserted
        del new[place : place + len(inserted)]
        shift += len(inserted)
    assert shift
    assert new == xml


def walk(element: Element) -> list[Element]:
    return [element, *(one for child in element.children for one in walk(child))]


def test_adding_twice_adds_once(tmp_path: Path) -> None:
    path = coded(STYLES["nvivo"]).write(tmp_path / "a.qdpx")
    wanted = suggestions(read(path))
    once = add(path, path.read_bytes(), wanted, MACHINE).data
    assert once == add(path, path.read_bytes(), wanted, MACHINE).data
    again = add(path, once, wanted, MACHINE)
    assert again.data == once
    assert any("3 codings were there already" in note for note in again.notes)
    other = add(path, once, wanted, replace(MACHINE, name="tdfnlp model-2"))
    assert len(read_bytes(path, other.data).codings) == 7 + 3 + 3


def test_adding_twice_adds_once_where_a_program_gave_new_guids(tmp_path: Path) -> None:
    path = coded(STYLES["nvivo"]).write(tmp_path / "a.qdpx")
    wanted = suggestions(read(path))
    once = add(path, path.read_bytes(), wanted, MACHINE).data
    renamed = rezip(
        once,
        "project.qde",
        lambda xml: re.sub(rb'(?<=Coding guid=")[0-9a-f]', lambda x: _next(x[0]), xml),
    )
    assert renamed != once
    assert len(read_bytes(path, renamed).codings) == 10
    assert add(path, renamed, wanted, MACHINE).data == renamed


def _next(digit: bytes) -> bytes:
    return f"{(int(digit, 16) + 1) % 16:x}".encode()


def rezip(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same package with one member changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info, change(content) if info.filename == name else content)
    return out.getvalue()


BARE = f"<TextSource guid='{guid(1)}' name='P1' plainTextPath='internal://x.txt'/>"


@pytest.mark.parametrize(
    "body",
    [
        f"<Sources>{BARE}</Sources>",
        f"<Users /><CodeBook/><Sources>{BARE}</Sources><Notes/><Links/>",
        f"<CodeBook><Codes/></CodeBook><Cases/><Sources>{BARE}</Sources><Graphs/>",
        f"<Sources>{BARE.replace('/>', '><VariableValue/></TextSource>')}</Sources><Description/>",
        f"<Sources>{BARE.replace('/>', '><!-- / --></TextSource>')}</Sources>",
        f"<Sources>{BARE}</Sources><Cases/><Users></Users>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_what_is_missing_is_made_in_its_place(body: str, encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    xml = (
        f'<?xml version="1.0" encoding="{declared}"?>'
        f'<Project xmlns="urn:QDA-XML:project:1.0" name="é">{body}</Project>'
    ).encode(encoding)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("project.qde", xml)
        archive.writestr("sources/x.txt", "P1: Some words.\r\n")
    wanted = [Coding("P1", 4, 8, ("Skills \U0001f600",), note="\U0001f600 & <é>")]
    written = add(PATH, out.getvalue(), wanted, MACHINE)
    ours = read_bytes(PATH, written.data).codings
    assert [(one.start, one.end, one.code[1], one.note) for one in ours] == [
        (4, 8, "Skills \U0001f600", "\U0001f600 & <é>\n" + MACHINE.note)
    ]
    new = member(written.data, "project.qde")
    if "Cases/><Users" not in body:  # that one is out of order already
        bare = re.sub("<(Links|Graphs|Cases|VariableValue)/>", "", new.decode(encoding))
        check_structure(bare.encode(encoding))
    rest = iter(new)
    assert all(byte in rest for byte in xml)  # a subsequence: nothing was taken away


def test_positions_are_counted_as_the_project_counts(tmp_path: Path) -> None:
    path = coded(STYLES["nvivo"]).write(tmp_path / "a.qdpx")
    text = TEXT.replace("\n", "\r\n")
    start = text.index("She says")
    xml = member(add(path, path.read_bytes(), suggestions(read(path)), MACHINE).data, "project.qde")
    units = len(text[:start].encode("utf-16-le")) // 2
    assert f'startPosition="{units}"'.encode() in xml


def test_recordings_and_pages_get_codings_too() -> None:
    said = "<PlainTextContent>P1: So it is.</PlainTextContent>"
    body = (
        f"<Sources><AudioSource guid='{guid(1)}' name='A'><Transcript guid='{guid(2)}'>{said}"
        f"<SyncPoint guid='{guid(3)}' position='0' timeStamp='0'/></Transcript></AudioSource>"
        f"<PDFSource guid='{guid(4)}' name='B'><Representation guid='{guid(5)}'>{said}"
        "</Representation></PDFSource></Sources>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "p.qde", f"<Project xmlns='urn:QDA-XML:project:1.0' name='x'>{body}</Project>"
        )
    wanted = [Coding(name, 4, 12, ("Skills",)) for name in "AB"]
    written = add(PATH, out.getvalue(), wanted, MACHINE)
    check_structure(member(written.data, "p.qde"))
    found = read_bytes(PATH, written.data).codings
    assert [(one.transcript, one.start, one.end) for one in found] == [("A", 4, 12), ("B", 4, 12)]


@pytest.mark.parametrize(
    "wrong",
    [
        Coding("P9", 0, 1, ("Skills",)),
        Coding("P1", 3, 3, ("Skills",)),
        Coding("P1", 0, 10**6, ("Skills",)),
        Coding("P1", 0, 1, ()),
    ],
)
def test_codings_that_do_not_fit_are_refused(tmp_path: Path, wrong: Coding) -> None:
    path = coded(STYLES["nvivo"]).write(tmp_path / "a.qdpx")
    with pytest.raises(InputError):
        add(path, path.read_bytes(), [wrong], MACHINE)
    study = Study((Transcript("P1", "Some text.", ()),), (wrong,))
    with pytest.raises(InputError):
        build(study)


def test_a_code_that_a_person_moved_is_used_where_it_is(tmp_path: Path) -> None:
    path = coded(STYLES["qualcoder"]).write(tmp_path / "a.qdpx")
    first, second, third = suggestions(read(path))
    data = add(path, path.read_bytes(), [first], MACHINE).data
    moved = rezip(
        data, "project.qde", lambda xml: xml.replace(b'name="Barrier"', b'name="Too hard"')
    )
    found = read_bytes(path, add(path, moved, [second, third], MACHINE).data)
    paths = {one.code for one in found.codings if one.coder == MACHINE.name}
    assert paths == {
        ("tdfnlp suggestions", "Skills", "Too hard"), ("tdfnlp suggestions", "Knowledge"),
    }  # fmt: skip


def test_mutated_projects_are_added_to_or_refused(tmp_path: Path) -> None:
    rng = random.Random(8)
    whole = coded(Style("QualCoder 3", line_end="\r\n")).write(tmp_path / "a.qdpx").read_bytes()
    wanted = suggestions(read_bytes(PATH, whole))
    done: list[Written] = []
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            done.append(add(PATH, bytes(data), wanted, MACHINE))
        except (FormatError, InputError):
            continue
    assert 0 < len(done) < 200
    for one in done:
        assert len(read_bytes(PATH, one.data).codings) >= 3


def test_another_reader_agrees(tmp_path: Path) -> None:
    path = coded(STYLES["qualcoder"]).write(tmp_path / "a.qdpx")
    study = read(path)
    added = add(path, path.read_bytes(), suggestions(study), MACHINE).data
    for name, data, count in (("a", added, 8 + 3), ("b", build(study).data, 7)):
        path.write_bytes(data)
        project = RefiProject.load(path, tmp_path / name)
        found = [len(one.plain_text_selection) for one in project.sources.text_source]
        assert sum(found) == count


@pytest.mark.parametrize("when", ["", "2027-05-06T07:08:09Z"])
def test_notes_are_dated_and_stand_on_the_passage_too(tmp_path: Path, when: str) -> None:
    path = coded(STYLES["nvivo"]).write(tmp_path / "a.qdpx")
    machine = replace(MACHINE, when=when)
    xml = member(add(path, path.read_bytes(), suggestions(read(path)), machine).data, "project.qde")
    root = parse(path, xml, "")
    notes = [
        one for one in walk(root) if one.tag == "Note" and one.get("creatingUser") == machine.guid
    ]
    assert len(notes) == 2
    assert {one.get("creationDateTime") for one in notes} == {when or "2026-03-01T10:00:00Z"}
    about = [
        one.first("Description")
        for one in walk(root)
        if one.tag == "PlainTextSelection" and one.get("creatingUser") == machine.guid
    ]
    assert [one.text for one in about if one] == [
        "p 0.91\n" + MACHINE.note, MACHINE.note, MACHINE.note,
    ]  # fmt: skip


@pytest.mark.parametrize("shared", [f"guid='{guid(1)}'", ""])
def test_texts_that_share_an_identifier_or_have_none_get_their_own_codings(shared: str) -> None:
    body = "".join(
        f"<TextSource {shared} name='{name}'><PlainTextContent>P1: So it is.</PlainTextContent>"
        "</TextSource>"
        for name in "AB"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        xml = f"<Project xmlns='urn:QDA-XML:project:1.0' name='x'><Sources>{body}</Sources>"
        archive.writestr("p.qde", xml + "</Project>")
    wanted = [Coding(name, 4, 12, ("Skills",)) for name in "AB"]
    written = add(PATH, out.getvalue(), [*wanted, wanted[0]], MACHINE)
    found = read_bytes(PATH, written.data).codings
    assert [(one.transcript, one.start, one.end) for one in found] == [("A", 4, 12), ("B", 4, 12)]
    assert any("1 codings have the span and code of another" in note for note in written.notes)
    assert add(PATH, written.data, wanted, MACHINE).data == written.data


def test_names_that_no_file_can_hold(tmp_path: Path) -> None:
    path = coded(STYLES["qualcoder"]).write(tmp_path / "a.qdpx")
    wanted = [Coding("P1", 0, 11, ("Skills \ud800",), note="\udc00")]
    once = add(path, path.read_bytes(), wanted, MACHINE).data
    (found,) = (one for one in read_bytes(path, once).codings if one.coder == MACHINE.name)
    assert (found.code[1], found.note) == ("Skills \ufffd", "\ufffd\n" + MACHINE.note)
    assert add(path, once, wanted, MACHINE).data == once


@pytest.mark.parametrize("depth", [90, 91, 3_000])
def test_codes_go_as_deep_as_can_be_read_again(tmp_path: Path, depth: int) -> None:
    path = coded(STYLES["qualcoder"]).write(tmp_path / "a.qdpx")
    code = ("tdfnlp suggestions", *(f"c{nth}" for nth in range(depth - 1)))
    wanted = [Coding("P1", 0, 11, code)]
    study = Study((Transcript("P1", TEXT, ()),), tuple(wanted))
    if depth > 90:
        with pytest.raises(InputError, match=f"{depth} deep; 90 is"):
            build(study)
        with pytest.raises(InputError, match="90 is"):
            build(replace(study, codings=(), codes=(Code(code),)))
        with pytest.raises(InputError, match="90 is"):
            add(path, path.read_bytes(), [replace(wanted[0], code=code[1:])], MACHINE)
    else:
        assert read_bytes(PATH, build(study).data).codings[0].code == code
        assert read_bytes(PATH, add(path, path.read_bytes(), wanted, MACHINE).data).codings[-1].code
