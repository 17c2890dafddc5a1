"""OpenDocument texts, by a walk of our own over ``content.xml``.

What a reader of the final document sees counts: tracked deletions, comments and notes do not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..coding import Study
from ..errors import FormatError
from .archive import open_archive, read_member
from .paragraphs import Flow, Paragraph, joined, table
from .text import study_of

_PLACE = "content.xml"
_SPACE = "urn:oasis:names:tc:opendocument:xmlns:"
_SKIPPED = frozenset(
    "tracked-changes,annotation,annotation-end,note,sequence-decls,variable-decls,user-field-decls,"
    "hidden-text,hidden-paragraph,bibliography-mark,ruby-text,forms,shapes,svg,"
    "object,object-ole,image,plugin,math,scripts,event-listeners".split(",")
)
_MAX_DEPTH = 30
_MAX_SPACES = 99


@dataclass(frozen=True, slots=True)
class _Styles:
    """Names of the styles that make bold and of those that hide."""

    bold: frozenset[str]
    hidden: frozenset[str]


def read(path: Path, data: bytes) -> Study:
    """Read an OpenDocument text; its text is its paragraphs, a line each."""
    with open_archive(path, data) as archive:
        _check(path, archive)
        root = _parse(path, read_member(path, archive, _PLACE))
    body = next(root.iter(f"{{{_SPACE}office:1.0}}text"), None)
    if body is None:
        raise FormatError(path, "is no text document.", place=_PLACE, hint="Save it as .odt.")
    return study_of(path, *joined(list(_flatten(path, body, _styles(root)))))


def _check(path: Path, archive: ZipFile) -> None:
    names = archive.namelist()
    manifest = "META-INF/manifest.xml"
    if manifest in names and b"encryption-data" in read_member(path, archive, manifest):
        raise FormatError(path, "is encrypted.", hint="Save it without a password.")
    if _PLACE not in names:
        raise FormatError(
            path,
            "is a zip archive but no OpenDocument text.",
            place=_PLACE,
            hint="Save it as .odt from LibreOffice.",
        )


def _parse(path: Path, data: bytes) -> Element:
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        reason = "holds XML entities or a document type, which LibreOffice never writes."
        raise FormatError(path, reason, place=_PLACE, hint="Do not trust this file.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise FormatError(
            path, "holds broken XML.", place=_PLACE, hint="Repair it in LibreOffice."
        ) from error
    return root


def _name(element: Element) -> str:
    space, _, name = element.tag.rpartition("}")
    if not space.startswith("{" + _SPACE):
        return ""
    return "svg" if "svg" in space else name


def _value(element: Element, name: str) -> str:
    return next((v for key, v in element.items() if key.rpartition("}")[2] == name), "")


def _styles(root: Element) -> _Styles:
    bold, hidden = set[str](), set[str]()
    for style in (one for one in root.iter() if _name(one) == "style"):
        name = _value(style, "name")
        for properties in (one for one in style if _name(one) == "text-properties"):
            if _value(properties, "font-weight") in ("bold", "600", "700", "800", "900"):
                bold.add(name)
            if _value(properties, "display") == "none":
                hidden.add(name)
    return _Styles(frozenset(bold), frozenset(hidden))


def _flatten(
    path: Path, container: Element, styles: _Styles, depth: int = 0
) -> Iterator[Paragraph]:
    """Paragraphs of a body, a cell or a text box in document order."""
    if depth > _MAX_DEPTH:
        raise FormatError(path, f"nests tables more than {_MAX_DEPTH} deep.", place=_PLACE)
    for element in _inside(container, ("p", "h", "table")):
        if _name(element) == "table":
            rows = [
                [
                    list(_flatten(path, cell, styles, depth + 1))
                    for cell in _inside(row, ("table-cell", "covered-table-cell"))
                ]
                for row in _inside(element, ("table-row",))
            ]
            yield from table(rows)
        elif _value(element, "style-name") not in styles.hidden:
            boxes: list[Element] = []
            yield from _paragraph(path, element, styles, boxes)
            for box in boxes:
                yield from _flatten(path, box, styles, depth + 1)


def _inside(container: Element, wanted: tuple[str, ...]) -> Iterator[Element]:
    """Go through the elements of these names, through lists, sections and the like."""
    waiting = list(reversed(container))
    while waiting:
        element = waiting.pop()
        name = _name(element)
        if name in wanted:
            yield element
        elif name not in _SKIPPED:
            waiting.extend(reversed(element))


def _paragraph(
    path: Path, element: Element, styles: _Styles, boxes: list[Element]
) -> list[Paragraph]:
    """Collect the text of a paragraph; runs of white space count as one space, as in HTML."""
    flow = Flow(path)
    # Elements still to open, and texts that follow an element which is done.
    waiting: list[tuple[Element | str, bool]] = [(element, False)]
    while waiting:
        one, bold = waiting.pop()
        if isinstance(one, str):
            _write(flow, one, bold=bold)
            continue
        name, style = _name(one), _value(one, "style-name")
        if name == "text-box":
            boxes.append(one)
        elif name not in _SKIPPED and style not in styles.hidden:
            bold = bold or style in styles.bold
            flow.add(_leaf(one, name), bold=bold)
            waiting += [(text, bold) for text in reversed(list(_children(one)))]
    flow.end(heading=_name(element) == "h")
    return flow.finish()


def _children(element: Element) -> Iterator[Element | str]:
    yield element.text or ""
    for child in element:
        yield child
        yield child.tail or ""


def _leaf(element: Element, name: str) -> str:
    if name == "s":
        count = _value(element, "c")
        return " " * min(int(count) if re.fullmatch(r"[0-9]{1,6}", count) else 1, _MAX_SPACES)
    return {"tab": "\t", "line-break": "\n"}.get(name, "")


def _write(flow: Flow, text: str, *, bold: bool) -> None:
    words = re.sub(r"[ \t\r\n]+", " ", text)
    flow.add(words[1:] if words[:1] == " " and flow.ends_with_space() else words, bold=bold)
