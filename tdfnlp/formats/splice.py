"""Adding elements to an XML file by inserting bytes: what was there stays, to the byte.

Taking the insertions out again gives the original file. ``<Users/>`` becomes ``<Users>...</Users>``
by two insertions around its slash.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from types import MappingProxyType
from xml.sax.saxutils import escape

from .elements import Element, encoding_of

_TEXT = ("Description", "PlainTextContent", "PlainTextSelection", "Coding", "NoteRef")
ORDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Project": (
            "Users", "CodeBook", "Variables", "Cases", "Sources", "Notes", "Links", "Sets",
            "Graphs", "Description", "NoteRef",
        ),
        "CodeBook": ("Codes", "Sets"),
        "Code": ("Description", "NoteRef", "Code"),
        "TextSource": (*_TEXT, "VariableValue"),
        "Representation": (*_TEXT, "VariableValue"),
        "TextDescription": (*_TEXT, "VariableValue"),
        "Transcript": (
            "Description", "PlainTextContent", "SyncPoint", "TranscriptSelection", "NoteRef",
        ),
    }
)  # fmt: skip
"""Sequences of the schema; a parent that is not named here holds one kind of child."""

Node = tuple[str, dict[str, str], "Iterable[Node] | str"]
"""An element to write: name, attributes, children or text."""


def clean(text: str) -> str:
    """Replace what XML cannot hold, a character for a character."""
    return "".join(c if _is_xml(c) else "\ufffd" for c in text)


def _is_xml(c: str) -> bool:
    return (c >= " " and not ("\ud800" <= c <= "\udfff" or c in "\ufffe\uffff")) or c in "\t\n\r"


def render(nodes: Iterable[Node], prefix: str = "") -> str:
    """Write elements as XML, names with the prefix of the document's namespace."""
    parts: list[str] = []
    for tag, attributes, inside in nodes:
        words = "".join(f" {name}={_quoted(value)}" for name, value in attributes.items())
        body = render(inside, prefix) if not isinstance(inside, str) else _escaped(inside)
        end = f">{body}</{prefix}{tag}>" if body else "/>"
        parts.append(f"<{prefix}{tag}{words}{end}")
    return "".join(parts)


def _escaped(text: str) -> str:
    return escape(clean(text), {"\r": "&#13;"})


def _quoted(value: str) -> str:
    extra = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    return f'"{escape(clean(value), extra)}"'


class Splicer:
    """Gathers elements to add to a parsed file, then adds them all."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.encoding = encoding_of(data)
        self._added: dict[int, tuple[Element, list[Node]]] = {}

    def add(self, parent: Element, nodes: Iterable[Node]) -> None:
        """Put elements under a parent, each where the schema's sequence wants it."""
        self._added.setdefault(id(parent), (parent, []))[1].extend(nodes)

    def insertions(self) -> list[tuple[int, bytes]]:
        """Bytes to put in, and before which byte of the file, in order."""
        cuts: list[tuple[int, str]] = []
        for parent, nodes in self._added.values():
            if nodes:
                cuts += self._cuts(parent, nodes)
        cuts.sort(key=lambda cut: cut[0])  # stable: what goes to one place keeps its order
        return [(place, text.encode(self.encoding, "xmlcharrefreplace")) for place, text in cuts]

    def result(self) -> bytes:
        """Write the file with everything that was added."""
        parts, at = [], 0
        for place, text in self.insertions():
            parts += [self.data[at:place], text]
            at = place
        return b"".join([*parts, self.data[at:]])

    def _cuts(self, parent: Element, nodes: list[Node]) -> list[tuple[int, str]]:
        order = ORDER.get(parent.tag, ())
        rank = {tag: nth for nth, tag in enumerate(order)}
        nodes = sorted(nodes, key=lambda node: rank.get(node[0], 0))
        name = self._name(parent)
        prefix = name[: -len(parent.tag)]
        slash = self._slash(parent)
        if slash is not None:
            width = len("/".encode(self.encoding))
            return [(slash, f">{render(nodes, prefix)}<"), (slash + width, name)]
        cuts = []
        for tag, each in groupby(nodes, key=lambda node: node[0]):
            mine = rank.get(tag, len(rank))
            after = (c.start for c in parent.children if rank.get(c.tag, -1) > mine)
            cuts.append((next(after, parent.close), render(each, prefix)))
        return cuts

    def _name(self, element: Element) -> str:
        """Qualified name as the file has it."""
        width = len("<".encode(self.encoding))
        head = self.data[element.start + width : element.start + width * 4000]
        return re.split(r"[\s/>]", head.decode(self.encoding, "ignore"), maxsplit=1)[0]

    def _slash(self, element: Element) -> int | None:
        """Where the slash of ``<Users/>`` is, None for an element with an end tag."""
        end = "/>".encode(self.encoding)
        bare = not element.children and not element.pieces
        slash = element.close - len(end)
        return slash if bare and self.data[slash : element.close] == end else None
