"""A study's own codes, learnt beside the domains: child codes, or those of another framework.

One more head over the same rows. It starts from what the base sees in the units of a code: its
domain, or where it has none, a mix of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import gating
from .classifier import Head, OwnHead, Proba, sharpen
from .codebook import Code
from .coding import Decision
from .confirmed import (
    CODE_PEOPLE,
    CODE_UNITS,
    FEWEST_PEOPLE,
    Lessons,
    code_counts,
    has_codes,
    learnable,
)
from .evaluation import UNMEASURED, Bools, Figures, measure
from .fitting import Examples, Split, fit_labels, folds
from .framework import DOMAINS
from .model import Model
from .predictions import OwnCodes
from .thresholds import calibrate

STRENGTH = 10.0
"""Inverse of the penalty on the distance from the prior. On invented studies of 50 to 500 units, 10
is best by log-loss or within .02 of it; 3 gains .01 of top-1 on few broad codes and loses .01 on
many narrow ones."""

_FEW = 3  # units that a code's own domain counts for beside what the base sees in its units
_NEVER = 2.0
_NAMED = 20  # codes that one note names
_COMMON = 0.01  # what all units of a code count for beside those of it in one domain


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is to be learnt, on the rows of studies with own codes.

    Attributes
    ----------
    codes : tuple of Code
    gated : array of bool, shape (codes,)
        Those with too few units or people to be suggested.
    keep : array of bool
        Which lessons these rows are.
    truth : array of bool, shape (n, codes)
    domains, decisions : array, shape (n,)
        Place of the domain that is predicted, none last, and what is decided on it.
    base : Head or None
        Over domains: where to start from.
    """

    codes: tuple[Code, ...]
    gated: Bools
    keep: Bools
    truth: Bools
    domains: npt.NDArray[np.intp]
    decisions: npt.NDArray[np.object_]
    base: Head | None

    def fit(self, rows: Proba, known: npt.NDArray[np.intp]) -> Head:
        """Fit a head on some of the rows."""
        some, truth = rows[known], self.truth[known]
        start = _start(self.codes, self.base, some, truth) if self.base else None
        return fit_labels(some, truth, start, strength=STRENGTH)


@dataclass(frozen=True, slots=True, eq=False)
class OwnTrained:
    """A head over a study's own codes, and how good it is on people held out.

    Attributes
    ----------
    own : OwnHead
    figures, usual : Figures
        Of the head, and of naming the most frequent codes of the domain that is predicted.
    gates : tuple of str
        Codes with too few units or people to be suggested, as in "Culture: 9 units from 3 people".
    notes : tuple of str
        What was not learnt.
    task : Task
    raw : array, shape (n, codes + 1)
        Out of fold, not calibrated.
    """

    own: OwnHead
    figures: Figures
    usual: Figures
    gates: tuple[str, ...]
    notes: tuple[str, ...]
    task: Task
    raw: Proba

    def facts(self) -> dict[str, Any]:
        """Give what a manifest says: codes by their places in codebook.json, not their names."""
        found, usual = self.figures.facts(), self.usual.facts()
        places = {name: place for place, name in enumerate(names(self.own.codes))}
        codes = [{"code": places[one.pop("domain")], **one} for one in found.pop("domains")]
        most = {name: usual[name] for name in ("top_1", "top_3")}
        return {"strength": STRENGTH, "out_of_fold": found, "codes": codes, "most_frequent": most}


