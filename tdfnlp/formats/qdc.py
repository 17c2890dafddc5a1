"""REFI-QDA codebooks (.qdc): what NVivo, ATLAS.ti, MAXQDA, QualCoder and Taguette exchange.

The standard is REFI-QDA 1.5; a domain and a valence have no place in it, so they are not written.
"""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..codebook import Code
from ..coding import Study
from ..errors import FormatError, InputError
from .encoding import decode

SPACE = "urn:QDA-XML:codebook:1.0"
ORIGIN = "tdfnlp"
MAX_BYTES = 20 * 2**20  # a codebook of ten thousand codes has three
MAX_DEPTH = 100
MAX_CODES = 100_000
NAMELESS = "(no name)"

_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")
_DECLARATION = re.compile(r"\s{0,20}<\?xml[^<>]{0,200}\?>")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OWN_GUIDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tdfnlp:code")
_FLAT = "::"


def read(path: Path, data: bytes) -> Study:
    """Read a codebook: a study without transcripts, its codes outermost first."""
    if len(data) > MAX_BYTES:
        raise FormatError(path, f"is larger than the {MAX_BYTES} bytes that a codebook may have.")
    root, notes = _parse(path, data)
    book = _codebook(path, root)
    holders = [child for child in book if _local(child) == "Codes"]
    codes = tuple(code for holder in holders for code in read_codes(holder, path))
    if not codes:
        raise FormatError(path, "holds no codes.", hint="Export the codebook again.")
    if not str(book.get("origin")).startswith(ORIGIN):  # a name that we wrote is a name
        split = split_flat(codes)
        if split != codes:
            notes += (f"{path.name}: no code is nested, so names were split at '{_FLAT}'.",)
        codes = split
    return Study((), notes=notes + _losses(path, root, codes), codes=codes)


def read_codes(element: Element, path: Path | str = "codebook") -> tuple[Code, ...]:
    """Read the ``Code`` elements below an element, whatever the nesting.

    Parameters
    ----------
    element : Element
        ``Codes`` of a codebook or of a project, in any namespace.
    path : Path or str
        The file, for the error.

    Returns
    -------
    tuple of Code
        In the order of the file: a code stands before those in it. GUIDs are without braces and
        in the file's own case; "" where the file's is no GUID. Domain and valence are None.

    Raises
    ------
    FormatError
        Codes nest deeper than ``MAX_DEPTH``, or there are more than ``MAX_CODES``.
    """
    codes: list[Code] = []
    waiting: list[tuple[Element, tuple[str, ...]]] = [(one, ()) for one in reversed(element)]
    while waiting:
        one, above = waiting.pop()
        if _local(one) != "Code":
            continue
        code = _code(one, above)
        codes.append(code)
        if len(above) >= MAX_DEPTH or len(codes) > MAX_CODES:
            raise FormatError(
                path,
                f"has codes more than {MAX_DEPTH} deep, or more than {MAX_CODES} of them.",
                hint="No program writes such a codebook; export it again.",
            )
        waiting += [(child, code.path) for child in reversed(one)]
    return tuple(codes)


def split_flat(codes: Sequence[Code]) -> tuple[Code, ...]:
    """Split names like ``Coke::diet Coke`` (ATLAS.ti 8) into paths, unless any code is nested.

    A code that only such names mention becomes a folder: ``codable`` is False.
    """
    parts = [[part.strip() for part in code.path[-1].split(_FLAT)] for code in codes]
    splits = [len(some) > 1 and all(some) and len(some) <= MAX_DEPTH for some in parts]
    if not any(splits) or any(len(code.path) > 1 for code in codes):
        return tuple(codes)
    moved = [
        replace(code, path=tuple(some)) if split else code
        for code, some, split in zip(codes, parts, splits, strict=True)
    ]
    return tuple(_flat(_tree(moved)))


def clean_guid(value: str) -> str:
    """Take the braces off a GUID; "" for what is none."""
    bare = value.strip().removeprefix("{").removesuffix("}")
    return bare if _GUID.fullmatch(bare) else ""


def build(codes: Sequence[Code]) -> bytes:
    """Write a codebook; the same codes give the same bytes.

    Parameters
    ----------
    codes : sequence of Code
        Domains and valences are not written. A GUID is kept where it is one and comes first;
        else it is made of the path. A code above that is missing becomes a folder.

    Returns
    -------
    bytes
        Valid REFI-QDA, in UTF-8. Characters that XML cannot hold become U+FFFD.

    Raises
    ------
    InputError
        There is no code, or one has no name or lies deeper than can be read.
    """
    if not codes or not all(code.path and all(code.path) for code in codes):
        raise InputError("A codebook needs at least one code, and each code a name.")
    if any(len(code.path) > MAX_DEPTH for code in codes):
        raise InputError(f"A code lies more than {MAX_DEPTH} deep, which no program reads.")
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<CodeBook xmlns="{SPACE}" origin="{ORIGIN}">'
    return "\n".join(
        [head, "<Codes>", *_written(_tree(codes)), "</Codes>", "</CodeBook>", ""]
    ).encode()


@dataclass(slots=True)
class _Node:
    code: Code
    inner: list["_Node"] = field(default_factory=list)


