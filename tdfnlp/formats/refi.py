"""What the elements of a REFI-QDA project mean.

Lenient in what it accepts: programs write elements out of order, GUIDs in braces or capitals, and
references to nothing. Elements of other namespaces are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..codebook import Code
from .conventions import ORIGIN, ROOT, key
from .elements import Element
from .qdc import NAMELESS, split_flat

_SELECTIONS = ("PlainTextSelection", "TranscriptSelection")
_MEDIA_SELECTIONS = ("PictureSelection", "PDFSelection", "AudioSelection", "VideoSelection")
_TEXTS = ("TextSource", "Representation", "Transcript", "TextDescription")
_MOST_NOTES = 20  # on one passage: each stands on every coding of it


@dataclass(frozen=True, slots=True)
class Mark:
    """A ``Coding``: which code, whose, when, with which notes and which words beside it."""

    guid: str
    target: str
    user: str
    when: str
    notes: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """A passage and its codings; ``start`` is None where the file gives no whole numbers."""

    guid: str
    start: int | None
    end: int
    marks: tuple[Mark, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A text: a source, a transcript of a recording or the text of a PDF.

    ``guid`` and ``name`` are those of the source, ``element`` is the one that holds the text.
    ``values`` are (variable key, value); ``syncs`` are (position, milliseconds or None).
    """

    guid: str
    name: str
    element: Element
    selections: tuple[Selection, ...]
    marks: tuple[Mark, ...]
    values: tuple[tuple[str, str], ...]
    syncs: tuple[tuple[int, int | None], ...]

    @property
    def text_path(self) -> str:
        """Where the plain text is, "" for inside."""
        return self.element.get("plainTextPath").strip()


@dataclass(frozen=True, slots=True)
class Case:
    """A person or the like: its values, and the keys of its sources and selections."""

    values: tuple[tuple[str, str], ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """What a project holds, by key: a GUID in small letters without braces."""

    root: Element
    origin: str
    users: dict[str, str]
    codes: tuple[Code, ...]
    variables: dict[str, str]
    cases: dict[str, Case]
    sources: tuple[Source, ...]
    notes: dict[str, Element]
    unread: int  # sources without any text
    media_marks: int  # codings of regions, not of text


def project_of(root: Element) -> Project:
    """Say what the elements of a project mean."""
    sources, unread, media = _sources(root)
    return Project(
        root,
        root.get("origin"),
        {key(u.get("guid")): _user(u) for u in under(root, "Users", "User")},
        _codes(root),
        {key(v.get("guid")): v.get("name").strip() for v in under(root, "Variables", "Variable")},
        {key(c.get("guid")): _case(c) for c in under(root, "Cases", "Case")},
        sources,
        {key(n.get("guid")): n for n in under(root, "Notes", "Note")},
        unread,
        media,
    )


def _codes(root: Element) -> tuple[Code, ...]:
    """Codes as they are meant: flat names of ATLAS.ti in steps, whatever was suggested beside."""
    codes = tuple(code for code, _ in walk_codes(root))
    if root.get("origin").startswith(ORIGIN):  # a name that we wrote is a name
        return codes
    flat = [code for code in codes if code.path[0] != ROOT]
    split = split_flat(flat)
    ours = (code for code in codes if code.path[0] == ROOT)
    return codes if split == tuple(flat) else (*split, *ours)


def walk_codes(root: Element) -> Iterator[tuple[Code, Element]]:
    """Codes as they are written, with their elements, outermost first, in the file's order."""
    stack: list[tuple[tuple[str, ...], Element]] = [
        ((), code) for code in reversed(list(under(root, "CodeBook", "Codes", "Code")))
    ]
    while stack:
        outer, element = stack.pop()
        path = (*outer, element.get("name").strip() or NAMELESS)
        stack += [(path, child) for child in reversed(list(element.all("Code")))]
        yield (
            Code(
                path,
                definition=about(element),
                guid=element.get("guid"),
                colour=_colour(element.get("color")),
                codable=element.get("isCodable").strip().lower() not in ("false", "0"),
            ),
            element,
        )


def about(element: Element) -> str:
    """Give the words of an element's ``Description``, "" where it has none."""
    found = element.first("Description")
    return found.text.strip() if found else ""


def under(root: Element, *tags: str) -> Iterator[Element]:
    """Elements at the end of a way of names."""
    *outer, last = tags
    for tag in outer:
        root = next(root.all(tag), Element("", {}, 0))
    return root.all(last)


def _user(user: Element) -> str:
    return user.get("name") or user.get("id") or user.get("guid")


def _colour(colour: str) -> str:
    digits = colour.strip().removeprefix("#")
    if re.fullmatch("[0-9A-Fa-f]{3}", digits):
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits}" if re.fullmatch("[0-9A-Fa-f]{6}", digits) else ""


