"""Which domains matter: frequency, spread, conflicting beliefs; and what goes together.

Atkins L, Francis J, Islam R, et al. A guide to using the Theoretical Domains Framework of behaviour
change to investigate implementation problems. Implementation Science 2017;12:77. Their criteria
are frequency, conflicting beliefs, and evidence of strong beliefs that may affect the behaviour.
The first two and the spread over people can be counted; the third is for people to judge.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from statistics import median

from ..framework import DOMAINS
from ..themes import Passage, Person, person
from .evidence import Evidence, count, directions
from .parts import Cell, Table
from .text import percent

RULE = (
    "Rule: a domain is marked as likely relevant when it has at least as many passages as the "
    "median of the coded domains (F: frequency) and, besides, at least half of the people spoke of "
    "it (S: spread) or some people named barriers in it and other people facilitators (C: "
    "conflicting beliefs). About half of the coded domains meet F whatever is said: the rule "
    "ranks domains, it tests nothing. How strongly a belief bears on the behaviour, the third "
    "criterion of Atkins et al. 2017, cannot be counted: the authors judge it."
)
_PAIRS = 15


@dataclass(frozen=True, slots=True)
class Relevance:
    """Figures of one domain.

    Attributes
    ----------
    domain : str
    passages, people, themes : int
    barriers, facilitators, mixed : int
        Passages.
    frequent, spread, conflicting : bool
        The three criteria.
    """

    domain: str
    passages: int
    people: int
    themes: int
    barriers: int
    facilitators: int
    mixed: int
    frequent: bool
    spread: bool
    conflicting: bool

    @property
    def likely(self) -> bool:
        """Whether it is marked as relevant."""
        return self.frequent and (self.spread or self.conflicting)

    def criteria(self) -> list[str]:
        """Name the criteria that hold, by their letters."""
        names = ("F", "S", "C")
        held = (self.frequent, self.spread, self.conflicting)
        return [name for name, met in zip(names, held, strict=True) if met]


def relevance(evidence: Evidence) -> tuple[Relevance, ...]:
    """Weigh the domains, the most relevant first."""
    by_domain = evidence.by_domain()
    sizes = {domain: count(some)[1] for domain, some in by_domain.items()}
    middle = median([size for size in sizes.values() if size] or [0])
    themes = Counter(one.domain for one in evidence.themes)
    found = []
    for domain, some in by_domain.items():
        people, number = count(some)
        sides = directions(some)
        found.append(
            Relevance(
                domain,
                number,
                people,
                themes[domain],
                len(sides["barrier"]),
                len(sides["facilitator"]),
                len(sides["mixed"]),
                frequent=number > 0 and number >= middle,
                spread=number > 0 and 2 * people >= len(evidence.everybody),
                conflicting=_conflicting(some),
            )
        )
    order = {domain: place for place, domain in enumerate(DOMAINS)}
    return tuple(
        sorted(
            found, key=lambda one: (not one.likely, -one.passages, -one.people, order[one.domain])
        )
    )


def relevance_table(found: Sequence[Relevance], evidence: Evidence) -> Table:
    """Give the domains with their figures and the criteria they meet."""
    people, passages = len(evidence.everybody), len({one.number for one in evidence.passages})
    rows: list[tuple[Cell, ...]] = [
        (
            one.domain,
            f"{one.passages} ({percent(one.passages, passages)})",
            f"{one.people} ({percent(one.people, people)})",
            one.themes,
            f"{one.barriers} / {one.facilitators} / {one.mixed}",
            ", ".join(one.criteria()) or "\u2013",
            "Likely" if one.likely else "\u2013",
        )
        for one in found
    ]
    return Table(
        "relevance",
        "Relevance of the domains",
        (
            "Domain",
            f"Passages (n\u00a0=\u00a0{passages})",
            f"People (n\u00a0=\u00a0{people})",
            "Themes",
            "Barrier / facilitator / mixed",
            "Criteria",
            "Relevant",
        ),
        tuple(rows),
        (
            RULE,
            "Passages: share of those with a domain; a passage may belong to several. People: "
            "share of those interviewed. Neutral passages and those without a direction are in "
            "none of the three counts of directions.",
        ),
        widths=(3, 1.5, 1.5, 1.2, 1.7, 1.2, 1.4),
    )


def relevance_data(found: Sequence[Relevance]) -> Table:
    """Give the same as figures: a spreadsheet would take "4 / 8 / 1" for a date."""
    columns = [one.name.replace("_", " ") for one in fields(Relevance)]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (*(_figure(getattr(one, field.name)) for field in fields(one)), _figure(one.likely))
        for one in found
    )
    return Table("relevance", "Relevance of the domains", (*columns, "likely"), rows)


def _figure(value: Cell) -> Cell:
    return ("no", "yes")[value] if isinstance(value, bool) else value


def together(evidence: Evidence) -> Counter[tuple[str, str]]:
    """Count passages that two domains share."""
    domains: dict[int, set[str]] = defaultdict(set)
    for one in evidence.passages:
        domains[one.number].add(one.domain)
    return Counter(
        pair
        for some in domains.values()
        for pair in combinations(sorted(some, key=DOMAINS.index), 2)
    )


def together_table(pairs: Counter[tuple[str, str]], *, most: int | None = _PAIRS) -> Table:
    """Give the pairs of domains that stand together most often."""
    order = sorted(pairs.items(), key=lambda one: (-one[1], one[0]))
    note = f"The {most} most frequent of {len(order)} pairs." if most and len(order) > most else ""
    return Table(
        "together",
        "Domains in the same passage",
        ("Domain", "Domain beside it", "Passages"),
        tuple((*pair, number) for pair, number in order[:most]),
        (note,) if note else (),
        widths=(3, 3, 1),
    )


def _conflicting(some: Sequence[Passage]) -> bool:
    sides: dict[str, set[Person]] = defaultdict(set)
    for one in some:
        sides[one.valence or ""].add(person(one.utterance))
    against, for_it = sides["barrier"], sides["facilitator"]
    return bool(against and for_it) and len(against | for_it) > 1