def learn(
    lessons: Lessons,
    examples: Examples,
    prior: Model | None,
    seen: tuple[Proba, Sequence[Decision]],
    random_state: int = 0,
) -> OwnTrained | None:
    """Learn own codes; None where there are too few units to.

    Parameters
    ----------
    lessons : Lessons
    examples : Examples
        The same as arrays.
    prior : Model, optional
        Where to start from.
    seen : (array of shape (n, 15), sequence of str)
        What is predicted and decided on domains while a unit's person is held out.
    random_state : int
    """
    codes = learnable(lessons)
    if not codes:
        return None
    counts = code_counts(lessons)
    keep = np.array(has_codes(lessons))
    rows = examples.at(keep)
    task = Task(
        codes,
        np.array([_is_gated(*counts[one]) for one in codes]),
        keep,
        code_labels(lessons, codes)[keep],
        seen[0][keep].argmax(axis=1),
        np.array(seen[1], dtype=object)[keep],
        prior.domain_head if prior else None,
    )
    splits = list(folds(rows.people, random_state))
    raw = np.zeros((len(rows.rows), len(codes) + 1))
    for known, test in splits:
        raw[test] = task.fit(rows.rows, known).predict_proba(rows.rows[test])
    everything = np.arange(len(raw))
    warm, cuts = _calibrated(task, raw, everything)
    head = replace(task.fit(rows.rows, everything), temperature=warm)
    figures, usual = _checked(task, raw, splits, rows.people, random_state)
    short = [one for one, gated in zip(codes, task.gated, strict=True) if gated]
    return OwnTrained(
        OwnHead(codes, head, cuts),
        figures,
        usual,
        tuple(_counted({one: counts[one] for one in short})),
        unlearnt(lessons),
        task,
        raw,
    )


def relearn(
    trained: OwnTrained, examples: Examples, taught: Iterable[str], random_state: int = 0
) -> OwnTrained:
    """Fit on the vectors of another encoder, and measure on people whom that did not learn from.

    Temperature and cut-offs stay those of the encoder as it was, which folds could set.

    Parameters
    ----------
    trained : OwnTrained
    examples : Examples
        Of the same lessons, by that encoder.
    taught : iterable of str
        People whom it learnt from.
    random_state : int
    """
    task, rows = trained.task, examples.at(trained.task.keep)
    knows = np.isin(rows.people, list(taught))
    known, apart = np.flatnonzero(knows), np.flatnonzero(~knows)
    figures = usual = UNMEASURED
    if len(known) and len(apart):
        raw = trained.raw.copy()
        raw[apart] = task.fit(rows.rows, known).predict_proba(rows.rows[apart])
        figures, usual = _checked(task, raw, [(known, apart)], rows.people, random_state)
    head = task.fit(rows.rows, np.arange(len(rows.rows)))
    head = replace(head, temperature=trained.own.head.temperature)
    return replace(trained, own=replace(trained.own, head=head), figures=figures, usual=usual)


def evaluate(
    model: Model,
    lessons: Lessons,
    rows: Proba,
    decisions: Sequence[Decision],
    random_state: int = 0,
) -> Figures | None:
    """Measure what a model says of own codes; None where it knows none or no unit has any of them.

    Parameters
    ----------
    model : Model
    lessons : Lessons
    rows : array, shape (n, features)
        As its heads read them.
    decisions : sequence of str
        On domains.
    random_state : int
    """
    if model.own is None:
        return None
    truth, keep = code_labels(lessons, model.own.codes), np.array(has_codes(lessons))
    if not truth.any():
        return None
    found = model.own.predict(rows[keep])
    said = found.suggested([one for one, kept in zip(decisions, keep, strict=True) if kept])
    people = [one.person for one, kept in zip(lessons.units, keep, strict=True) if kept]
    return _measured(found, truth[keep], said, people, random_state)


def unlearnt(lessons: Lessons) -> tuple[str, ...]:
    """Name own codes that cannot be learnt, with their counts; nothing where all can."""
    codes = learnable(lessons)
    some = list(_counted({k: v for k, v in code_counts(lessons).items() if k not in codes}))
    if not some:
        return ()
    more = f"; and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    alone = "" if codes else f", {FEWEST_PEOPLE} people in all, and other codes or units without it"
    return (
        f"{len(some)} codes of your own were not learnt, because that takes {CODE_UNITS} units of "
        f"{CODE_PEOPLE} people{alone}: {'; '.join(some[:_NAMED])}{more}.",
    )


def unknown(old: Model, own: OwnTrained | None) -> int:
    """Count the codes that a model knows and what was learnt now does not."""
    new = {one.path for one in own.own.codes} if own else set()
    return sum(one.path not in new for one in old.own.codes) if old.own else 0


def code_labels(lessons: Lessons, codes: Sequence[Code]) -> Bools:
    """Which of some codes each unit has, shape (n, codes)."""
    labels = [[code.path in one.codes for code in codes] for one in lessons.units]
    return np.array(labels, dtype=bool).reshape(len(lessons.units), len(codes))


