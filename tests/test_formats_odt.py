import zipfile
from pathlib import Path

import pytest

from tdfnlp.errors import FormatError
from tdfnlp.formats import read
from tdfnlp.transcript import Transcript

SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"),
        ("draw", "drawing"), ("fo", "xsl-fo-compatible"), ("svg", "svg-compatible"),
        ("number", "datastyle"),
    ]
)  # fmt: skip
STYLES = (
    "<number:date-style><number:text>/</number:text></number:date-style>"
    '<style:style style:name="B">'
    '<style:text-properties fo:font-weight="bold"/></style:style><style:style style:name="H">'
    '<style:text-properties text:display="none"/></style:style>'
)


def write_odt(path: Path, body: str, *, manifest: str = "<x/>", head: str = "") -> Path:
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<office:document-content {SPACES}>'
        f"<office:automatic-styles>{STYLES}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", xml)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def p(*lines: str) -> str:
    return "".join(f"<text:p>{line}</text:p>" for line in lines)


def transcript(tmp_path: Path, body: str) -> Transcript:
    (one,) = read(write_odt(tmp_path / "a.odt", body)).transcripts
    return one


def said(one: Transcript) -> list[tuple[str | None, str]]:
    return [(turn.speaker, one.text[turn.start : turn.end]) for turn in one.turns]


def test_paragraphs_spaces_tabs_and_breaks(tmp_path: Path) -> None:
    one = transcript(
        tmp_path,
        '<text:h>Interview</text:h><text:section><text:list><text:list-item>'
        + p(
            "Interviewer:<text:tab/>Why\n   not, <text:span>you</text:span> "
            "<text:span> know</text:span>?"
        )
        + "</text:list-item></text:list></text:section>"
        + p("P1: So<text:s text:c='3'/>it<text:s/>is.<text:line-break/>Yes.", "", "P1: End."),
    )  # fmt: skip
    assert one.text == (
        "Interview\nInterviewer:\tWhy not, you know?\nP1: So   it is.\nYes.\n\nP1: End."
    )
    assert said(one) == [
        ("Interviewer", "Why not, you know?"), ("P1", "So   it is.\nYes."), ("P1", "End."),
    ]  # fmt: skip


def test_what_a_reader_of_the_final_document_does_not_see(tmp_path: Path) -> None:
    one = transcript(
        tmp_path,
        "<text:tracked-changes><text:changed-region><text:deletion>"
        + p("gone")
        + "</text:deletion></text:changed-region></text:tracked-changes>"
        + p(
            "P1: I was <text:change text:change-id='1'/><text:change-start/>never<text:change-end/>"
            "<office:annotation>" + p("comment") + "</office:annotation> told"
            "<text:note><text:note-citation>1</text:note-citation>"
            "<text:note-body>" + p("foot") + "</text:note-body></text:note>"
            "<text:span text:style-name='H'>hidden</text:span>."
            "<draw:frame><draw:image/><svg:title>alt</svg:title></draw:frame>"
        )
        + "<text:p text:style-name='H'>hidden</text:p>",
    )
    assert one.text == "P1: I was never told."


def test_text_boxes_come_after_their_paragraph(tmp_path: Path) -> None:
    box = "<draw:frame><draw:text-box>" + p("boxed") + "</draw:text-box></draw:frame>"
    assert transcript(tmp_path, p(f"P1: one{box} two")).text == "P1: one two\nboxed"


def test_bold_names(tmp_path: Path) -> None:
    name = "<text:span text:style-name='B'>{} </text:span>"
    lines = [name.format(who) + what for who, what in [("Anna", "why?"), ("Ben", "so.")] * 2]
    one = transcript(tmp_path, p(*lines))
    assert said(one)[:2] == [("Anna", "why?"), ("Ben", "so.")]


def row(*cells: str) -> str:
    inner = "".join(f"<table:table-cell>{p(one)}</table:table-cell>" for one in cells)
    return f"<table:table-row>{inner}</table:table-row>"


def test_a_table_of_turns(tmp_path: Path) -> None:
    names = row("Content", "Speaker", "Timespan")
    head = f"<table:table-header-rows>{names}</table:table-header-rows>"
    rows = row("Why?", "I", "[00:00:02]") + row("So.", "P1", "#00:00:04#")
    one = transcript(tmp_path, f"<table:table>{head}{rows}</table:table>")
    assert said(one) == [("I", "Why?"), ("P1", "So.")]
    assert [turn.begins for turn in one.turns] == [2.0, 4.0]


def test_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.odt"
    for kwargs, body, says in [
        ({"manifest": "<manifest:encryption-data/>"}, p("x"), "is encrypted"),
        ({"head": '<!DOCTYPE x [<!ENTITY e "x">]>'}, p("&e;"), "entities or a document type"),
        ({}, "<text:p>", "broken XML"),
        ({}, "", "holds no text"),
        ({}, "<table:table><table:table-row><table:table-cell>" * 40
             + p("x") + "</table:table-cell></table:table-row></table:table>" * 40, "nests tables"),
    ]:  # fmt: skip
        with pytest.raises(FormatError, match=says):
            read(write_odt(path, body, **kwargs))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(FormatError, match="no OpenDocument text"):
        read(path)


def test_deep_spans_and_many_spaces_end(tmp_path: Path) -> None:
    deep = "<text:span>" * 20_000 + "end" + "</text:span>" * 20_000
    assert transcript(tmp_path, p(deep)).text == "end"
    one = transcript(tmp_path, p('a<text:s text:c="999999999999"/><text:s text:c="99999"/>b'))
    assert len(one.text) < 300
