"""Builders of real files for tests: every transcript in them is invented."""

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import docx
import openpyxl
import xlsxwriter

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACES = (
    f'xmlns:w="{W}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A text file, line ends as given."""
    path.write_bytes(text.encode(encoding))
    return path


def write_docx(path: Path, paragraphs: Iterable[str]) -> Path:
    """A Word document from python-docx; "\\n" in a paragraph becomes a line break."""
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(str(path))
    return path


def write_docx_table(path: Path, rows: Sequence[Sequence[str]], before: Sequence[str] = ()) -> Path:
    """A Word document with a table after some paragraphs."""
    document = docx.Document()
    for paragraph in before:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=0, cols=len(rows[0]))
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(path))
    return path


def write_docx_xml(path: Path, body: str) -> Path:
    """A Word document whose body is given as XML."""
    write_docx(path, [])
    xml = f'<?xml version="1.0"?><w:document {SPACES}><w:body>{body}</w:body></w:document>'
    return edit_zip(path, "word/document.xml", lambda _: xml.encode())


def p(*inner: str) -> str:
    """A ``w:p``; what is no XML becomes a run."""
    return "<w:p>" + "".join(x if x.startswith("<") else r(x) for x in inner) + "</w:p>"


def r(text: str, properties: str = "") -> str:
    """A run with one text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def edit_zip(path: Path, name: str, change: Callable[[bytes], bytes | None]) -> Path:
    """Replace one member; a change that returns None removes it."""
    with zipfile.ZipFile(path) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    changed = change(members.pop(name, b""))
    if changed is not None:
        members[name] = changed
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, data in members.items():
            archive.writestr(one, data)
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """A workbook with named sheets of rows."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def write_excel(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """A workbook with shared strings, as Excel itself writes it."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("S")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return path


def write_vtt(path: Path, cues: Iterable[str]) -> Path:
    """Captions, four seconds a cue."""
    blocks = ["WEBVTT"]
    for at, cue in enumerate(cues):
        start = at * 4
        stamps = [f"{t // 3600:02}:{t // 60 % 60:02}:{t % 60:02}.500" for t in (start, start + 3)]
        blocks.append(f"{stamps[0]} --> {stamps[1]}\n{cue}")
    return write_text(path, "\n\n".join(blocks) + "\n")


def nvivo_text(sources: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """A code export: of each source path its (reference number or range, quote) pairs."""
    lines: list[str] = []
    for source, references in sources.items():
        noun = "reference" if len(references) == 1 else "references"
        lines += [f"<{source}> - § {len(references)} {noun} coded  [4.06% Coverage]", ""]
        for number, quote in references:
            noun = "References" if "-" in number else "Reference"
            lines += [f"{noun} {number} - 1.88% Coverage", "", quote, ""]
    return "\r\n".join(lines)