def _tree(codes: Sequence[Code]) -> list[_Node]:
    """Nest codes by their paths; folders are made up for codes above that are missing."""
    top: list[_Node] = []
    known: dict[tuple[str, ...], _Node] = {}
    stated = {code.path: code for code in reversed(codes)}
    for code in codes:
        for depth in range(1, len(code.path)):
            above = code.path[:depth]
            if above not in known:
                _hang(top, known, stated.get(above, Code(above, codable=False)))
        if known.get(code.path) is None or known[code.path].code is not code:
            _hang(top, known, code)
    return top


def _hang(top: list[_Node], known: dict[tuple[str, ...], _Node], code: Code) -> None:
    node = _Node(code)
    above = known.get(code.path[:-1])
    (above.inner if above else top).append(node)
    known[code.path] = node


def _flat(nodes: Sequence[_Node]) -> Iterator[Code]:
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        yield node.code
        waiting += reversed(node.inner)


def _written(nodes: Sequence[_Node]) -> Iterator[str]:
    taken: set[str] = set()
    waiting: list[_Node | None] = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if node is None:
            yield "</Code>"
            continue
        code = node.code
        colour = f' color="{code.colour}"' if _COLOUR.fullmatch(code.colour) else ""
        yield (
            f'<Code guid="{_guid(code, taken)}" name="{_escaped(code.path[-1])}" '
            f'isCodable="{str(code.codable).lower()}"{colour}>'
        )
        if code.definition:
            yield f"<Description>{_escaped(code.definition)}</Description>"
        waiting += [None, *reversed(node.inner)]


def _guid(code: Code, taken: set[str]) -> str:
    """Keep a code's GUID if it is one and not used above; else make one of the path."""
    guid, again = clean_guid(code.guid), 0
    while not guid or guid.lower() in taken:
        # JSON keeps ("a", "b") and ("a/b",) apart, and takes any string.
        guid = str(uuid.uuid5(_OWN_GUIDS, json.dumps([*code.path, again])))
        again += 1
    taken.add(guid.lower())
    return guid


def _escaped(text: str) -> str:
    marks = {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
    return escape(_NO_XML.sub("\ufffd", text), marks)


def _parse(path: Path, data: bytes) -> tuple[Element, tuple[str, ...]]:
    try:
        return fromstring(data, forbid_dtd=True), ()
    except DefusedXmlException as error:
        raise _unsafe(path) from error
    except (ParseError, ValueError, LookupError):
        # A declaration may name another encoding than the file has, as .NET programs write it.
        text, notes = decode(path, data)
    try:
        return fromstring(_DECLARATION.sub("", text, count=1), forbid_dtd=True), notes
    except DefusedXmlException as error:
        raise _unsafe(path) from error
    except (ParseError, ValueError, LookupError) as error:
        line = f"line {error.position[0]}" if isinstance(error, ParseError) else ""
        hint = "Export the codebook again."
        raise FormatError(path, "holds broken XML.", place=line, hint=hint) from error


def _unsafe(path: Path) -> FormatError:
    reason = "holds XML entities or a document type, which no codebook needs."
    return FormatError(path, reason, hint="Do not trust this file.")


def _codebook(path: Path, root: Element) -> Element:
    inside = root if _local(root) == "Project" else [root]
    book = next((one for one in inside if _local(one) == "CodeBook"), None)
    if book is None:
        raise FormatError(
            path, "is XML but no REFI-QDA codebook.", hint="Export the codebook as .qdc."
        )
    return book


def _local(element: Element) -> str:
    """Give the name of an element, "" for a comment or one of another vocabulary."""
    space, _, name = str(element.tag).rpartition("}")
    return name if not space or space.startswith("{urn:QDA-XML:") else ""


def _code(element: Element, above: tuple[str, ...]) -> Code:
    described = next((one for one in element if _local(one) == "Description"), None)
    colour = (element.get("color") or "").strip()
    if not _COLOUR.fullmatch(colour):
        colour = ""
    elif len(colour) == 4:
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    return Code(
        path=(*above, (element.get("name") or "").strip() or NAMELESS),
        definition=("" if described is None else described.text or "").strip(),
        guid=clean_guid(element.get("guid") or ""),
        colour=colour.upper(),
        codable=(element.get("isCodable") or "").strip().lower() not in ("false", "0"),
    )


def _losses(path: Path, root: Element, codes: Sequence[Code]) -> tuple[str, ...]:
    counts = {
        "sets of codes": sum(_local(one) == "Set" for one in root.iter()),
        "notes on codes": sum(_local(one) == "NoteRef" for one in root.iter()),
        "sources": sum(_local(one).endswith("Source") for one in root.iter()),
    }
    lost = [f"{count} {what}" for what, count in counts.items() if count]
    notes: tuple[str, ...] = ()
    if lost:
        notes += (f"{path.name}: not carried: {', '.join(lost)}.",)
    nameless = sum(code.path[-1] == NAMELESS for code in codes)
    if nameless:
        notes += (f"{path.name}: {nameless} codes have no name; they are called {NAMELESS!r}.",)
    return notes
