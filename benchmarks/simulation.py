"""Whole studies, coded in simulation: an oracle answers what a query strategy asks.

The queue's rules for one coder, the product's fit and the product's thresholds, over arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tdfnlp import gating
from tdfnlp.classifier import Head, Proba, sharpen
from tdfnlp.evaluation import first_right
from tdfnlp.fitting import fit_labels, folds
from tdfnlp.framework import DOMAINS
from tdfnlp.strategies import Candidates, choose
from tdfnlp.thresholds import calibrate, decide

from .studies import Bools, Rows, Study, held_out

STEP, LATE_STEP, LATE = 10, 25, 200
"""Answers after which the model is retrained: each 10, each 25 from 200 on."""
CHECKS = (0, 100, 150, 300)
"""Answers after which thresholds are set and tried, too."""

_COVERED = 500  # as in queue.desk
_LABELS = len(DOMAINS) + 1


Choose = Callable[[Study, Sequence[int], Rows, Head, int, np.random.Generator], Sequence[int]]
"""Study, rows asked so far, rows to choose from, the model, how many, chance: to rows of it."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a study is coded.

    Attributes
    ----------
    start : {"shipped", "nothing"}
    strategy : str
    audit : float
        Share of the answers that are the audit's: random.
    """

    start: str
    strategy: str
    audit: float


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What suggestions were worth on people held out, at one time.

    Attributes
    ----------
    confidence : array, shape (n,)
        In the first domain.
    right : array of bool, shape (n,)
    suggested : dict of str to array of bool, shape (n,)
        By how thresholds were set: "product" or the precision aimed at.
    """

    confidence: Proba
    right: Bools
    suggested: dict[str, Bools]


@dataclass(slots=True, eq=False)
class Course:
    """How one study went: a figure per count of answers.

    Attributes
    ----------
    counts : list of int
    figures : list of tuple
        Macro-F1, top-1 and share right of the surer half, on people held out.
    rest : list of (float, float)
        Top-1 on all that was not answered, and the first model's on the same.
    checks : dict of int to Check
    """

    counts: list[int] = field(default_factory=list)
    figures: list[tuple[float, float, float]] = field(default_factory=list)
    rest: list[tuple[float, float]] = field(default_factory=list)
    checks: dict[int, Check] = field(default_factory=dict)


def simulate(
    study: Study, way: Way, seed: int, choose: Choose | None = None, *, checked: bool = False
) -> Course:
    """Code a study to its end.

    Parameters
    ----------
    study : Study
    way : Way
    seed : int
        Says who is held out, the audit's order and what else is chance. Ways with the same seed
        hold out the same people.
    choose : callable, optional
        Chooses in place of our own strategy of the way's name.
    checked : bool
        Whether thresholds are tried, too.
    """
    test = held_out(study.people, seed)
    rng = np.random.default_rng(seed)
    desk = _Desk(study, way, ~test, rng.random(len(test)), choose or _ours(way))
    course, first = Course(), _fit(study, way, [])
    start = first.predict_proba(study.rows)
    while True:
        head = _fit(study, way, desk.asked) if desk.asked else first
        proba, count = head.predict_proba(study.rows), len(desk.asked)
        course.counts.append(count)
        course.figures.append(_figures(proba[test], study.truth[test]))
        left = np.setdiff1d(np.arange(len(test)), desk.asked)
        course.rest.append((_top_1(study, proba, left), _top_1(study, start, left)))
        if checked and count in CHECKS:
            course.checks[count] = _check(study, desk.asked, proba, test, seed)
        if not desk.ask(head, STEP if count < LATE else LATE_STEP, rng):
            return course


@dataclass(slots=True, eq=False)
class _Desk:
    """Who is asked what, by the rules of ``tdfnlp.queue`` for one coder."""

    study: Study
    way: Way
    pool: Bools
    chances: Proba
    choose: Choose
    asked: list[int] = field(default_factory=list)

    def ask(self, head: Head, n: int, rng: np.random.Generator) -> int:
        """Ask up to `n` more, the audit's where due, and tell how many."""
        left = self.pool.copy()
        left[self.asked] = False
        audit = self.chances < self.way.audit
        rows = np.flatnonzero(left & audit)
        audits = iter(rows[np.argsort(self.chances[rows])].tolist())
        chosen = self._chosen(np.flatnonzero(left & ~audit), head, n, rng)
        done, before = int(audit[self.asked].sum()), len(self.asked)
        for place in range(before, before + n):
            both = (audits, chosen) if done < self.way.audit * (place + 1) else (chosen, audits)
            row = next((row for one in both for row in one), None)
            if row is None:
                break
            done += int(audit[row])
            self.asked.append(row)
        return len(self.asked) - before

    def _chosen(self, rows: Rows, head: Head, n: int, rng: np.random.Generator) -> Iterator[int]:
        """Give what the model has something to say on first, the rest in random order."""
        some = 1 - head.predict_proba(self.study.rows[rows])[:, -1]
        telling = some >= (self.study.model.thresholds.ask if self.way.start == "shipped" else 0)
        if telling.any():
            yield from self.choose(self.study, self.asked, rows[telling], head, n, rng)
        yield from rng.permutation(rows[~telling]).tolist()


