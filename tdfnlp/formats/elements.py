"""XML as a tree that knows its bytes, so that a file can be added to without writing it anew."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ..errors import FormatError

SPACE = "urn:QDA-XML:project:1.0"
MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000
_AGAIN = "Export the project again."
_DECLARED = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._-]{1,40})[\"']"
)


@dataclass(slots=True)
class Element:
    """An element and where it stands in the file, in bytes.

    Attributes
    ----------
    tag : str
        Local name, "" for an element of another namespace.
    attributes, children, text
        As in the file; ``text`` is what stands directly inside.
    start, close : int
        Where its start tag begins, and where its end tag begins; for ``<Users/>`` ``close`` is the
        byte after the tag.
    """

    tag: str
    attributes: dict[str, str]
    start: int
    close: int = 0
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands directly inside."""
        return "".join(self.pieces)

    def all(self, *tags: str) -> Iterator["Element"]:
        """Children with one of these names."""
        return (child for child in self.children if child.tag in tags)

    def first(self, *tags: str) -> "Element | None":
        """First descendant along these names, None where one is missing."""
        found: Element | None = self
        for tag in tags:
            found = next(found.all(tag), None) if found else None
        return found

    def get(self, name: str) -> str:
        """Give an attribute, "" where it is missing."""
        return self.attributes.get(name, "")


class _Builder:
    """Target of the parser: builds ``Element`` and counts."""

    def __init__(self, path: Path, place: str) -> None:
        self.path, self.place = path, place
        self.top = Element("", {}, 0)
        self.open = [self.top]
        self.count = 0
        self.at: Callable[[], int] = lambda: 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition("}")
        known = space in ("{" + SPACE, "")
        element = Element(name if known else "", dict(attributes), self.at())
        self.open[-1].children.append(element)
        self.open.append(element)
        self.count += 1
        if len(self.open) > MAX_DEPTH or self.count > MAX_ELEMENTS:
            what = f"elements more than {MAX_DEPTH} deep"
            if self.count > MAX_ELEMENTS:
                what = f"more than {MAX_ELEMENTS} elements"
            raise FormatError(self.path, f"holds {what}.", place=self.place, hint=_AGAIN)

    def end(self, _tag: str) -> None:
        self.open.pop().close = self.at()

    def data(self, text: str) -> None:
        self.open[-1].pieces.append(text)

    def close(self) -> Element:
        return self.top


def parse(path: Path, data: bytes, place: str) -> Element:
    """Parse the XML of a project into its ``Project`` element."""
    builder = _Builder(path, place)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    expat: Any = parser.parser
    builder.at = lambda: expat.CurrentByteIndex
    try:
        parser.feed(data)
        parser.close()
    except FormatError:
        raise
    except DefusedXmlException as error:
        reason = "holds XML entities or a document type, which no program writes into a project."
        raise FormatError(path, reason, place=place, hint="Do not trust this file.") from error
    except (ParseError, ExpatError, ValueError, LookupError, MemoryError) as error:
        raise FormatError(path, "holds broken XML.", place=place, hint=_AGAIN) from error
    root = builder.top.first("Project")
    if root is None:
        raise FormatError(path, "is no REFI-QDA project.", place=place, hint=_AGAIN)
    return root


def encoding_of(data: bytes) -> str:
    """Name the encoding of an XML file."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith((mark, "<?".encode(encoding))):
            return encoding
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    return declared[1].decode("ascii").lower() if declared else "utf-8"
