"""What people confirmed, read as units to learn from.

A unit comes from a study file, from coded material (a .qdpx, code exports), or from a .jsonl. Only
what people coded counts: nothing of a machine user, nothing that coders have left open.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from .codebook import Code
from .coding import Coding, Study
from .confirmed import Lesson as Lesson
from .confirmed import Lessons as Lessons
from .confirmed import counts as counts
from .confirmed import is_own, joined, person, without_domains
from .consensus import Verdicts, direction, settle
from .errors import CodebookError, FormatError, InputError
from .exchange import all_codes
from .framework import DOMAINS, VALENCES, Valence
from .intake import is_program, moment
from .landing import fill_up, landed, undirected
from .mapping import Tied, apply, tie
from .predicting import Progress
from .segmentation import segment
from .store import Answer, Label, Store
from .store.database import is_url
from .strategies import NAMES
from .suggest import collect
from .transcript import Utterance

Source: TypeAlias = "Store | Study | Lessons | str | Path"

_SPEECH = 5_000
"""Passages that a study's mean vector is taken from; more change nothing that can be seen."""
_SQLITE = b"SQLite format 3\0"
_SOUGHT = frozenset(NAMES) - {"random"}


def read_lessons(
    sources: "Source | Sequence[Source]",
    *,
    mapping: Mapping[str, str] | None = None,
    complete: bool = False,
    progress: Progress | None = None,
) -> Lessons:
    """Read what people confirmed.

    Parameters
    ----------
    sources : Store, Study, Lessons, path, or several of them
        Study files or their URLs; .jsonl files with one unit a line (``text``, ``domains``, and
        where known ``valence``, ``codes``, ``question``, ``speaker``, ``transcript``, ``when``);
        all other files are taken together as one coded study.
    mapping : mapping of str to str, optional
        From a code of coded material to its domain (``mapping.tie``); else its name says it.
    complete : bool
        Whether coders of coded material coded their transcripts whole, so that no domain applies
        to what they left. Otherwise nothing is known of the rest.
    progress : callable, optional
        Gets (stage, done, total).

    Raises
    ------
    InputError
        Nothing that people confirmed.
    FormatError, CodebookError
        A line of a .jsonl is no unit, or names an unknown domain.
    """
    single = isinstance(sources, Store | Study | Lessons | str | Path)
    given: Sequence[Any] = [sources] if single else list(sources)  # type: ignore[arg-type]
    files = [Path(one) for one in given if _is_material(one)]
    parts = [_read(one, mapping, complete) for one in given if not _is_material(one)]
    if files:
        collected = collect(files, progress=progress)
        found = _of_study(collected.study, mapping, complete)
        failed = [f"Not read: {one}" for one in collected.failures]
        parts.append(replace(found, notes=(*failed, *found.notes)))
    found = joined(parts)
    if not found.units:
        raise InputError(" ".join(["There is nothing that people confirmed.", *found.notes]))
    return found


def _is_material(one: Any) -> bool:
    """Whether this is one of the files that are taken together as a coded study."""
    if not isinstance(one, str | Path) or is_study(one):
        return False
    return Path(one).suffix.lower() != ".jsonl"


def _read(one: Any, mapping: Mapping[str, str] | None, complete: bool) -> Lessons:
    if isinstance(one, Lessons):
        return one
    if isinstance(one, Store):
        return _of_store(one)
    if isinstance(one, Study):
        return _of_study(one, mapping, complete)
    if not is_study(one):
        return _of_lines(Path(one), mapping)
    with Store.open(one, create=False) as store:
        return _of_store(store)


def is_study(where: str | Path) -> bool:
    """Whether this is a study file or the address of one."""
    if is_url(where):
        return True
    try:
        with Path(where).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _of_store(store: Store) -> Lessons:
    answers = [one for one in store.answers() if not is_program(one.coder)]
    units = {one.id: one.utterance for one in store.units()}
    return _lessons(units, answers, store.record())


def _lessons(
    units: Mapping[int, Utterance],
    answers: Sequence[Answer],
    record: Sequence[Answer],
    aside: Sequence[Answer] = (),
) -> Lessons:
    """Settle `answers`; the `record` says when a unit was first coded, taken back since or not.

    Those `aside` name codes and say nothing of domains.
    """
    settled = settle(answers)
    labels = {number: list(some) for number, some in settled.confirmed.items()}
    for one in aside:
        if one.utterance not in settled.open:
            labels.setdefault(one.utterance, []).extend(one.labels)
    own = {one.code: code for some in labels.values() for one in some if is_own(code := _code(one))}
    audited = {one.utterance for one in answers if one.how == "blind audit"}
    sought = {one.utterance for one in answers if one.strategy in _SOUGHT} - audited
    when: dict[int, list[str]] = defaultdict(list)
    for one in record:
        when[one.utterance].append(one.when)
    learnt = tuple(
        Lesson(
            units[number].text,
            units[number].question,
            person(units[number].transcript, units[number].speaker),
            _domains(some),
            tuple(dict.fromkeys(one.code for one in some if one.code in own)),
            number not in settled.confirmed,
            audit=number in audited,
            sought=number in sought,
            when=max(when[number]),
            since=min(when[number]),
        )
        for number, some in sorted(labels.items())
    )
    speech = (_sample([one.text for one in units.values()]),)
    return without_domains(Lessons(learnt, speech, _open(settled), tuple(own.values())))


def _code(label: Label) -> Code:
    return Code(label.code, label.domain)