def names(codes: Iterable[Code]) -> list[str]:
    """Give codes in words: their paths joined by " > ", names with such a sign in quotes."""
    quoted = (tuple(f'"{name}"' if " > " in name else name for name in one.path) for one in codes)
    return [" > ".join(path) for path in quoted]


def _start(codes: Sequence[Code], domains: Head, rows: Proba, truth: Bools) -> Head:
    """Give each code the mix of domain rows that the base sees in its units.

    Where units are few, its own domain counts most, for a code of none what the base sees in all.
    None of them is mixed in the same way, and stays what the base takes it for without examples.
    """
    coef, seen = domains.coef / domains.temperature, domains.predict_proba(rows)
    whole = np.column_stack([truth, ~truth.any(axis=1)]).astype(float)
    often, usual = whole.sum(axis=0), seen.mean(axis=0)
    places = {one: np.eye(len(coef))[place] for place, one in enumerate(DOMAINS)}
    anchors = [usual if one.domain is None else places[one.domain] for one in codes]
    if often[-1]:
        anchors.append(usual)
    else:
        anchors.append(np.eye(len(coef))[-1])
        often[-1] = len(rows) * usual[-1]
    mix = (whole.T @ seen + _FEW * np.array(anchors)) / (whole.sum(axis=0)[:, None] + _FEW)
    start = mix @ coef
    level = np.log((often + 1) / len(rows)) - (rows @ start.T).mean(axis=0)
    return Head(start, level)


def _is_gated(units: int, people: int) -> bool:
    return units < gating.GATE_UNITS or people < gating.GATE_PEOPLE


def _calibrated(
    task: Task, raw: Proba, known: npt.NDArray[np.intp]
) -> tuple[float, tuple[float, ...]]:
    """Give temperature and cut-offs as some of the rows set them."""
    warm = gating.temperature(raw[known], task.truth[known])
    if not task.truth[known].any():
        return warm, (_NEVER,) * len(task.codes)
    cuts = np.array(calibrate(sharpen(raw[known], warm), task.truth[known]).suggest)
    return warm, tuple(np.where(task.gated, _NEVER, cuts).tolist())


def _checked(
    task: Task, raw: Proba, splits: Iterable[Split], people: npt.NDArray[np.str_], seed: int
) -> tuple[Figures, Figures]:
    """Measure on the second part of each split, calibrated by the first; and the usual beside."""
    size = raw.shape[1]
    proba, usual = np.full_like(raw, np.nan), np.zeros_like(raw)
    said = np.zeros(len(raw), dtype=bool)
    whole = np.column_stack([task.truth, ~task.truth.any(axis=1)]).astype(float)
    for known, test in splits:
        warm, cuts = _calibrated(task, raw, known)
        proba[test] = sharpen(raw[test], warm)
        found = OwnCodes(task.codes, proba[test], cuts)
        said[test] = found.suggested(task.decisions[test].tolist())
        often = np.zeros((len(DOMAINS) + 1, size))
        np.add.at(often, task.domains[known], whole[known])
        often += _COMMON * often.sum(axis=0) + 1e-9
        usual[test] = (often / often.sum(axis=1, keepdims=True))[task.domains[test]]
    there = ~np.isnan(proba[:, 0])
    truth, who = task.truth[there], people[there].tolist()
    none = np.zeros(len(who), dtype=bool)
    new, old = (OwnCodes(task.codes, one[there], ()) for one in (proba, usual))
    return _measured(new, truth, said[there], who, seed), _measured(old, truth, none, who, seed)


def _measured(
    found: OwnCodes, truth: Bools, said: Bools, people: Sequence[str], seed: int
) -> Figures:
    decisions: list[Decision] = ["suggest" if one else "ask" for one in said]
    proba = np.asarray(found.proba, dtype=np.float64)
    return measure(proba, truth, decisions, people, names=names(found.codes), random_state=seed)


def _counted(counts: Mapping[Code, tuple[int, int]]) -> Iterator[str]:
    for name, some in zip(names(counts), counts.values(), strict=True):
        yield gating.gate(name, *some)
