"""Figures that say how good suggestions are. Arrays in, numbers out."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


def top_k_accuracy(proba: Array, truth: Truth, k: int) -> float:
    """Share of units with one of their labels among the `k` most probable.

    Parameters
    ----------
    proba : array, shape (n, labels)
    truth : array of bool, shape (n, labels)
        A unit may have several labels.
    k : int
    """
    ranked = np.argsort(-proba, axis=1, kind="stable")[:, :k]
    return float(np.take_along_axis(truth, ranked, axis=1).any(axis=1).mean())


def expected_calibration_error(
    confidence: Array, correct: npt.NDArray[np.bool_], bins: int = 10
) -> float:
    """Mean distance of confidence from accuracy over bins of equal size.

    Equal-mass bins: Nguyen and O'Connor 2015; with few units per bin the figure is mostly noise.

    Examples
    --------
    >>> expected_calibration_error(np.array([0.5, 0.5]), np.array([True, False]), bins=1)
    0.0
    """
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    gaps = [len(part) * abs(confidence[part].mean() - correct[part].mean()) for part in parts]
    return float(sum(gaps) / len(order))


def brier_score(confidence: Array, correct: npt.NDArray[np.bool_]) -> float:
    """Mean squared distance of confidence from what came true; 0 is best (Brier 1950).

    Of the chosen label alone: one confidence a unit, not one a label. Unlike the calibration
    error it needs no bins, and it rewards telling right from wrong too.

    Parameters
    ----------
    confidence : array, shape (n,)
        Probability of the chosen label, 0 to 1.
    correct : array of bool, shape (n,)

    Examples
    --------
    >>> brier_score(np.array([1.0, 0.5]), np.array([True, False]))
    0.125
    """
    return float(((confidence - correct) ** 2).mean())


def risk_coverage(confidence: Array, correct: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Share wrong among the surest, for every share that could be answered.

    The risk-coverage curve of El-Yaniv and Wiener 2010 ("On the foundations of noise-free
    selective classification"). Units of equal confidence come in together, since no threshold
    parts them: the curve does not depend on the order of the units.

    Parameters
    ----------
    confidence : array, shape (n,)
        Any score that is higher for surer answers.
    correct : array of bool, shape (n,)

    Returns
    -------
    coverage, risk : array, shape (m,)
        One point for each of the m different confidences; coverage rises to 1.

    Examples
    --------
    >>> coverage, risk = risk_coverage(np.array([0.9, 0.4]), np.array([True, False]))
    >>> coverage.tolist(), risk.tolist()
    ([0.5, 1.0], [0.0, 0.5])
    """
    order = np.argsort(-confidence, kind="stable")
    last = np.append(np.diff(confidence[order]) < 0, True)
    answered = np.flatnonzero(last) + 1
    wrong = np.cumsum(~correct[order])[last]
    return answered / len(order), wrong / answered


def aurc(confidence: Array, correct: npt.NDArray[np.bool_]) -> float:
    """Area under the risk-coverage curve: mean risk over the thresholds; lower is better.

    Geifman, Uziel and El-Yaniv 2019 ("Bias-reduced uncertainty estimation for deep neural
    classifiers"): each unit's confidence is once the threshold. With the same confidence for all
    it is the share wrong.

    Examples
    --------
    >>> aurc(np.array([0.9, 0.4]), np.array([True, False]))
    0.25
    """
    coverage, risk = risk_coverage(confidence, correct)
    return float(np.diff(coverage, prepend=0.0) @ risk)


def bootstrap_interval(
    statistic: Callable[[npt.NDArray[np.intp]], float],
    groups: Sequence[str],
    *,
    repeats: int = 1000,
    random_state: int = 0,
) -> tuple[float, float]:
    """95 % percentile interval of a statistic, resampling whole groups.

    Parameters
    ----------
    statistic : callable
        Gets the positions of the units in one resample.
    groups : sequence of str
        Topic, paper or participant of each unit: units of one group are not independent.
    """
    rng = np.random.default_rng(random_state)
    names = sorted(set(groups))
    members = [np.flatnonzero(np.array([group == name for group in groups])) for name in names]
    if len(names) == 1:  # one paper: all that can be resampled is its units
        members = [np.array([position]) for position in members[0]]
    values = [
        statistic(
            np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        )
        for _ in range(repeats)
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
