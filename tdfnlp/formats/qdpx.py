"""REFI-QDA projects (.qdpx) from NVivo, ATLAS.ti, MAXQDA, QualCoder and other programs."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ..coding import Coding, Study
from ..errors import FormatError
from ..transcript import Transcript, Turn
from .content import BOMS
from .dialect import Dialect, Marked, Ruler, infer
from .elements import Element, parse
from .encoding import decode
from .package import Package
from .refi import GROUP_GUID, Case, Mark, Project, Source, key, project_of
from .speakers import find_turns, split_lines

_GROUPS = frozenset(
    "group,participant group,document group,role,job role,profession,professional group,"
    "occupation,job title,stakeholder,stakeholder group,cohort,arm,study arm,type of participant,"
    "participant type,participant role,discipline".split(",")
)
_SEVERAL = 2
_UNSET = frozenset(["", "unassigned", "not applicable", "n/a", "na", "none", "unknown"])

_LOST = MappingProxyType(
    {
        "bare": "{} marked passages carry no code",
        "case": "{} passages stand for a case (a person), not for a code",
        "dangling": "{} codings point to a code that the project does not define",
        "outside": "{} codings lie outside their text and were left out",
        "media": "{} codings of pictures, sound or regions of a page were left out",
        "unread": "{} sources without any text (pictures, recordings) were left out",
        "silent": "{} codings belong to texts that could not be read",
    }
)


@dataclass(frozen=True, slots=True)
class Text:
    """A source's decoded text, without byte order mark, under a name that is unique."""

    id: str
    source: Source
    text: str
    ruler: Ruler


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project, its texts, and how it counts positions; ``remarks`` fills as notes are read."""

    package: Package
    member: str
    xml: bytes
    project: Project
    texts: tuple[Text, ...]
    dialect: Dialect
    notes: tuple[str, ...]
    lost: Counter[str]
    remarks: dict[str, str] = field(default_factory=dict)


def read(path: Path, data: bytes) -> Study:
    """Read a project: its texts, its codes, and what people coded."""
    loaded = load(path, data)
    links = _cases_of(loaded)
    lost = Counter(loaded.lost)
    transcripts, codings, notes = [], [], list(loaded.notes)
    for one in loaded.texts:
        found = list(codings_of(loaded, one, lost))
        if not one.text.strip():
            notes.append(f"{one.id}: has no text and was left out.")
            continue
        codings += found
        transcript, more = _transcript(loaded, one, links.get(one.id, ()))
        transcripts.append(transcript)
        notes += more
    notes += [_LOST[what].format(lost[what]) + "." for what in _LOST if lost[what]]
    notes += _about_groups(loaded.project, transcripts)
    return Study(tuple(transcripts), tuple(codings), tuple(notes), loaded.project.codes)


def load(path: Path, data: bytes) -> Loaded:
    """Open a project as far as reading and adding to it have in common.

    Raises
    ------
    FormatError
        The file is no project, is unsafe, or counts positions in a way that cannot be told.
    """
    package = Package(path, data)
    member = package.main()
    xml = package.read(member)
    project = project_of(parse(path, xml, member))
    lost = Counter(media=project.media_marks, unread=project.unread)
    texts: list[Text] = []
    notes: list[str] = []
    for name, source in zip(_names(project.sources), project.sources, strict=True):
        text, marked, problems = _text_of(package, source.element, name)
        notes += problems
        if text is None:
            lost["silent"] += len(source.marks) + sum(len(s.marks) for s in source.selections)
        else:
            texts.append(Text(name, source, text, Ruler(text, marked=marked)))
    verdict = infer(project.origin, [_marked(one) for one in texts if one.text.strip()])
    if verdict.problem:
        raise FormatError(
            path,
            "counts positions in its texts in a way that cannot be told for certain.",
            place=member,
            hint=f"{verdict.problem} Export it again from the program that it comes from; if "
            "there are few codings, code a few passages near the end of a text first.",
        )
    notes += [f"{path.name}: {verdict.note}"] if verdict.note else []
    found = tuple(texts)
    return Loaded(package, member, xml, project, found, verdict.dialect, tuple(notes), lost)


def spans_of(loaded: Loaded, text: Text) -> list[tuple[int, int]]:
    """Span of each selection in code points, (-1, -1) where it lies outside the text."""
    starts, ends = _marked(text).spans(loaded.dialect)
    found = iter(zip(starts.tolist(), ends.tolist(), strict=True))
    return [(-1, -1) if s.start is None else next(found) for s in text.source.selections]


def codings_of(loaded: Loaded, text: Text, lost: Counter[str]) -> Iterator[Coding]:
    """Codings of one text, in the order of the file; `lost` counts the others by reason."""
    paths = {key(code.guid): code.path for code in loaded.project.codes}
    spans = spans_of(loaded, text)
    whole = (0, len(text.text)) if text.text else (-1, -1)
    passages = [(one.marks, span) for one, span in zip(text.source.selections, spans, strict=True)]
    lost["bare"] += sum(not marks for marks, _ in passages)
    for marks, (start, end) in [*passages, (text.source.marks, whole)]:
        for mark in marks:
            if mark.target in loaded.project.cases:
                lost["case"] += 1
            elif mark.target not in paths:
                lost["dangling"] += 1
            elif start < 0:
                lost["outside"] += 1
            else:
                yield _coding(loaded, mark, text.id, (start, end), paths[mark.target])


def _coding(
    loaded: Loaded, mark: Mark, name: str, span: tuple[int, int], code: tuple[str, ...]
) -> Coding:
    coder = loaded.project.users.get(mark.user, mark.user)
    notes = [_note(loaded, one) for one in dict.fromkeys(mark.notes)]
    if len(notes) > 1:
        loaded.package.spend(sum(map(len, notes)))
    note = "\n\n".join(one for one in notes if one)
    return Coding(name, *span, code, coder, when=mark.when, guid=mark.guid, note=note)


def _note(loaded: Loaded, target: str) -> str:
    note = loaded.project.notes.get(target)
    if note is not None and target not in loaded.remarks:
        text, _, _ = _text_of(loaded.package, note, target)
        about = note.first("Description")
        loaded.remarks[target] = (text or "").strip() or (about.text.strip() if about else "")
    return loaded.remarks.get(target, "")


def _marked(text: Text) -> Marked:
    chosen = [one for one in text.source.selections if one.start is not None]
    starts = np.array([one.start for one in chosen], np.int64)
    return Marked(text.text, text.ruler, starts, np.array([one.end for one in chosen], np.int64))


def _names(sources: Sequence[Source]) -> list[str]:
    """Name each source uniquely: "P1", "P1 (2)"."""
    taken: set[str] = set()
    times: Counter[str] = Counter()
    names = []
    for nth, source in enumerate(sources, 1):
        name = wanted = source.name or Path(source.text_path).stem or f"Source {nth}"
        while name in taken:
            times[wanted] += 1
            name = f"{wanted} ({times[wanted] + 1})"
        taken.add(name)
        names.append(name)
    return names


def _text_of(
    package: Package, element: Element, name: str
) -> tuple[str | None, bool, tuple[str, ...]]:
    """Text of a source, whether it began with a byte order mark, and notes on what was amiss."""
    inside = element.first("PlainTextContent")
    where = element.get("plainTextPath").strip()
    if inside is not None or not where:
        text = inside.text if inside else ""
        missing = () if inside or not element.get("richTextPath") else (_no_plain(name),)
        return text.removeprefix("\ufeff"), text.startswith("\ufeff"), missing
    member = package.find(where)
    if member is None:
        return None, False, (f"{name}: its plain text is not in the project file.",)
    data = package.read(member)
    try:
        text, notes = decode(Path(name), data)
    except FormatError as error:
        return None, False, (f"{name}: its plain text was left out: {error.reason}",)
    return text, any(data.startswith(mark) for mark, _ in BOMS), notes


def _no_plain(name: str) -> str:
    return f"{name}: the project holds no plain text of it, only formatted text."


def _transcript(
    loaded: Loaded, one: Text, cases: Sequence[Case]
) -> tuple[Transcript, tuple[str, ...]]:
    spoken = find_turns(one.text, split_lines(one.text), name=one.id)
    values = list(one.source.values)
    notes = spoken.notes
    if len(cases) == 1:
        values += cases[0].values
        loaded.package.spend(100 * len(values))
    elif cases:
        notes += (f"{one.id}: stands for several cases, so their variables were not taken.",)
    own = next((value for name, value in values if name == GROUP_GUID), None)
    named = [(loaded.project.variables.get(name, ""), value) for name, value in values]
    kept = zip(values, named, strict=True)
    attributes = tuple(
        dict.fromkeys(pair for (at, _), pair in kept if pair[0] and at != GROUP_GUID)
    )
    group = own or group_of(attributes) or spoken.group
    turns = _timed(spoken.turns, _stamps(loaded, one))
    guid = one.source.guid
    return Transcript(one.id, one.text, turns, group, None, attributes, guid), notes


def group_of(attributes: Sequence[tuple[str, str]]) -> str | None:
    """Participant group among the variables of a source, by the variable's name."""
    for name, value in attributes:
        plain = "".join(c if c.isalnum() else " " for c in name.rpartition(":")[2].casefold())
        if " ".join(plain.split()) in _GROUPS and value.casefold() not in _UNSET:
            return value
    return None


