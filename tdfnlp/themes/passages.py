"""Confirmed passages: what coders agree on, label by label."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..consensus import Verdicts
from ..framework import DOMAINS, Valence
from ..spelling import meaning
from ..store import Label, Unit
from ..transcript import Utterance

Person = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Passage:
    """An utterance in one domain, confirmed by people.

    Attributes
    ----------
    number : int
        Of the utterance in the study.
    utterance : Utterance
    domain : str
        TDF domain; for a code outside the framework its path, joined by " > ".
    code : tuple of str or None
        The code's path where it says more than the domain, None where it is the domain.
    valence : {"barrier", "facilitator", "mixed", "neutral"} or None
    coders : tuple of str
        Who is behind it.
    """

    number: int
    utterance: Utterance
    domain: str
    code: tuple[str, ...] | None
    valence: Valence | None
    coders: tuple[str, ...]


def person(utterance: Utterance) -> Person:
    """Who speaks: the same label in another transcript is somebody else."""
    return utterance.transcript, utterance.speaker or ""


def passages(units: Iterable[Unit], settled: Verdicts) -> tuple[Passage, ...]:
    """Give confirmed passages inside the framework, in the order of the utterances."""
    return tuple(
        Passage(
            unit.id,
            unit.utterance,
            label.domain,
            _child(label),
            label.valence,
            settled.coders[unit.id],
        )
        for unit in units
        for label in _said(settled.confirmed.get(unit.id, ()))
        if label.domain in DOMAINS
    )


def outside(units: Iterable[Unit], settled: Verdicts) -> tuple[Passage, ...]:
    """Give confirmed passages whose code belongs to no domain."""
    return tuple(
        Passage(
            unit.id,
            unit.utterance,
            " > ".join(label.code),
            label.code,
            label.valence,
            settled.coders[unit.id],
        )
        for unit in units
        for label in settled.confirmed.get(unit.id, ())
        if label.domain not in DOMAINS
    )


def _said(labels: tuple[Label, ...]) -> Iterable[Label]:
    """Leave a bare domain out where another label says which part of it."""
    deeper = {label.domain for label in labels if _child(label)}
    seen = set()
    for label in labels:
        key = label.domain, _child(label)
        if key not in seen and (_child(label) or label.domain not in deeper):
            seen.add(key)
            yield label


def _child(label: Label) -> tuple[str, ...] | None:
    """Give the path of a code that is more than its domain's name or a bare direction."""
    return None if _is_bare(label.code[-1] if label.code else "") else label.code


@lru_cache(4096)
def _is_bare(name: str) -> bool:
    """Whether a code's name says a domain or a direction and nothing more."""
    said = meaning(name)
    direction = said.directed and len(name.split()) == 1
    return bool(said.domain or said.component or said.outside or direction or not name.strip())
