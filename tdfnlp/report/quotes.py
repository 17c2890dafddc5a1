"""Illustrative quotes: typical of their theme, spread over people, exchangeable."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..themes import Passage, Person, Theme, person
from ..themes.grouping import typicality
from .evidence import Evidence
from .text import label, plain

CANDIDATES = 12
"""How many quotes a theme offers in the list from which people choose."""
_FEWEST_WORDS = 6
_MOST_WORDS = 90


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes of one theme.

    Attributes
    ----------
    theme : Theme
    shown : tuple of Passage
    candidates : tuple of Passage
        Best first; those shown are among them.
    """

    theme: Theme
    shown: tuple[Passage, ...]
    candidates: tuple[Passage, ...]


def choose(evidence: Evidence, wanted: frozenset[tuple[int, str]], each: int) -> tuple[Quotes, ...]:
    """Choose quotes for every theme.

    Parameters
    ----------
    evidence : Evidence
    wanted : set of (int, str)
        Number and domain of passages that people want to see, wherever they belong now.
    each : int
        How many a theme gets; as many as are wanted where those are more.
    """
    found = []
    for theme, some in zip(evidence.themes, evidence.by_theme().values(), strict=True):
        ranked = rank(some, evidence)
        first = [one for one in ranked if (one.number, one.domain) in wanted]
        rest = [one for one in ranked if (one.number, one.domain) not in wanted]
        shown = tuple(first or rest[:each])
        left = [one for one in ranked if one not in shown]
        candidates = (*shown, *left)[: max(CANDIDATES, len(shown))]
        found.append(Quotes(theme, shown, candidates))
    return tuple(found)


def rank(some: Sequence[Passage], evidence: Evidence) -> list[Passage]:
    """Order passages: each person's most typical first, then everybody's second, and so on.

    Typical is what is near the theme's middle. Quotes of very few or very many words come after
    others of the same person, being hard to follow.
    """
    near = typicality(np.stack([evidence.vectors[one.number] for one in some]))
    fair = [_FEWEST_WORDS <= len(one.utterance.text.split()) <= _MOST_WORDS for one in some]
    best = sorted(range(len(some)), key=lambda i: (not fair[i], -near[i], some[i].number))
    turn: dict[Person, int] = defaultdict(int)
    order = []
    for place in best:
        who = person(some[place].utterance)
        order.append((turn[who], not fair[place], -near[place], some[place].number, place))
        turn[who] += 1
    return [some[place] for *_, place in sorted(order)]


def speaker(passage: Passage) -> str:
    """Name who speaks as it stands under a quote: label and transcript, or one where equal."""
    who = label(passage.utterance.speaker or "")
    where = label(passage.utterance.transcript)
    return where if who in ("", where) else f"{who}, {where}"


def place(passage: Passage) -> str:
    """Where it stands in its transcript: first and last position, as Python slices."""
    return f"{passage.utterance.start}-{passage.utterance.end}"


def as_json(chosen: Iterable[Quotes], wanted: frozenset[tuple[int, str]]) -> str:
    """Write the list from which people choose other quotes."""
    themes = [
        {
            "domain": one.theme.domain,
            "theme": plain(one.theme.name),
            "chosen": [p.number for p in one.candidates if (p.number, p.domain) in wanted],
            "candidates": [_candidate(p, shown=p in one.shown) for p in one.candidates],
        }
        for one in chosen
    ]
    about = (
        "To show other quotes, put their utterance numbers into 'chosen' and make the report "
        "again into the same folder."
    )
    return json.dumps({"about": about, "themes": themes}, ensure_ascii=False, indent=1) + "\n"


def from_json(path: Path) -> frozenset[tuple[int, str]]:
    """Read what people chose.

    Raises
    ------
    InputError
        No such list, or one that is damaged.
    """
    try:
        data = json.loads(path.read_text("utf-8-sig"))
        return chosen_of({one["domain"]: [] for one in data["themes"]}) | frozenset(
            (number, theme["domain"])
            for theme in data["themes"]
            for number in theme["chosen"]
            if _is_number(number)
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{path.name} is no list of quotes: it needs 'themes', each with 'domain' and "
            "'chosen', a list of utterance numbers. Delete it to start from the program's choice."
        ) from error


def chosen_of(wanted: Mapping[str, Iterable[int]]) -> frozenset[tuple[int, str]]:
    """Flatten utterance numbers by domain."""
    return frozenset((number, domain) for domain, some in wanted.items() for number in some)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("an utterance number is needed")
    return True


def _candidate(one: Passage, *, shown: bool) -> dict[str, object]:
    return {
        "utterance": one.number,
        "shown": shown,
        "speaker": speaker(one),
        "group": label(one.utterance.group or ""),
        "direction": one.valence,
        "transcript": plain(one.utterance.transcript),
        "start": one.utterance.start,
        "end": one.utterance.end,
        "text": plain(one.utterance.text),
    }