def _about_groups(project: Project, transcripts: Sequence[Transcript]) -> list[str]:
    seen = {name for one in transcripts for name, _ in one.attributes}
    if not seen or any(one.group for one in transcripts):
        return []
    return [f"No variable names the participants' group; there are {', '.join(sorted(seen)[:20])}."]


def _stamps(loaded: Loaded, one: Text) -> list[tuple[int, float]]:
    """Points of the text with a time in seconds."""
    timed = [(at, stamp / 1000) for at, stamp in one.source.syncs if stamp is not None]
    places = one.ruler.points(np.array([at for at, _ in timed], np.int64), loaded.dialect)
    seconds = (stamp for _, stamp in timed)
    return sorted(pair for pair in zip(places.tolist(), seconds, strict=True) if pair[0] >= 0)


def _timed(turns: Sequence[Turn], points: Sequence[tuple[int, float]]) -> tuple[Turn, ...]:
    """Give turns the time stamps of the points around them, where they have none."""
    places = [at for at, _ in points]
    timed = []
    for turn in turns:
        before, after = bisect_right(places, turn.start) - 1, bisect_left(places, turn.end)
        begins = points[before][1] if before >= 0 else None
        ends = points[after][1] if after < len(points) else None
        known = turn.begins is not None
        timed.append(turn if known else replace(turn, begins=begins, ends=ends))
    return tuple(timed)


def _cases_of(loaded: Loaded) -> dict[str, tuple[Case, ...]]:
    """Cases that each text stands for: those of the whole text, else those of passages in it."""
    project = loaded.project
    if not project.cases:
        return {}
    linked: dict[str, set[str]] = {}
    for name, case in project.cases.items():
        for link in case.links:
            there = linked.setdefault(link, set())
            if len(there) < _SEVERAL:  # more than one is all that counts
                there.add(name)
    found = {}
    for one in loaded.texts:
        keys = (key(one.source.guid), key(one.source.element.get("guid")))
        whole = {mark.target for mark in one.source.marks if mark.target in project.cases}
        whole = whole.union(*(linked.get(each, ()) for each in keys))
        parts = {m.target for s in one.source.selections for m in s.marks}.intersection(
            project.cases
        )
        parts = parts.union(*(linked.get(key(s.guid), ()) for s in one.source.selections))
        found[one.id] = tuple(project.cases[each] for each in sorted(whole or parts)[:_SEVERAL])
    return found
