"""REFI-QDA projects (.qdpx) from NVivo, ATLAS.ti, MAXQDA, QualCoder and other programs."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..coding import Coding, Study
from ..errors import FormatError
from ..transcript import Transcript, Turn
from .cases import about_groups, cases_of, group_of
from .content import BOMS
from .conventions import GROUP_GUID, is_machine, key
from .dialect import Dialect, Marked, Ruler, infer
from .elements import Element, parse
from .encoding import decode
from .losses import left_out, sentences
from .package import Package
from .refi import Case, Mark, Project, Source, about, project_of
from .speakers import find_turns, split_lines


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
    project = loaded.project
    links = cases_of(project.cases, ((one.id, one.source) for one in loaded.texts))
    lost = loaded.lost + left_out(project)
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
    notes += [*sentences(lost), *about_groups(transcripts)]
    return Study(tuple(transcripts), tuple(codings), tuple(notes), project.codes)


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
    bare = [one for one in text.source.selections if not one.marks]
    lost["bare"] += len(bare)
    lost["comment"] += sum(bool(one.about) for one in bare)
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
    how = "suggested" if is_machine(coder) else "imported"
    # Programs look in different places, so the same words may stand in several.
    words = [*(_note(loaded, one) for one in mark.notes), mark.about]
    notes = [one for one in dict.fromkeys(words) if one]
    if len(notes) > 1:
        loaded.package.spend(sum(map(len, notes)))
    note = "\n\n".join(notes)
    return Coding(name, *span, code, coder, None, how, mark.when, mark.guid, note)


def _note(loaded: Loaded, target: str) -> str:
    note = loaded.project.notes.get(target)
    if note is not None and target not in loaded.remarks:
        text, _, _ = _text_of(loaded.package, note, target)
        loaded.remarks[target] = (text or "").strip() or about(note)
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