def _case(case: Element) -> Case:
    links = tuple(key(one.get("targetGUID")) for one in case.all("SourceRef", "SelectionRef"))
    return Case(_values(case), links)


def _values(holder: Element) -> tuple[tuple[str, str], ...]:
    found = []
    for value in holder.all("VariableValue"):
        name = value.first("VariableRef")
        words = next((one.text.strip() for one in value.children if one.tag.endswith("Value")), "")
        if name is not None and words:
            found.append((key(name.get("targetGUID")), words))
    return tuple(found)


def _sources(root: Element) -> tuple[tuple[Source, ...], int, int]:
    found: list[Source] = []
    unread = media = 0
    for holder in (root.first("Sources") or Element("", {}, 0)).children:
        if not holder.tag:
            continue
        texts = [holder] if holder.tag == "TextSource" else list(holder.all(*_TEXTS))
        found += [_source(holder, text) for text in texts]
        unread += not texts
        media += sum(len(_marks(one)) for one in holder.all(*_MEDIA_SELECTIONS))
    return tuple(found), unread, media


def _source(holder: Element, text: Element) -> Source:
    syncs = {
        key(one.get("guid")): (_whole(one.get("position")), _whole(one.get("timeStamp")))
        for one in text.all("SyncPoint")
    }
    return Source(
        holder.get("guid"),
        holder.get("name") or text.get("name"),
        text,
        tuple(_selection(one, syncs) for one in text.all(*_SELECTIONS)),
        _marks(holder) + (_marks(text) if text is not holder else ()),
        _values(holder),
        tuple((at, stamp) for at, stamp in syncs.values() if at is not None),
    )


def _selection(one: Element, syncs: dict[str, tuple[int | None, int | None]]) -> Selection:
    start, end = _whole(one.get("startPosition")), _whole(one.get("endPosition"))
    if one.tag == "TranscriptSelection":
        nowhere = (None, None)
        start = syncs.get(key(one.get("fromSyncPoint")), nowhere)[0]
        end = syncs.get(key(one.get("toSyncPoint")), nowhere)[0]
    whole = start is not None and end is not None
    return Selection(
        one.get("guid"), start if whole else None, end or 0, _marks(one, inner=True), about(one)
    )


def _marks(holder: Element, *, inner: bool = False) -> tuple[Mark, ...]:
    """Codings of a source, or of a passage: what is noted on that is noted on its codings."""
    user, when = holder.get("creatingUser"), holder.get("creationDateTime")
    found = []
    shared = _notes(holder)[:_MOST_NOTES] if inner else ()
    words = about(holder) if inner else ""
    for coding in holder.all("Coding"):
        code = coding.first("CodeRef")
        target = code.get("targetGUID") if code else ""
        whose = coding.get("creatingUser") or user
        date = coding.get("creationDateTime") or when
        notes = (*_notes(coding), *shared)
        found.append(Mark(coding.get("guid"), key(target), key(whose), date, notes, words))
    return tuple(found)


def _notes(holder: Element) -> tuple[str, ...]:
    return tuple(key(note.get("targetGUID")) for note in holder.all("NoteRef"))


def _whole(number: str) -> int | None:
    number = number.strip()
    return int(number) if re.fullmatch(r"[+-]?[0-9]{1,12}", number) else None
