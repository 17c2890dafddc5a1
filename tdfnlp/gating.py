"""Temperature and thresholds for a retrained model, out of fold, drawn to the prior's where few.

Each domain has a gate: until enough confirmed units of enough people have it, its threshold is the
prior's or a stricter one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from .classifier import Proba, fit_temperature, sharpen
from .coding import Decision
from .confirmed import Lessons, counts
from .evaluation import Bools
from .fitting import Split
from .framework import DOMAINS
from .model import Model
from .thresholds import Thresholds, calibrate, decide

GATE_UNITS, GATE_PEOPLE = 25, 8
"""From how many confirmed units of how many people on a domain has thresholds of its own."""

_SETTLED = 100  # units whose own temperature and thresholds count as much as the base's
_UNCODED = 25  # units without a domain under which the base's cut-offs for these are kept
_NEVER = 1.0
_AIM = 0.8  # precision


def temperature(raw: Proba, truth: Bools) -> float:
    """Find the temperature out of fold, drawn towards 1 where units are few."""
    coded = truth.any(axis=1)
    own = fit_temperature(raw[coded], truth[coded], np.ones(int(coded.sum())))
    n = int(coded.sum())
    return float(own ** (n / (n + _SETTLED)))


def gated(lessons: Lessons) -> tuple[str, ...]:
    """Name the domains with too few confirmed units or people."""
    return tuple(
        domain
        for domain, (units, people) in counts(lessons).items()
        if units < GATE_UNITS or people < GATE_PEOPLE
    )


def gate(domain: str, units: int, people: int) -> str:
    """Say what a domain's gate waits for."""
    return f"{domain}: {units} units from {people} {'person' if people == 1 else 'people'}"


def thresholds(proba: Proba, truth: Bools, prior: Model | None, gated: Sequence[str]) -> Thresholds:
    """Choose thresholds out of fold; a gated domain keeps the prior's where these are stricter."""
    if not truth.any():  # nobody among these people said anything with a domain
        return prior.thresholds if prior else Thresholds(_AIM, (_NEVER,) * len(DOMAINS), 0.0)
    own = calibrate(proba, truth)
    known = int((~truth.any(axis=1)).sum()) >= _UNCODED
    if prior is None:
        cuts = [
            _NEVER if domain in gated else cut
            for domain, cut in zip(DOMAINS, own.suggest, strict=True)
        ]
        return replace(own, suggest=tuple(cuts))
    old = prior.thresholds
    share = len(truth) / (len(truth) + _SETTLED)
    mixed = [
        share * mine + (1 - share) * its for mine, its in zip(own.suggest, old.suggest, strict=True)
    ]
    return Thresholds(
        own.precision,
        tuple(
            max(cut, its) if domain in gated else cut
            for domain, cut, its in zip(DOMAINS, mixed, old.suggest, strict=True)
        ),
        own.ask if known else old.ask,
        own.sure if known else old.sure,
    )


def calibrated(
    raw: Proba, truth: Bools, splits: Iterable[Split], prior: Model | None, gated: Sequence[str]
) -> tuple[Proba, tuple[Decision, ...]]:
    """Calibrate and decide each fold by what the others say, as a new person meets it."""
    proba = np.empty_like(raw)
    decisions = np.empty(len(raw), dtype=object)
    for learn, test in splits:
        own = temperature(raw[learn], truth[learn])
        known = sharpen(raw[learn], own)
        proba[test] = sharpen(raw[test], own)
        cuts = thresholds(known, truth[learn], prior, gated)
        decisions[test] = decide(proba[test], cuts)
    return proba, tuple(decisions)
