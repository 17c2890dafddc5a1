"""What a study says, read once: confirmed passages, people, groups, themes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..consensus import Verdicts, settle
from ..errors import InputError
from ..framework import DOMAINS
from ..store import Answer, Run, Settings, Store, ThemeChange, Unit
from ..themes import Passage, Person, Theme, outside, passages, person, themes_of, vectors_of
from ..themes.grouping import Vector
from ..transcript import Transcript, Utterance
from .text import label

EVERYBODY = "All participants"
NO_GROUP = "No group"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """A study as the report reads it.

    Attributes
    ----------
    name : str
    transcripts : tuple of Transcript
    units : tuple of Unit
    settled : Verdicts
    record : tuple of Answer
        All that was ever answered.
    answers : tuple of Answer
        What holds now.
    runs : tuple of Run
    settings : Settings
    codes : int
        How many codes the study has besides the domains.
    passages, outside : tuple of Passage
        Confirmed, inside and outside the framework.
    themes : tuple of Theme
    changes : tuple of ThemeChange
    vectors : dict
        Of confirmed passages.
    people : dict
        Participants by group; the groups in their order.
    grouped : bool
        Whether the study has groups; without any there is one of everybody.
    """

    name: str
    transcripts: tuple[Transcript, ...]
    units: tuple[Unit, ...]
    settled: Verdicts
    record: tuple[Answer, ...]
    answers: tuple[Answer, ...]
    runs: tuple[Run, ...]
    settings: Settings
    codes: int
    passages: tuple[Passage, ...]
    outside: tuple[Passage, ...]
    themes: tuple[Theme, ...]
    changes: tuple[ThemeChange, ...]
    vectors: dict[int, Vector]
    people: dict[str, frozenset[Person]]
    grouped: bool

    @property
    def everybody(self) -> frozenset[Person]:
        """All participants."""
        return frozenset[Person]().union(*self.people.values())

    def group(self, utterance: Utterance) -> str:
        """Group of who speaks, as it is printed."""
        return _group(utterance) if self.grouped else EVERYBODY

    def sizes(self) -> list[str]:
        """Name the groups with their sizes, as they head columns."""
        return [f"{name} (n\u00a0=\u00a0{len(some)})" for name, some in self.people.items()]

    def by_domain(self) -> dict[str, list[Passage]]:
        """Passages of each domain, all 14 of them."""
        found: dict[str, list[Passage]] = {domain: [] for domain in DOMAINS}
        for one in self.passages:
            found[one.domain].append(one)
        return found

    def by_theme(self) -> dict[str, list[Passage]]:
        """Passages of each theme, by its key, in the order of the themes."""
        places: dict[tuple[int, str], list[Passage]] = defaultdict(list)
        for one in self.passages:
            places[one.number, one.domain].append(one)
        return {
            theme.key: [_of(theme, places[number, theme.domain]) for number in theme.members]
            for theme in self.themes
        }

    def tags(self) -> dict[str, str]:
        """Give the short name under which each theme is found again: T1, T2, ..."""
        return {theme.key: f"T{place}" for place, theme in enumerate(self.themes, start=1)}


def read(store: Store) -> Evidence:
    """Read a study.

    Raises
    ------
    InputError
        Nothing in it is confirmed yet.
    """
    units, answers = store.units(), store.answers()
    settled = settle(answers)
    if not settled.confirmed:
        raise InputError(_nothing(len(units), len(settled.open)))
    found = passages(units, settled)
    vectors, changes = vectors_of(store, found), store.theme_changes()
    return Evidence(
        name=label(store.name),
        transcripts=store.transcripts(),
        units=units,
        settled=settled,
        record=store.record(),
        answers=answers,
        runs=store.runs(),
        settings=store.settings(),
        codes=sum(one.path != (one.domain,) for one in store.codes()),
        passages=found,
        outside=outside(units, settled),
        themes=themes_of(found, changes, vectors),
        changes=changes,
        vectors=vectors,
        people=_people(units),
        grouped=any(label(one.utterance.group or "") for one in units),
    )


def count(some: Iterable[Passage]) -> tuple[int, int]:
    """How many people said it, and in how many passages."""
    there = list(some)
    return len({person(one.utterance) for one in there}), len({one.number for one in there})


def directions(some: Iterable[Passage]) -> dict[str, set[int]]:
    """Utterances by direction; one that is a barrier and a facilitator at once is mixed."""
    said: dict[int, set[str]] = defaultdict(set)
    for one in some:
        said[one.number].add(one.valence or "not given")
    found: dict[str, set[int]] = {
        side: set() for side in ("barrier", "facilitator", "mixed", "neutral", "not given")
    }
    for number, sides in said.items():
        found[_one(sides)].add(number)
    return found


def _one(sides: set[str]) -> str:
    if {"barrier", "facilitator"} <= sides or "mixed" in sides:
        return "mixed"
    strong = sides & {"barrier", "facilitator"} or sides - {"not given"} or sides
    return min(strong)


def _of(theme: Theme, there: list[Passage]) -> Passage:
    """Give the passage that a theme means, where an utterance has several codes of a domain."""
    return next((one for one in there if one.code == theme.code), there[0])


def _people(units: Iterable[Unit]) -> dict[str, frozenset[Person]]:
    found: dict[str, set[Person]] = defaultdict(set)
    for one in units:
        found[_group(one.utterance)].add(person(one.utterance))
    if set(found) <= {NO_GROUP}:
        return {EVERYBODY: frozenset(found[NO_GROUP])}
    last = [NO_GROUP] if NO_GROUP in found else []
    return {name: frozenset(found[name]) for name in [*sorted(set(found) - {NO_GROUP}), *last]}


def _group(utterance: Utterance) -> str:
    return label(utterance.group or "") or NO_GROUP


def _nothing(units: int, differing: int) -> str:
    if differing:
        return (
            f"Nothing is confirmed yet: coders differ on all {differing} passages they answered. "
            "Settle them with `tdfnlp review`."
        )
    return (
        f"Nothing is confirmed yet: the study has {units} passages and no answers. Code some with "
        "`tdfnlp review` or take codes in with `tdfnlp import`."
    )
