"""Codings made elsewhere, at their places in a study file; and how directions go out of it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from .coding import Coding, Study
from .framework import VALENCES, Valence
from .matching import locate
from .store import Store, coder_name

UNKNOWN = "unknown"
"""Coder of what the source names no coder for."""
_DECIDED = " (adjudication)"
"""Ends the name of the user for whom a coder's adjudications leave a study file: a project has no
other place for them, and they are not what the coder said before."""
Spans: TypeAlias = Sequence[tuple[int, int, int]]
"""Start, end and number of the utterances of one transcript, in order."""


def placed(store: Store, study: Study) -> tuple[Study, Sequence[str]]:
    """Move codings into the study file's own texts, where those are not the study's."""
    stored = {one.id: one for one in store.transcripts()}
    texts = {name: one.content_hash for name, one in stored.items()}
    others = {
        one.id
        for one in study.transcripts
        if texts.get(one.id, one.content_hash) != one.content_hash
        or (study.excerpts and one.id not in texts)
    }
    if not others or not stored:
        return study, ()
    apart = Study(
        tuple(one for one in study.transcripts if one.id in others),
        tuple(one for one in study.codings if one.transcript in others),
    )
    found = locate(apart, tuple(stored.values()))
    kept = [one for one in study.codings if one.transcript not in others]
    transcripts = [one for one in study.transcripts if one.id not in others]
    transcripts += [one for one in found.transcripts if one.id not in texts]
    codings = (*kept, *found.codings)
    return replace(study, transcripts=tuple(transcripts), codings=codings), found.notes


def spans(store: Store) -> dict[str, Spans]:
    """Give the utterances of each transcript."""
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for (name, start, end), number in store.numbers().items():
        found[name].append((start, end, number))
    return {name: sorted(some) for name, some in found.items()}


def landed(
    codings: Iterable[Coding], spans: Mapping[str, Spans]
) -> tuple[dict[str, dict[int, list[Coding]]], int]:
    """Give each coder's codings by utterance, and how many codings are on none."""
    heard: dict[str, dict[int, list[Coding]]] = defaultdict(lambda: defaultdict(list))
    missed = 0
    for one in codings:
        units = list(_units(one, spans.get(one.transcript, ())))
        missed += not units
        for unit in units:
            named = any(map(str.isalnum, one.coder))
            heard[coder_name(one.coder) if named else UNKNOWN][unit].append(one)
    return heard, missed


def _units(one: Coding, spans: Spans) -> Iterator[int]:
    place = bisect_left(spans, one.start, key=lambda span: span[1])
    for start, end, number in spans[place:]:
        if start >= one.end:
            return
        shared = min(end, one.end) - max(start, one.start)
        if shared > 0 and 2 * shared >= min(end - start, one.end - one.start):
            yield number


def fill_up(heard: Mapping[str, dict[int, list[Coding]]], spans: Mapping[str, Spans]) -> None:
    """Give each coder the utterances that he or she left, in transcripts with codings of theirs."""
    for coder, said in heard.items():
        if adjudicator(coder):
            continue  # they decide where coders differ, and say nothing of the rest
        touched = {one.transcript for some in said.values() for one in some}
        for name in touched:
            for _, _, unit in spans[name]:
                said.setdefault(unit, [])


def adjudicating(coder: str) -> str:
    """Name the user for whom a coder's adjudications leave a study file."""
    return coder + _DECIDED


def adjudicator(user: str) -> str:
    """Give the coder whose adjudications a user has, "" for a user who codes.

    Examples
    --------
    >>> adjudicator(adjudicating("Ana")), adjudicator("Ana")
    ('Ana', '')
    """
    return user.removesuffix(_DECIDED) if user.endswith(_DECIDED) else ""


def directed(path: tuple[str, ...], valence: Valence) -> tuple[str, ...]:
    """Give the code under `path` that says a direction: how codings leave a study file.

    Examples
    --------
    >>> directed(("Knowledge",), "barrier")
    ('Knowledge', 'Knowledge: barrier')
    """
    return (*path, f"{path[-1]}: {valence}")


def undirected(path: tuple[str, ...]) -> tuple[tuple[str, ...], Valence | None]:
    """Take a direction off again that ``directed`` added."""
    for valence in VALENCES:
        if path[:-1] and directed(path[:-1], valence) == path:
            return path[:-1], valence
    return path, None
