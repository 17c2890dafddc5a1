"""Units that people coded, as values: whose they are, how many, and none of them twice."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from .framework import DOMAINS, Valence

_LONG = 8
"""Words from which on the same words are no accident of speech."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A unit that people coded.

    Attributes
    ----------
    text, question : str
        What was said, and the question before it ("" where there is none).
    person : str
        Transcript and speaker: nobody is on both sides of a split.
    domains : tuple of (domain, valence or None)
        Empty where no domain applies.
    study : int
        Place of its study in ``Lessons.speech``.
    audit : bool
        Whether it came up at random and was coded without sight of a suggestion.
    sought : bool
        Whether it was asked for because a model was unsure of it, or the like.
    when, since : str
        When it was last and first coded, ISO 8601; "" where not known.
    """

    text: str
    question: str
    person: str
    domains: tuple[tuple[str, Valence | None], ...]
    study: int = 0
    audit: bool = False
    sought: bool = False
    when: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Units to learn from.

    Attributes
    ----------
    units : tuple of Lesson
    speech : tuple of tuple of str
        Passages of each study, coded or not: their mean vector is taken off.
    notes : tuple of str
        What was left out and why, one sentence each.
    """

    units: tuple[Lesson, ...]
    speech: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def person(transcript: str, speaker: str | None) -> str:
    """Name who speaks: the same label in another transcript is another person."""
    return f"{transcript}\x1f{speaker or ''}"


def counts(lessons: Lessons) -> dict[str, tuple[int, int]]:
    """Count units and people of each of ``DOMAINS``."""
    pairs = [(domain, one.person) for one in lessons.units for domain, _ in one.domains]
    units = Counter(domain for domain, _ in pairs)
    people = Counter(domain for domain, _ in set(pairs))
    return {domain: (units[domain], people[domain]) for domain in DOMAINS}


def joined(parts: Iterable[Lessons]) -> Lessons:
    """Join sources: names are their own, but who said the same at length is the same person.

    A transcript that was read twice, or a study given as a file and as a project, would else be on
    both sides of a split and count twice.
    """
    units: list[Lesson] = []
    speech: list[tuple[str, ...]] = []
    notes: list[str] = []
    for part in parts:
        first = len(speech)
        units += [
            replace(
                one,
                person=f"{first} {one.person}" if first else one.person,
                study=one.study + first,
            )
            for one in part.units
        ]
        speech += part.speech
        notes += part.notes
    kept, said = _once(units)
    return Lessons(tuple(kept), tuple(speech), (*notes, *said))


def _once(units: Sequence[Lesson]) -> tuple[list[Lesson], list[str]]:
    """Keep one of units with the same words, none where their domains differ."""
    same: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(units):
        words = one.text.casefold().split()
        if len(words) >= _LONG:
            same[" ".join(words)].append(place)
    again = [places for places in same.values() if len(places) > 1]
    who = _people([[units[place].person for place in places] for places in again])
    kept = dict(enumerate(units))
    differing = 0
    for places in again:
        some = [kept.pop(place) for place in places]
        if len({frozenset(dict(one.domains)) for one in some}) == 1:
            kept[places[0]] = _merged(some)
        else:
            differing += 1
    if not again:
        return list(units), []
    note = (
        f"{len(again)} passages came in more than once, word for word (a transcript that is there "
        "twice, or two sources of one study): each counts once, and who said it as one person."
    )
    if differing:
        note += f" {differing} of them were left out, because their domains differ."
    found = [replace(kept[place], person=who(kept[place].person)) for place in sorted(kept)]
    return found, [note]


def _merged(some: Sequence[Lesson]) -> Lesson:
    """Join units of the same words and domains; a direction on which they differ is none."""
    valences = {pair for one in some for pair in one.domains}
    times = Counter(domain for domain, _ in valences)
    return replace(
        some[0],
        domains=tuple((d, v if times[d] == 1 else None) for d, v in some[0].domains),
        audit=any(one.audit for one in some),
        sought=all(one.sought for one in some),
        when=max(one.when for one in some),
        since=min(one.since for one in some),
    )


def _people(groups: Iterable[Sequence[str]]) -> Callable[[str], str]:
    """Give the one name of each person, where groups of names are one person's."""
    above: dict[str, str] = {}

    def name(one: str) -> str:
        while one in above:
            one = above[one]
        return one

    for first, *rest in groups:
        for other in rest:
            if name(first) != name(other):
                above[name(other)] = name(first)
    return name
