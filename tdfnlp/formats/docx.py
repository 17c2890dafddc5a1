"""Word documents, by a walk of our own over ``word/document.xml``.

python-docx drops tracked insertions and content controls without a word: "I was never told"
becomes "I was told". What a reader of the final document sees is what counts here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..coding import Study
from ..errors import FormatError
from .archive import open_archive, read_member
from .paragraphs import Paragraph, joined, paragraph, table
from .text import study_of

_SPACES = frozenset(
    {
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
        "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}",
    }
)
_LEAVES = MappingProxyType(
    {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
)
_SKIPPED = frozenset(
    "del,moveFrom,delText,instrText,delInstrText,pPr,rPr,sdtPr,tblPr,trPr,tcPr,sectPr".split(",")
)
_MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class _Inline:
    """What one ``w:p`` holds: pieces with their weight, text boxes, and how it ends."""

    pieces: tuple[tuple[str, bool], ...]
    boxes: tuple[Element, ...]
    heading: bool
    runs_on: bool


def read(path: Path, data: bytes) -> Study:
    """Read a Word document; its text is its paragraphs, a line each."""
    with open_archive(path, data) as archive:
        root = _parse(path, read_member(path, archive, _main_part(path, archive)))
    return study_of(path, *joined(list(_flatten(path, root))))


def _main_part(path: Path, archive: ZipFile) -> str:
    # Word in the browser writes document2.xml.
    names = [name for name in archive.namelist() if re.fullmatch(r"word/document\d?\.xml", name)]
    if not names:
        raise FormatError(
            path,
            "is a zip archive but no Word document.",
            place="word/document.xml",
            hint="Save it as .docx from Word.",
        )
    return min(names)


def _parse(path: Path, data: bytes) -> Element:
    place = "word/document.xml"
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        reason = "holds XML entities or a document type, which Word never writes."
        raise FormatError(path, reason, place=place, hint="Do not trust this file.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise FormatError(
            path, "holds broken XML.", place=place, hint="Repair it in Word."
        ) from error
    return root


def _name(element: Element) -> str:
    space, _, name = element.tag.rpartition("}")
    return name if space + "}" in _SPACES else ""


def _flatten(path: Path, container: Element, depth: int = 0) -> Iterator[Paragraph]:
    """Paragraphs of a body, a cell or a text box in document order."""
    if depth > _MAX_DEPTH:
        raise FormatError(path, f"nests tables more than {_MAX_DEPTH} deep.")
    begun: list[_Inline] = []
    for element in _blocks(container):
        if _name(element) == "tbl":
            yield from _table(path, element, depth + 1)
            continue
        begun.append(_inline(element))
        if begun[-1].runs_on:  # its end was deleted: the next paragraph continues it
            continue
        yield from _finish(path, begun, depth)
        begun = []
    if begun:
        yield from _finish(path, begun, depth)


def _finish(path: Path, begun: Sequence[_Inline], depth: int) -> Iterator[Paragraph]:
    yield paragraph([piece for one in begun for piece in one.pieces], heading=begun[-1].heading)
    for one in begun:
        for box in one.boxes:
            yield from _flatten(path, box, depth + 1)


def _blocks(container: Element) -> Iterator[Element]:
    """Paragraphs and tables under an element, through content controls and the like."""
    waiting = list(reversed(container))
    while waiting:
        element = waiting.pop()
        name = _name(element)
        if name in ("p", "tbl"):
            yield element
        elif name == "AlternateContent":
            waiting.extend(element[:1])
        elif name not in _SKIPPED:
            waiting.extend(reversed(element))


def _inline(paragraph: Element) -> _Inline:
    """Collect a paragraph's text in order, without deletions, comments and field codes."""
    pieces: list[tuple[str, bool]] = []
    boxes: list[Element] = []
    fields: list[bool] = []  # of each open field: whether its result has begun
    waiting = [(child, False) for child in reversed(paragraph)]
    while waiting:
        element, bold = waiting.pop()
        name = _name(element)
        if name == "txbxContent":
            boxes.append(element)
        elif name == "fldChar":
            _turn_field(fields, element)
        elif name == "t" or name in _LEAVES:
            text = _LEAVES.get(name) or re.sub(r"[\r\n]", " ", element.text or "")
            if all(fields):
                pieces.append((text, bold))
        elif name not in _SKIPPED:
            bold = _is_bold(element) if name == "r" else bold
            inner = element[:1] if name == "AlternateContent" else list(element)
            waiting += [(child, bold) for child in reversed(inner)]
    return _Inline(tuple(pieces), tuple(boxes), _is_heading(paragraph), _runs_on(paragraph))


def _turn_field(fields: list[bool], element: Element) -> None:
    kind = _value(element, "fldCharType")
    if kind == "begin":
        fields.append(False)
    elif kind == "separate" and fields:
        fields[-1] = True
    elif kind == "end" and fields:
        fields.pop()


def _value(element: Element, name: str = "val") -> str:
    return next((v for key, v in element.items() if key.rpartition("}")[2] == name), "")


def _child(element: Element, *names: str) -> Element | None:
    for name in names:
        found = next((one for one in element if _name(one) == name), None)
        if found is None:
            return None
        element = found
    return element


def _is_bold(run: Element) -> bool:
    bold = _child(run, "rPr", "b")
    return bold is not None and _value(bold) not in ("0", "false", "off")


def _is_heading(paragraph: Element) -> bool:
    style = _child(paragraph, "pPr", "pStyle")
    return style is not None and _value(style).casefold().startswith("heading")


def _runs_on(paragraph: Element) -> bool:
    mark = _child(paragraph, "pPr", "rPr")
    return mark is not None and any(_name(one) in ("del", "moveFrom") for one in mark)


def _table(path: Path, element: Element, depth: int) -> Iterator[Paragraph]:
    """Cells of a table, row by row."""
    rows = [
        [list(_flatten(path, cell, depth)) for cell in _inside(row, "tc")]
        for row in _inside(element, "tr")
        if _child(row, "trPr", "del") is None
    ]
    yield from table(rows)


def _inside(element: Element, wanted: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, which content controls and insertions may wrap."""
    waiting = list(reversed(element))
    while waiting:
        one = waiting.pop()
        name = _name(one)
        if name == wanted:
            yield one
        elif name not in _SKIPPED and name not in ("tbl", "p"):
            waiting.extend(reversed(one))
