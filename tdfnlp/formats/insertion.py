"""Writing suggestions back into an existing REFI-QDA project, which stays as it was otherwise.

The project's XML is only inserted into, every other member of the package keeps its bytes, and
positions are counted as the project counts them. Identifiers follow from what they identify, so
adding the same suggestions twice adds them once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..coding import Coding
from .conventions import (
    ROOT,
    check_codings,
    check_path,
    date_of,
    guid_of,
    key,
    latest,
    unsaid,
)
from .elements import Element
from .package import Written
from .qdpx import Loaded, Text, codings_of, load
from .refi import walk_codes
from .splice import Node, Splicer


@dataclass(frozen=True, slots=True)
class Machine:
    """The user in whose name suggestions stand.

    Attributes
    ----------
    name : str
        "tdfnlp" and the id of the model: one user for each version of a model.
    note : str
        What every coding's note says: model id, thresholds, hash of the codebook.
    when : str
        Date and time in ISO 8601; "" leaves codings without and gives notes the latest date of
        the project, which keeps the output the same each time.
    root : str
        The code under which all suggested codes stand.
    """

    name: str
    note: str = ""
    when: str = ""
    root: str = ROOT

    @property
    def guid(self) -> str:
        """Identifier of the user."""
        return guid_of("user", self.name)


def add(path: Path, data: bytes, codings: Sequence[Coding], machine: Machine) -> Written:
    """Add codings of a machine user to a project.

    Parameters
    ----------
    path : Path
        Name of the project, for messages.
    data : bytes
        The project.
    codings : sequence of Coding
        Code-point spans of the texts as ``read`` gives them; each code is set under
        ``machine.root``. A coding's ``note`` becomes a note on it.
    machine : Machine
        Whose codings they are; ``Coding.coder`` is not looked at.

    Returns
    -------
    Written
        The new project and what could not be carried. Where nothing is new, the same bytes.

    Raises
    ------
    FormatError
        The project cannot be read, or its positions cannot be told for certain.
    InputError
        A coding does not fit its text.
    """
    loaded = load(path, data)
    check_codings(codings, {one.id: len(one.text) for one in loaded.texts})
    fresh, known = _fresh(loaded, codings, machine)
    notes = [f"{path.name}: {len(fresh)} codings of the user {machine.name!r} were added."]
    if known:
        notes.append(f"{path.name}: {known} codings were there already.")
    twice = len(codings) - known - len(fresh)
    if twice:
        notes.append(f"{path.name}: {twice} codings have the span and code of another.")
    lost = unsaid(fresh.values())
    if lost:
        notes.append(f"{lost} codings have a direction that their code does not name; it is lost.")
    if not fresh:
        return Written(data, tuple(notes))
    splicer = Splicer(loaded.xml)
    _add_user(loaded, splicer, machine)
    codes = _add_codes(loaded, splicer, [_path(one, machine) for one in fresh.values()])
    remarks = _add_notes(loaded, splicer, fresh, machine)
    by_text: dict[str, list[_Mark]] = {}
    for guid, one in fresh.items():
        code = codes[_path(one, machine)]
        node = _coding(guid, code, remarks.get(guid), _by(machine, one))
        mark = _Mark(guid, one, node, _remark(one, machine))
        by_text.setdefault(one.transcript, []).append(mark)
    for text in loaded.texts:
        nodes = _selections(loaded, text, by_text.get(text.id, []), machine)
        splicer.add(text.source.element, nodes)
    return Written(loaded.package.replace(loaded.member, splicer.result()), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Mark:
    guid: str
    coding: Coding
    node: Node
    remark: str


def _path(one: Coding, machine: Machine) -> tuple[str, ...]:
    path = one.code if one.code[0] == machine.root else (machine.root, *one.code)
    check_path(path)
    return path


def _remark(one: Coding, machine: Machine) -> str:
    return "\n".join(part for part in (one.note, machine.note) if part)


def _by(machine: Machine, one: Coding | None = None) -> dict[str, str]:
    when = date_of(machine.when or (one.when if one else ""))
    return {"creatingUser": machine.guid} | ({"creationDateTime": when} if when else {})


def _fresh(
    loaded: Loaded, codings: Sequence[Coding], machine: Machine
) -> tuple[dict[str, Coding], int]:
    """Codings that the project lacks, by the GUID they get, and how many it has."""
    guids = {
        text.id: key(text.source.guid) + key(text.source.element.get("guid"))
        for text in loaded.texts
    }
    times = Counter(guids.values())
    # Where several texts have one identifier, or none, the name tells them apart.
    guids = {
        name: guid if guid and times[guid] < 2 else guid + name for name, guid in guids.items()
    }
    there = {
        key(mark.guid)
        for text in loaded.texts
        for marks in (text.source.marks, *(one.marks for one in text.source.selections))
        for mark in marks
    }
    # Some programs give everything new GUIDs: then the same span, code and user tell.
    same = {
        (one.transcript, one.start, one.end, one.code)
        for text in loaded.texts
        for one in codings_of(loaded, text, Counter())
        if one.coder == machine.name
    }
    fresh: dict[str, Coding] = {}
    known = 0
    for one in codings:
        path, span = _path(one, machine), f"{one.start}-{one.end}"
        guid = guid_of("coding", guids[one.transcript], machine.name, span, *path)
        if guid in there or (one.transcript, one.start, one.end, path) in same:
            known += 1
        else:
            fresh.setdefault(guid, one)
    return fresh, known


def _add_user(loaded: Loaded, splicer: Splicer, machine: Machine) -> None:
    user: Node = ("User", {"guid": machine.guid, "name": machine.name}, "")
    if machine.guid not in loaded.project.users:
        _add_under(loaded.project.root, splicer, ("Users",), [user])


def _add_under(
    root: Element, splicer: Splicer, tags: tuple[str, ...], nodes: Sequence[Node]
) -> None:
    """Add under the element that these names lead to; make what is missing on the way."""
    while tags:
        child = root.first(tags[0])
        if child is None:
            for tag in reversed(tags):
                nodes = [(tag, {}, nodes)]
            break
        root, tags = child, tags[1:]
    splicer.add(root, nodes)


def _add_codes(
    loaded: Loaded, splicer: Splicer, paths: Iterable[tuple[str, ...]]
) -> dict[tuple[str, ...], str]:
    """GUID of each code; those that are missing are added under the nearest one that is there."""
    guids: dict[tuple[str, ...], str] = {}
    elements: dict[str, Element] = {}
    for code, element in walk_codes(loaded.project.root):
        guids.setdefault(code.path, code.guid)
        elements.setdefault(key(code.guid), element)
    made: dict[tuple[str, ...], list[Node]] = {}
    for path in dict.fromkeys(p[: n + 1] for p in paths for n in range(len(p))):
        guid = guids.setdefault(path, guid_of("code", *path))
        if key(guid) in elements or path in made:  # someone may have moved or renamed it since
            continue
        made[path] = []
        attributes = {"guid": guid, "name": path[-1], "isCodable": "true"}
        node: Node = ("Code", attributes, made[path])
        outer = path[:-1]
        if outer in made:
            made[outer].append(node)
        elif outer:
            splicer.add(elements[key(guids[outer])], [node])
        else:
            _add_under(loaded.project.root, splicer, ("CodeBook", "Codes"), [node])
    return guids


def _add_notes(
    loaded: Loaded, splicer: Splicer, fresh: Mapping[str, Coding], machine: Machine
) -> dict[str, str]:
    """GUID of the note of each coding that has one; equal notes are one."""
    refs: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    by = {"creatingUser": machine.guid, "creationDateTime": _date(loaded, fresh, machine)}
    for guid, one in fresh.items():
        text = _remark(one, machine)
        if text:
            refs[guid] = note = guid_of("note", machine.name, text)
            name = {"guid": note, "name": f"{machine.name} {note[:8]}"}
            nodes[note] = ("Note", name | by, [("PlainTextContent", {}, text)])
    new = [node for note, node in nodes.items() if note not in loaded.project.notes]
    if new:
        _add_under(loaded.project.root, splicer, ("Notes",), new)
    return refs


def _date(loaded: Loaded, fresh: Mapping[str, Coding], machine: Machine) -> str:
    """Date of the notes: the given one, else the last that is known."""
    there = (
        mark.when
        for text in loaded.texts
        for marks in (text.source.marks, *(one.marks for one in text.source.selections))
        for mark in marks
    )
    new = (one.when for one in fresh.values())
    return date_of(machine.when) or latest((*there, *new))


def _coding(guid: str, code: str, note: str | None, by: dict[str, str]) -> Node:
    refs: list[Node] = [("CodeRef", {"targetGUID": code}, "")]
    refs += [("NoteRef", {"targetGUID": note}, "")] if note else []
    return ("Coding", {"guid": guid} | by, refs)


def _selections(loaded: Loaded, text: Text, marks: Sequence[_Mark], machine: Machine) -> list[Node]:
    """One selection for each coding, as NVivo does, with positions in the project's dialect."""
    points = np.array([(m.coding.start, m.coding.end) for m in marks], np.int64).reshape(-1, 2)
    units = text.ruler.units(points.ravel(), loaded.dialect).reshape(-1, 2).tolist()
    nodes: list[Node] = []
    for mark, (start, end) in zip(marks, units, strict=True):
        about = {"guid": guid_of("selection", mark.guid), "name": ""}
        by = _by(machine, mark.coding)
        # Some programs show the words on the passage, others the note that the coding refers to.
        inside = [*([("Description", {}, mark.remark)] if mark.remark else []), mark.node]
        if text.source.element.tag != "Transcript":
            span = {"startPosition": str(start), "endPosition": str(end)}
            nodes.append(("PlainTextSelection", about | span | by, inside))
            continue
        ends = [guid_of(side, mark.guid) for side in ("from", "to")]
        for guid, at in zip(ends, (start, end), strict=True):
            nodes.append(("SyncPoint", {"guid": guid, "position": str(at)}, ""))
        span = {"fromSyncPoint": ends[0], "toSyncPoint": ends[1]}
        nodes.append(("TranscriptSelection", about | span | by, inside))
    return nodes
