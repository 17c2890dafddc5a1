"""Vectors to probabilities: what the linear heads see, how they are fitted and applied.

The vector of a passage says first what it is about and only then what kind of talk it is. So the
mean vector of the study is taken off each passage (in training: of its topic), and the question
stands beside the answer, weaker, so that it helps without outvoting it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .codebook import Code
from .predictions import OwnCodes

Floats = npt.NDArray[np.float32]
Proba = npt.NDArray[np.float64]
Sums = npt.NDArray[np.int64]

QUESTION_WEIGHT = 0.7
"""Chosen on topic-held-out folds: .7 and 1.2 do as well, 0 loses .06 where a question is known."""

PRIOR_SIZE = 8
"""Passages that the training mean counts for in the mean of a small study."""

_NEVER = -30.0
"""Intercept of a class without examples."""
_UNIT = 2.0**36
_SLICE = 8_192
_SMALL = 2**22


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A fitted multinomial logistic regression with a temperature.

    Attributes
    ----------
    coef : array, shape (classes, features)
    intercept : array, shape (classes,)
    temperature : float
        Logits are divided by it (Guo et al. 2017).
    """

    coef: Proba
    intercept: Proba
    temperature: float = 1.0

    def predict_proba(self, features: Floats | Proba) -> Proba:
        """Probabilities, shape (n, classes); rows sum to 1."""
        return _softmax((features @ self.coef.T + self.intercept) / self.temperature)


@dataclass(frozen=True, slots=True, eq=False)
class OwnHead:
    """A head over a study's own codes and none of them.

    Attributes
    ----------
    codes : tuple of Code
    head : Head
    suggest : tuple of float
        Confidence from which each is suggested; above 1 for never.
    """

    codes: tuple[Code, ...]
    head: Head
    suggest: tuple[float, ...]

    def predict(self, features: Floats | Proba) -> OwnCodes:
        """Predict for rows as the domain head reads them."""
        return OwnCodes(self.codes, self.head.predict_proba(features), self.suggest)


def study_mean(vectors: Floats, prior: Proba) -> Proba:
    """Mean vector of a study, drawn towards the training mean where the study is small.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Its codable passages.
    prior : array, shape (d,)
        Training mean, which one lone text falls back on.
    """
    return mean_of_sum(exact_sum(vectors), len(vectors), prior)


def exact_sum(vectors: Floats) -> Sums:
    """Add vectors up in fixed point, so that no order or grouping of them changes a bit.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Of length 1 or so: a hundred million of them fit.

    Returns
    -------
    array of int64, shape (d,)
        In units of ``2**-36``; sums of parts may be added.
    """
    total = np.zeros(vectors.shape[1], dtype=np.int64)
    for start in range(0, len(vectors), _SLICE):
        some = vectors[start : start + _SLICE].astype(np.float64)
        total += np.rint(some * _UNIT).astype(np.int64).sum(axis=0)
    return total


def mean_of_sum(total: Sums, count: int, prior: Proba) -> Proba:
    """Mean vector of a study of `count` passages, from their ``exact_sum``."""
    return np.asarray((total / _UNIT + PRIOR_SIZE * prior) / (count + PRIOR_SIZE))


def features(answers: Floats, questions: Floats, *, mean: Proba, question_mean: Proba) -> Proba:
    """Join centred answers with centred questions.

    Parameters
    ----------
    answers : array, shape (n, d)
    questions : array, shape (n, d)
        Rows of zeros where there is no question.
    mean, question_mean : array, shape (d,) or (n, d)
        What is taken off.

    Returns
    -------
    array, shape (n, 2 d)
    """
    asked = questions.any(axis=1, keepdims=True)
    return np.hstack([answers - mean, QUESTION_WEIGHT * (questions - question_mean) * asked])


def with_domain(rows: Proba, domains: npt.NDArray[np.intp], count: int) -> Proba:
    """Append a one-hot domain to each row: direction belongs to the (passage, domain) pair."""
    return np.hstack([rows, np.eye(count)[domains]])


def predict_given_domain(head: Head, rows: Proba, count: int) -> Proba:
    """Predict as from ``with_domain``, for every domain at once; shape (n, count, classes)."""
    width = rows.shape[1]
    own = rows @ head.coef[:, :width].T + head.intercept
    return _softmax((own[:, None, :] + head.coef[:, width : width + count].T) / head.temperature)


