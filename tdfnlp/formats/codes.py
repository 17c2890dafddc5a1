"""Codebooks that NVivo exports as a Word document or a workbook: a table of names and descriptions.

No program says in such a file which code lies in which, so it is taken from what a reader sees:
paths (``Codes\\\\Barriers\\\\No time``), else the indent of the names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..codebook import Code
from ..errors import FormatError
from .archive import open_archive, read_member
from .qdc import MAX_CODES, MAX_DEPTH

_COLUMNS = MappingProxyType(
    {
        "name": ("name", "code", "node", "code name", "node name", "hierarchical name"),
        "description": ("description", "definition", "comment", "memo"),
        "files": ("files", "sources", "items"),
        "references": ("references", "refs", "coding references", "number of coding references"),
    }
)
_HEAD_ROWS = 10  # a title may stand above the column names
_ROOT = re.compile(r"(?:codes|nodes|thematic nodes)\\{1,2}", re.IGNORECASE)
_SPACE_WIDTH, _LEVEL_WIDTH = 60, 720  # in twentieths of a point, as Word measures an indent
_BREAKS = MappingProxyType({"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"})
_SKIPPED = frozenset({"del", "moveFrom", "tbl", "pPr", "rPr", "tcPr", "instrText"})


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    indent: int = 0


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of cells, and the heading that stands above."""

    rows: Sequence[Sequence[_Cell]]
    heading: str = ""


def read_codebook(path: Path, data: bytes) -> tuple[Code, ...]:
    """Read a codebook from a Word document or a workbook.

    Parameters
    ----------
    path : Path
        Ends in .docx or .xlsx.
    data : bytes
        Its content.

    Returns
    -------
    tuple of Code
        Outermost before innermost, each path once. A code above that no row stands for is a
        folder: ``codable`` is False.

    Raises
    ------
    FormatError
        The file is damaged, or holds no table with a column Name and one of Description, Files
        and References.
    """
    suffix = path.suffix.lower()
    if suffix not in (".docx", ".xlsx"):
        raise FormatError(
            path, "is no codebook that can be read.", hint="Use .docx, .xlsx or .qdc."
        )
    tables = _word_tables(path, data) if suffix == ".docx" else _sheet_tables(path, data)
    codes = _complete([code for table in tables for code in _codes(path, table)])
    if not codes:
        raise FormatError(
            path,
            "holds no codebook: no table has the columns Name and Description with rows below.",
            hint="Export the codebook from NVivo again, or as .qdc.",
        )
    if len(codes) > MAX_CODES:
        raise FormatError(path, f"holds more than {MAX_CODES} codes.")
    return codes


def _codes(path: Path, table: _Table) -> Iterator[Code]:
    head, body = _split(table.rows)
    folder, is_path = _steps(table.heading)
    above = folder if is_path else []
    open_codes: list[tuple[int, tuple[str, ...]]] = []  # indent and path of each level
    for row in body:
        name = row[head["name"]] if head["name"] < len(row) else _Cell("")
        steps, is_path = _steps(name.text)
        if not steps:
            continue
        while open_codes and open_codes[-1][0] >= name.indent:
            open_codes.pop()
        if not is_path:
            steps = [*(open_codes[-1][1] if open_codes else above), *steps]
        if len(steps) > MAX_DEPTH:
            raise FormatError(path, f"has codes more than {MAX_DEPTH} deep.")
        open_codes.append((name.indent, tuple(steps)))
        at = head.get("description", len(row))
        yield Code(tuple(steps), definition=row[at].text.strip() if at < len(row) else "")


def _split(rows: Sequence[Sequence[_Cell]]) -> tuple[Mapping[str, int], Sequence[Sequence[_Cell]]]:
    """Find the row of column names; give where each column is, and the rows under it."""
    for at, row in enumerate(rows[:_HEAD_ROWS]):
        names = [" ".join(cell.text.split()).casefold().strip(":*") for cell in row]
        head = {
            column: next(names.index(known) for known in synonyms if known in names)
            for column, synonyms in _COLUMNS.items()
            if any(known in names for known in synonyms)
        }
        if "name" in head and len(head) > 1:
            repeated = [cell.text for cell in row]
            return head, [one for one in rows[at + 1 :] if [c.text for c in one] != repeated]
    return {"name": 0}, ()