def _open(settled: Verdicts) -> tuple[str, ...]:
    n = len(settled.open)
    return (f"{n} units on which coders differ were left out.",) if n else ()


def _domains(labels: Iterable[Label]) -> tuple[tuple[str, Valence | None], ...]:
    """Give the domains of a unit; what has only codes outside the framework has none."""
    found: dict[str, list[Valence | None]] = defaultdict(list)
    for one in labels:
        if one.domain in DOMAINS:
            found[one.domain].append(one.valence)
    return tuple((domain, direction(given)) for domain, given in found.items())


def _sample(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(texts[:: -(-len(texts) // _SPEECH) or 1])


def _of_study(study: Study, mapping: Mapping[str, str] | None, complete: bool) -> Lessons:
    tied = tie(all_codes(study), mapping)
    study = apply(study, tied)
    people = [one for one in study.codings if not is_program(one.coder) and one.how != "suggested"]
    units = dict(enumerate(segment(study.transcripts)))
    spans: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for number, unit in units.items():
        spans[unit.transcript].append((unit.start, unit.end, number))
    heard, missed = landed(people, spans)
    if complete:
        fill_up(heard, spans)
    given = [
        _answer(unit, coder, some, tied)
        for coder, said in sorted(heard.items())
        for unit, some in sorted(said.items())
    ]
    unknown = {undirected(one.path)[0] for one in tied.unmapped}
    told: dict[bool, list[Answer]] = {True: [], False: []}
    for one in given:
        told[not one.labels or any(label.code not in unknown for label in one.labels)].append(one)
    found = _lessons(units, told[True], given, told[False])
    notes = [*study.notes, *tied.notes]
    used = {one.code for one in people}
    machine = len(study.codings) - len(people)
    odd = sum(one.path in used for one in tied.unmapped)
    for n, what in (
        (machine, "codings of machine users were left out."),
        (missed, "codings are on no participant's speech and were left out."),
        (odd, "codes are tied to no domain; of units that have only these, no domain is learnt."),
    ):
        notes += [f"{n} {what}"] if n else []
    return replace(found, notes=(*notes, *found.notes))


def _answer(unit: int, coder: str, codings: Sequence[Coding], tied: Tied) -> Answer:
    """Give what a coder said of a unit."""
    domains = {one.path: one.domain for one in tied.codebook.codes}
    labels = tuple(
        Label(undirected(one.code)[0], domains.get(one.code), one.valence) for one in codings
    )
    when = max((moment(one.when) for one in codings), default="")
    said: Any = "code" if labels else "none"
    return Answer(0, "", unit, coder, said, labels, how="imported", when=when)


def _of_lines(file: Path, mapping: Mapping[str, str] | None) -> Lessons:
    """Read one unit a line. Not splitlines: JSON allows U+2028 and the like inside a string."""
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise FormatError(file, f"it cannot be read ({error.strerror}).") from error
    units = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            units.append(_lesson(json.loads(line)))
        except CodebookError as error:
            raise CodebookError(f"{file.name}, line {number}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            # Not the error's own words, which may quote the line.
            reason = f"not a unit ({type(error).__name__})."
            hint = 'A line is like {"text": "...", "domains": {"Skills": "barrier"}}.'
            raise FormatError(file, reason, place=f"line {number}", hint=hint) from error
    if not units:
        raise FormatError(file, "there is no unit in it.")
    paths = sorted({path for one in units for path in one.codes})
    own = tuple(one for one in tie([*map(Code, paths)], mapping).codebook.codes if is_own(one))
    there = {one.path for one in own}
    kept = (replace(u, codes=tuple(path for path in u.codes if path in there)) for u in units)
    speech = (_sample([one.text for one in units]),)
    left = len({path for one in units if not one.domains for path in one.codes} - there)
    note = f'{left} names under "codes" are no codes of your own: domains belong under "domains".'
    notes = (note,) if left else ()
    return without_domains(Lessons(tuple(kept), speech, notes, own))


def _lesson(record: dict[str, Any]) -> Lesson:
    codes = record.get("codes", [])
    given = [] if "codes" in record and "domains" not in record else record["domains"]
    domains = given if isinstance(given, dict) else dict.fromkeys(given, record.get("valence"))
    for domain, valence in domains.items():
        if domain not in DOMAINS:
            raise CodebookError(f"{domain!r} is no domain of the framework.")
        if valence is not None and valence not in VALENCES:
            raise CodebookError(f"{valence!r} is no direction: {', '.join(VALENCES)}.")
    if not record["text"].strip() or isinstance(given, str) or not isinstance(codes, list):
        raise TypeError
    when = moment(_said(record, "when"))
    return Lesson(
        record["text"],
        _said(record, "question"),
        person(_said(record, "transcript"), _said(record, "speaker")),
        tuple(domains.items()),
        tuple(dict.fromkeys(map(_path, codes))),
        "domains" not in record,
        when=when,
        since=when,
    )


def _path(code: Any) -> tuple[str, ...]:
    """Read a code: its path as a list, or joined by " > "."""
    names = code.split(">") if isinstance(code, str) else code
    found = tuple(name.strip() for name in names)
    "".join(found).encode()  # half of a character cannot be written into a model
    if isinstance(names, dict) or not found or not all(found):
        raise ValueError
    return found


def _said(record: Mapping[str, Any], key: str) -> str:
    """Give a field as text; a speaker may be the number 0."""
    value = record.get(key)
    return "" if value is None else str(value)