def _ours(way: Way) -> Choose:
    def query(
        study: Study,
        asked: Sequence[int],
        rows: Rows,
        head: Head,
        n: int,
        rng: np.random.Generator,
    ) -> Sequence[int]:
        candidates = Candidates(
            proba=head.predict_proba(study.rows[rows]),
            confirmed=study.truth[list(asked)].sum(axis=0),
            vectors=lambda some: study.vectors[rows[some]],
            covered=lambda: study.vectors[list(asked[-_COVERED:])],
        )
        turn = round(len(asked) * (1 - way.audit))
        return [int(rows[row]) for row, _ in choose(way.strategy, candidates, n, rng, turn=turn)]

    return query


def _fit(study: Study, way: Way, asked: Sequence[int]) -> Head:
    prior = study.shipped if way.start == "shipped" else None
    if asked:
        return fit_labels(study.rows[list(asked)], study.truth[list(asked)], prior)
    return prior or Head(np.zeros((_LABELS, study.rows.shape[1])), np.zeros(_LABELS))


def _check(study: Study, asked: Sequence[int], proba: Proba, test: Bools, seed: int) -> Check:
    """Set thresholds out of fold as training does, and try them on people held out."""
    model = study.model
    ways = {"product": model.thresholds, "0.8": model.thresholds, "0.9": study.surer}
    shown = proba[test]
    if asked:
        rows, truth = study.rows[list(asked)], study.truth[list(asked)]
        people = study.people[list(asked)]
        raw = np.zeros((len(rows), _LABELS))
        for learn, fold in folds(people, seed):
            raw[fold] = fit_labels(rows[learn], truth[learn], study.shipped).predict_proba(
                rows[fold]
            )
        heat = gating.temperature(raw, truth)
        own, shown = sharpen(raw, heat), sharpen(shown, heat)
        ways = {
            "product": gating.thresholds(own, truth, model, _gated(truth, people)),
            "0.8": calibrate(own, truth),
            "0.9": calibrate(own, truth, precision=0.9),
        }
    best = shown[:, :-1].argmax(axis=1)
    each = np.arange(len(best))
    return Check(
        shown[each, best],
        study.truth[test][each, best],
        {name: np.array(decide(shown, one)) == "suggest" for name, one in ways.items()},
    )


def _gated(truth: Bools, people: npt.NDArray[np.str_]) -> list[str]:
    return [
        domain
        for domain, has in zip(DOMAINS, truth.T, strict=True)
        if has.sum() < gating.GATE_UNITS or len(set(people[has])) < gating.GATE_PEOPLE
    ]


def _top_1(study: Study, proba: Proba, rows: Rows) -> float:
    rows = rows[study.truth[rows].any(axis=1)]
    return float(study.truth[rows, proba[rows, :-1].argmax(axis=1)].mean())


def macro_f1(proba: Proba, truth: Bools) -> float:
    """Mean F1 of the first guess, none among the guesses, over domains that occur."""
    guessed = np.eye(_LABELS)[proba.argmax(axis=1)][:, :-1]
    both, sizes = (guessed * truth).sum(axis=0), guessed.sum(axis=0) + truth.sum(axis=0)
    there = truth.any(axis=0)
    return float((2 * both[there] / sizes[there]).mean())


def _figures(proba: Proba, truth: Bools) -> tuple[float, float, float]:
    coded = truth.any(axis=1)
    best = proba[:, :-1].argmax(axis=1)
    right = truth[np.arange(len(best)), best]
    surer = np.argsort(-proba.max(axis=1), kind="stable")[: -(-len(proba) // 2)]
    return (
        macro_f1(proba, truth),
        float(right[coded].mean()),
        float(first_right(proba, truth)[surer].mean()),
    )