def _softmax(logits: Proba) -> Proba:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), dtype=np.float64)


def fit_head(
    rows: Proba,
    targets: Proba,
    *,
    weights: Proba | None = None,
    strength: float = 4.0,
    prior: Head | None = None,
) -> Head:
    """Fit a head to soft targets.

    Parameters
    ----------
    rows : array, shape (n, features)
    targets : array, shape (n, classes)
        Each row sums to 1; a passage in two domains has a half in each.
    weights : array, shape (n,), optional
    strength : float
        Inverse of the L2 penalty (scikit-learn's C).
    prior : Head, optional
        Where to start from: the penalty is then on the distance from it, of the intercepts too, so
        that few rows change it little and many rows much. Without it, the penalty is on the size
        of the coefficients, and a class without examples is never proposed.

    Returns
    -------
    Head
        With temperature 1: that of the prior has gone into its coefficients.
    """
    present = np.flatnonzero(targets.any(axis=0))
    if prior is not None:
        coef, intercept = prior.coef / prior.temperature, prior.intercept / prior.temperature
        return _fitted(rows, targets, weights, strength, Head(coef, intercept), tied=True)
    coef = np.zeros((targets.shape[1], rows.shape[1]))
    intercept = np.full(targets.shape[1], _NEVER)
    intercept[present] = 0
    if len(present) > 1:
        start = Head(coef[present], intercept[present])
        own = _fitted(rows, targets[:, present], weights, strength, start, tied=False)
        coef[present], intercept[present] = own.coef, own.intercept
    return Head(coef, intercept)


def _fitted(
    rows: Proba,
    targets: Proba,
    weights: Proba | None,
    strength: float,
    start: Head,
    *,
    tied: bool,
) -> Head:
    """Minimise the weighted log-loss plus the penalty on the distance from `start`."""
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    shares = targets if weights is None else targets * weights[:, None]
    mass = shares.sum(axis=1, keepdims=True)
    total = float(mass.sum()) or 1.0
    classes, width = start.coef.shape
    given = rows @ start.coef.T + start.intercept
    penalty = np.full(width + 1, 1 / strength)  # the intercept's stands last
    penalty[-1] *= tied

    def loss(flat: Proba) -> tuple[float, Proba]:
        change = flat.reshape(classes, width + 1)
        logits = given + rows @ change[:, :-1].T + change[:, -1]
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        sums = odds.sum(axis=1, keepdims=True)
        value = (mass * np.log(sums)).sum() - (shares * logits).sum()
        value += (change**2 @ penalty).sum() / 2
        wrong = mass * odds / sums - shares
        slope = change * penalty
        slope[:, :-1] += wrong.T @ rows
        slope[:, -1] += wrong.sum(axis=0)
        return value / total, slope.ravel() / total

    # Threads that wait for each other on small matrices take a hundred times as long when busy.
    with threadpool_limits(1 if rows.size < _SMALL else None, "blas"):
        found = minimize(
            loss,
            np.zeros(classes * (width + 1)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 1000, "maxfun": 2000, "gtol": 1e-4, "ftol": 1e-12},
        )
    change = found.x.reshape(classes, width + 1)
    return Head(start.coef + change[:, :-1], start.intercept + change[:, -1])


def sharpen(proba: Proba, temperature: float) -> Proba:
    """Divide the logits of probabilities by a temperature."""
    powers = np.clip(proba, 1e-12, 1) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(proba: Proba, truth: npt.NDArray[np.bool_], weights: Proba) -> float:
    """Find the temperature at which the confidence in the first guess is most nearly right.

    By log-loss on whether that guess is among the labels, not on the whole distribution: it is
    what users read, and a passage of two domains is right either way (Guo et al. 2017 fit the
    whole; that made confidence too low here). `truth` may lack last columns of `proba`.
    """
    top = proba[:, : truth.shape[1]].argmax(axis=1)
    rows = np.arange(len(top))
    right = truth[rows, top]

    def loss(temperature: float) -> float:
        sure = np.clip(sharpen(proba, temperature)[rows, top], 1e-6, 1 - 1e-6)
        return float(-np.log(np.where(right, sure, 1 - sure)) @ weights)

    return float(min(np.geomspace(0.25, 4, 81), key=loss))
