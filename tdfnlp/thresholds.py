"""From probabilities to a decision: suggest, ask a person to look, or abstain."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .coding import Decision

Array = npt.NDArray[np.float64]

_SMOOTHING = 100
"""Suggestions that the global threshold counts for beside a domain's own (few overfit)."""

_LIKELY = 0.5
"""No domain is suggested that is more likely wrong than right, however good the rest are."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cut-offs fitted on predictions for topics that the model had not seen.

    Attributes
    ----------
    precision : float
        Share of suggestions meant to be right.
    suggest : tuple of float
        Per domain: confidence from which it is suggested.
    ask : float
        Confidence in some domain (1 - probability of none) under which the model abstains.
    sure : float
        Confidence in some domain under which nothing is suggested, only asked about.
    """

    precision: float
    suggest: tuple[float, ...]
    ask: float
    sure: float = 0.0


def calibrate(
    proba: Array,
    truth: npt.NDArray[np.bool_],
    *,
    weights: Array | None = None,
    precision: float = 0.8,
    miss: float = 0.05,
    uncoded: float = 0.05,
) -> Thresholds:
    """Choose thresholds.

    Parameters
    ----------
    proba : array, shape (n, domains + 1)
        Held-out probabilities, the last column for no domain at all.
    truth : array of bool, shape (n, domains)
        Rows without a label are passages outside the framework.
    weights : array, shape (n,), optional
        How much each passage counts.
    precision : float
        To aim at among suggestions.
    miss : float
        Share of coded passages that may be abstained from.
    uncoded : float
        Share of passages outside the framework that may be suggested. Real talk outside it is more
        various than invented talk, so aim low.
    """
    top = proba[:, :-1].argmax(axis=1)
    confidence = proba[np.arange(len(top)), top]
    right = truth[np.arange(len(top)), top]
    weights = np.ones(len(top)) if weights is None else weights
    everywhere = _cut(confidence, right, weights, precision)
    cuts = []
    for domain in range(truth.shape[1]):
        mine = top == domain
        own = _cut(confidence[mine], right[mine], weights[mine], precision)
        n = int(mine.sum())
        cuts.append(max(_LIKELY, everywhere + n / (n + _SMOOTHING) * (own - everywhere)))
    coded = truth.any(axis=1)
    ask = float(np.quantile(1 - proba[coded, -1], miss))
    proposed = ~coded & (confidence >= np.array(cuts)[top])
    allowed = int(uncoded * (~coded).sum())
    some = np.sort(1 - proba[proposed, -1])[::-1]
    sure = float(np.nextafter(some[allowed], 2)) if len(some) > allowed else 0.0
    return Thresholds(precision, tuple(float(cut) for cut in cuts), ask, sure)


def decide(proba: Array, thresholds: Thresholds) -> list[Decision]:
    """Decide for each row of `proba`, shape (n, domains + 1), the last column for none."""
    top = proba[:, :-1].argmax(axis=1)
    confidence = proba[np.arange(len(top)), top]
    cuts = np.array(thresholds.suggest)[top]
    decisions: list[Decision] = []
    for sure, cut, none in zip(confidence, cuts, proba[:, -1], strict=True):
        if 1 - none < thresholds.ask:
            decisions.append("abstain")
        else:
            proposes = sure >= cut and 1 - none >= thresholds.sure
            decisions.append("suggest" if proposes else "ask")
    return decisions


def _cut(
    confidence: Array, right: npt.NDArray[np.bool_], weights: Array, precision: float
) -> float:
    """Lowest confidence from which on the share of right ones reaches `precision`."""
    if not len(confidence):
        return 1.0
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum((right * weights)[order]) / np.cumsum(weights[order])
    last = np.append(np.diff(confidence[order]) < 0, True)  # of those with equal confidence
    good = np.flatnonzero((share >= precision) & last)
    return float(confidence[order[good[-1]]]) if len(good) else 1.0