def _steps(text: str) -> tuple[list[str], bool]:
    """Take a name apart, where it is a path, and leave NVivo's root out; say whether it was one."""
    root = _ROOT.match(text.strip())
    bare = text.strip()[root.end() :] if root else text
    # One backslash alone is a part of a name ("and\\or"), unless the root stands before it.
    parts = bare.replace("\\\\", "\0").replace("\\", "\0" if root else "\\").split("\0")
    steps = [step for step in (" ".join(part.split()) for part in parts) if step]
    return steps, root is not None or len(parts) > 1


def _complete(codes: Iterable[Code]) -> tuple[Code, ...]:
    """Keep each path once, put folders in where a code above is missing, outermost first."""
    stated: dict[tuple[str, ...], Code] = {}
    for code in codes:
        stated.setdefault(code.path, code)
    done: dict[tuple[str, ...], Code] = {}
    for path in stated:
        for depth in range(1, len(path) + 1):
            above = path[:depth]
            done.setdefault(above, stated.get(above) or Code(above, codable=False))
    return tuple(done.values())


def _sheet_tables(path: Path, data: bytes) -> Iterator[_Table]:
    from .sheet import sheets  # openpyxl is slow to import

    for rows in sheets(path, data):
        yield _Table([[_cell(text) for text in row] for row in rows])


def _cell(text: str, indent: int = 0) -> _Cell:
    spaces = text.expandtabs(4)
    return _Cell(text, indent + _SPACE_WIDTH * (len(spaces) - len(spaces.lstrip())))


def _word_tables(path: Path, data: bytes) -> Iterator[_Table]:
    place = "word/document.xml"
    with open_archive(path, data) as archive:
        # Word in the browser writes document2.xml.
        names = [n for n in archive.namelist() if re.fullmatch(r"word/document\d?\.xml", n)]
        content = read_member(path, archive, min(names, default=place))
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        reason = "holds XML entities or a document type, which Word never writes."
        raise FormatError(path, reason, place=place, hint="Do not trust this file.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise FormatError(path, "holds broken XML.", place=place) from error
    heading = ""
    for element in _walk(root, frozenset({"tbl", "p"})):
        if _local(element) == "p":
            heading = _text(element).strip() or heading
        else:
            rows = _walk(element, frozenset({"tr"}))
            yield _Table([[_word_cell(one) for one in _walk(row, {"tc"})] for row in rows], heading)


def _walk(element: Element, wanted: frozenset[str] | set[str]) -> Iterator[Element]:
    """Find elements below another in order, without those inside a found or a deleted one."""
    waiting = list(reversed(element))
    while waiting:
        one = waiting.pop()
        name = _local(one)
        if name in wanted:
            yield one
        elif name not in _SKIPPED:
            waiting.extend(reversed(one))


def _word_cell(cell: Element) -> _Cell:
    paragraphs = [(one, _text(one)) for one in _walk(cell, {"p"})]
    first = next((one for one, text in paragraphs if text.strip()), None)
    text = "\n".join(text for _, text in paragraphs)
    return _cell(text.lstrip("\n"), 0 if first is None else _indent(first))


def _text(paragraph: Element) -> str:
    leaves = _walk(paragraph, {"t", *_BREAKS})
    return "".join(_BREAKS.get(_local(one)) or one.text or "" for one in leaves)


def _indent(paragraph: Element) -> int:
    total = 0
    for properties in (one for one in paragraph if _local(one) == "pPr"):
        for one in properties.iter():
            for key, value in one.items():
                name = (_local(one), key.rpartition("}")[2])
                if name in (("ind", "left"), ("ind", "start")):
                    total += _number(value)
                elif name == ("ilvl", "val"):
                    total += _LEVEL_WIDTH * _number(value)
    return total


def _number(value: str) -> int:
    return int(value) if re.fullmatch(r"-?[0-9]{1,6}", value) else 0


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
