"""Units that people coded, as values: whose they are, how many, and none of them twice."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from .codebook import Code
from .framework import DOMAINS, Valence
from .spelling import meaning

FEWEST_PEOPLE = 3
"""Under them nothing can be learnt that could be checked."""
CODE_UNITS, CODE_PEOPLE = 5, 2
"""From how many units of how many people on an own code is learnt."""
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
    codes : tuple of tuple of str
        Paths of the study's own codes (``is_own``) on it.
    untied : bool
        Whether nothing is known of its domains: people coded it to another framework alone.
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
    codes: tuple[tuple[str, ...], ...] = ()
    untied: bool = False
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
    codes : tuple of Code
        The studies' own codes that units have, with the domain of each.
    """

    units: tuple[Lesson, ...]
    speech: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()


def is_own(code: Code) -> bool:
    """Whether a code is a study's own, and not a domain, in whatever words, or "none".

    Examples
    --------
    >>> is_own(Code(("Knowledge", "does not know"), "Knowledge")), is_own(Code(("Culture",)))
    (True, True)
    >>> is_own(Code(("TDF", "Knowledge: barrier"), "Knowledge"))
    False
    """
    said = meaning(code.path[-1])
    if code.domain is None:
        return not said.outside
    component = said.component == code.domain  # of COM-B, whose others are tied to no domain
    return (len(code.path) > 1 or component) and said.domain != code.domain


def without_domains(lessons: Lessons) -> Lessons:
    """Mark the units of a source as untied where it has codes and none of them a domain."""
    if not lessons.codes or any(one.domains for one in lessons.units):
        return lessons
    return replace(lessons, units=tuple(replace(one, untied=True) for one in lessons.units))


def tied(lessons: Lessons) -> Lessons:
    """Give the units of which it is known whether domains apply."""
    return replace(lessons, units=tuple(one for one in lessons.units if not one.untied))


def person(transcript: str, speaker: str | None) -> str:
    """Name who speaks: the same label in another transcript is another person."""
    return f"{transcript}\x1f{speaker or ''}"


def counts(lessons: Lessons) -> dict[str, tuple[int, int]]:
    """Count units and people of each of ``DOMAINS``."""
    pairs = [(domain, one.person) for one in lessons.units for domain, _ in one.domains]
    units = Counter(domain for domain, _ in pairs)
    people = Counter(domain for domain, _ in set(pairs))
    return {domain: (units[domain], people[domain]) for domain in DOMAINS}


def code_counts(lessons: Lessons) -> dict[Code, tuple[int, int]]:
    """Count units and people of each of the studies' own codes."""
    pairs = [(path, one.person) for one in lessons.units for path in one.codes]
    units = Counter(path for path, _ in pairs)
    people = Counter(path for path, _ in set(pairs))
    return {one: (units[one.path], people[one.path]) for one in lessons.codes}


def learnable(lessons: Lessons) -> tuple[Code, ...]:
    """Give the own codes with enough units and people; none where there is nothing to tell apart.

    Whatever has none of them, in a study that has some, is an example of none.
    """
    some = {
        one
        for one, (units, people) in code_counts(lessons).items()
        if units >= CODE_UNITS and people >= CODE_PEOPLE
    }
    found = tuple(one for one in lessons.codes if one in some)
    spoken = [one for one, keep in zip(lessons.units, has_codes(lessons), strict=True) if keep]
    bare = len(found) == 1 and all(found[0].path in one.codes for one in spoken)
    few = len({one.person for one in spoken}) < FEWEST_PEOPLE
    return () if bare or few else found


def has_codes(lessons: Lessons) -> tuple[bool, ...]:
    """Say of each unit whether it is of a study in which people used codes of their own."""
    studies = {one.study for one in lessons.units if one.codes}
    return tuple(one.study in studies for one in lessons.units)


def joined(parts: Iterable[Lessons]) -> Lessons:
    """Join sources: names are their own, but who said the same at length is the same person.

    A transcript that was read twice, or a study given as a file and as a project, would else be on
    both sides of a split and count twice.
    """
    units: list[Lesson] = []
    speech: list[tuple[str, ...]] = []
    notes: list[str] = []
    codes: dict[tuple[str, ...], Code] = {}
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
        codes = {one.path: one for one in part.codes} | codes
    kept, said = _once(units)
    own = tuple(codes[path] for path in sorted(codes))
    return Lessons(tuple(kept), tuple(speech), (*notes, *said), own)


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
        if len({frozenset(dict(one.domains)) for one in some if not one.untied}) <= 1:
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
    domains = dict(next((one.domains for one in some if one.domains), ()))
    return replace(
        next((one for one in some if one.codes), some[0]),  # of the study whose codes it has
        domains=tuple((d, v if times[d] == 1 else None) for d, v in domains.items()),
        codes=tuple(dict.fromkeys(path for one in some for path in one.codes)),
        untied=all(one.untied for one in some),
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
