"""A new REFI-QDA project from a study.

Texts are written to the character, as UTF-8 without a byte order mark: NVivo takes both, QualCoder
counts the mark as a character. Positions are UTF-16 units with a CRLF counted as two, as NVivo
counts; where no text has a character outside the basic plane (an emoji), that is the same as the
standard's code points. The dialect stands in ``origin``, so that reading needs no guess.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from .. import __version__
from ..codebook import Code
from ..coding import Coding, Study
from ..transcript import Transcript
from .cases import group_of, joined
from .content import utf16_without_mark
from .conventions import (
    GROUP_GUID,
    check_codings,
    check_path,
    date_of,
    guid_of,
    key,
    latest,
)
from .dialect import NVIVO, Dialect, Ruler
from .elements import SPACE
from .losses import is_torn, unwritten
from .package import Written
from .qdc import NAMELESS
from .splice import Node, render

_GUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?", re.ASCII)
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
_MARK = b"\xef\xbb\xbf"
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True, slots=True)
class _Names:
    """GUIDs of codes by path, of users by name, of notes by text."""

    codes: dict[tuple[str, ...], str]
    users: dict[str, str]
    notes: dict[str, str]


class _Guids:
    """Hands out identifiers: a wanted one once, where it is one, else one made from the parts."""

    def __init__(self) -> None:
        self._taken: set[str] = {key(GROUP_GUID)}

    def take(self, wanted: str, *parts: str) -> str:
        guid, nth = wanted, 0
        while not _GUID.fullmatch(guid) or key(guid) in self._taken:
            guid = guid_of(*parts, *([str(nth)] if nth else []))
            nth += 1
        self._taken.add(key(guid))
        return guid


def build(
    study: Study,
    *,
    name: str = "tdfnlp",
    origin: str = f"tdfnlp {__version__}",
    dialect: Dialect = NVIVO,
) -> Written:
    """Write a study as a project that NVivo, QualCoder and others can import.

    Parameters
    ----------
    study : Study
        GUIDs are kept where it has them, others follow from names.
    name : str
        What the project is called.
    origin : str
        The program that wrote it; should begin with "tdfnlp".
    dialect : Dialect
        How positions are counted.

    Returns
    -------
    Written
        The project and what it cannot carry.

    Raises
    ------
    InputError
        A coding does not fit its text.
    """
    check_codings(study.codings, {one.id: len(one.text) for one in study.transcripts})
    guids = _Guids()
    sources = {one.id: guids.take(one.guid, "source", one.id) for one in study.transcripts}
    codes, tree = _codes(study, guids)
    users = {
        coder: guids.take("", "user", coder)
        for coder in dict.fromkeys(one.coder for one in study.codings if one.coder)
    }
    remarks = {
        note: guids.take("", "note", note)
        for note in dict.fromkeys(one.note.strip() for one in study.codings)
        if note
    }
    variables, cases = _cases(study, sources, guids)
    names = _Names(codes, users, remarks)
    parts: list[tuple[str, list[Node]]] = [
        ("Users", [("User", {"guid": guid, "name": coder}, "") for coder, guid in users.items()]),
        ("CodeBook", [("Codes", {}, tree)] if tree else []),
        ("Variables", variables),
        ("Cases", cases),
        ("Sources", list(_sources(study, sources, names, guids, dialect))),
        ("Notes", _notes(remarks, latest(one.when for one in study.codings))),
    ]
    attributes = {"xmlns": SPACE, "name": name, "origin": f"{origin} ({dialect})"}
    body: list[Node] = [(tag, {}, nodes) for tag, nodes in parts if nodes]
    xml = _HEAD + render([("Project", attributes, body)])
    return Written(_zip(study, sources, xml), tuple(unwritten(study, dialect)))


def _notes(remarks: Mapping[str, str], date: str) -> list[Node]:
    """Make notes, each with a date: QualCoder stops at one without."""
    return [
        (
            "Note",
            {"guid": guid, "name": f"Note {guid[:8]}", "creationDateTime": date},
            [("PlainTextContent", {}, text)],
        )
        for text, guid in remarks.items()
    ]


def _codes(study: Study, guids: _Guids) -> tuple[dict[tuple[str, ...], str], list[Node]]:
    """GUID of every code, and the tree: those of the study, those used, and what they stand in."""
    wanted = [*study.codes, *(Code(one.code) for one in study.codings)]
    for code in study.codes:
        check_path(code.path)
    children: dict[tuple[str, ...], list[Node]] = {(): []}
    found: dict[tuple[str, ...], str] = {}
    entries = {code.path: code for code in reversed(study.codes)}
    for code in wanted:
        for depth in range(1, len(code.path) + 1):
            path = code.path[:depth]
            if path in found:
                continue
            one = entries.get(path, Code(path))
            found[path] = guids.take(one.guid, "code", *path)
            children[path] = [("Description", {}, one.definition)] if one.definition else []
            children[path[:-1]].append(("Code", _about(one, found[path]), children[path]))
    return found, children[()]


def _about(code: Code, guid: str) -> dict[str, str]:
    colour = {"color": code.colour} if _COLOUR.fullmatch(code.colour) else {}
    codable = "true" if code.codable else "false"
    name = code.path[-1] if code.path[-1].strip() else NAMELESS
    return {"guid": guid, "name": name, "isCodable": codable} | colour


def _cases(study: Study, sources: dict[str, str], guids: _Guids) -> tuple[list[Node], list[Node]]:
    """Variables, and a case for each transcript that has values of them."""
    variables: dict[str, str] = {}
    cases: list[Node] = []
    has_group = False
    for one in study.transcripts:
        values: list[Node] = []
        attributes = joined(one.attributes)
        if one.group and one.group != group_of(attributes):
            has_group = True
            values.append(_value(GROUP_GUID, one.group))
        for name, value in attributes:
            if name not in variables:
                variables[name] = guids.take("", "variable", name)
            values.append(_value(variables[name], value))
        if values:
            about = {"guid": guids.take("", "case", one.id), "name": one.id}
            ref: Node = ("SourceRef", {"targetGUID": sources[one.id]}, "")
            cases.append(("Case", about, [*values, ref]))
    taken = {name.strip().casefold() for name in variables}
    ours = next(name for name in _group_names() if name.casefold() not in taken)
    named = ([(GROUP_GUID, ours)] if has_group else []) + [(g, n) for n, g in variables.items()]
    return [
        ("Variable", {"guid": guid, "name": name, "typeOfVariable": "Text"}, "")
        for guid, name in named
    ], cases


def _group_names() -> Iterator[str]:
    yield from ("Group", "Participant group", "Document group")
    yield from (f"Group {nth}" for nth in count(2))


def _value(variable: str, value: str) -> Node:
    ref: Node = ("VariableRef", {"targetGUID": variable}, "")
    return ("VariableValue", {}, [ref, ("TextValue", {}, value)])


def _sources(
    study: Study,
    sources: dict[str, str],
    names: _Names,
    guids: _Guids,
    dialect: Dialect,
) -> Iterator[Node]:
    by_text: dict[str, list[Coding]] = {}
    for one in study.codings:
        by_text.setdefault(one.transcript, []).append(one)
    for text in study.transcripts:
        guid = sources[text.id]
        about = {"guid": guid, "name": text.id, "plainTextPath": f"internal://{_file(guid)}"}
        codings = by_text.get(text.id, [])
        points = np.array([at for one in codings for at in (one.start, one.end)], np.int64)
        ruler = Ruler(text.text, marked=_bytes(text).startswith(_MARK))
        units = iter(ruler.units(points, dialect).tolist())
        nodes = [_selection(one, (next(units), next(units)), names, guids) for one in codings]
        yield ("TextSource", about, nodes)


def _selection(one: Coding, span: tuple[int, int], names: _Names, guids: _Guids) -> Node:
    """One selection for each coding, as NVivo does."""
    where = f"{one.start}-{one.end}"
    guid = guids.take(one.guid, "coding", one.transcript, where, one.coder, *one.code)
    by = {"creatingUser": names.users[one.coder]} if one.coder else {}
    by |= {"creationDateTime": one.when} if date_of(one.when) else {}
    inside: list[Node] = [("CodeRef", {"targetGUID": names.codes[one.code]}, "")]
    words: list[Node] = []  # on the passage too, where some programs look for them
    if one.note.strip():
        inside.append(("NoteRef", {"targetGUID": names.notes[one.note.strip()]}, ""))
        words.append(("Description", {}, one.note.strip()))
    about = {"guid": guids.take("", "selection", guid), "name": ""}
    about |= {"startPosition": str(span[0]), "endPosition": str(span[1])}
    return ("PlainTextSelection", about | by, [*words, ("Coding", {"guid": guid} | by, inside)])


def _file(guid: str) -> str:
    return f"{key(guid)}.txt"


def _zip(study: Study, sources: dict[str, str], xml: str) -> bytes:
    """Pack it; without dates, so that one study always gives the same bytes."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        files = [(f"sources/{_file(sources[one.id])}", _bytes(one)) for one in study.transcripts]
        for name, data in [("project.qde", xml.encode()), *files]:
            info = ZipInfo(name)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def _bytes(one: Transcript) -> bytes:
    data = one.text.encode("utf-8", "replace" if is_torn(one.text) else "strict")
    # A text that begins with U+FEFF would lose it, one full of zeros would be taken for UTF-16.
    needs_mark = one.text.startswith("\ufeff") or utf16_without_mark(data) is not None
    return _MARK * needs_mark + data
