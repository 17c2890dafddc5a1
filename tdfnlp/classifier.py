"""Vectors to probabilities: what the linear heads see, how they are fitted and applied.

The vector of a passage says first what it is about and only then what kind of talk it is. So the
mean vector of the study is taken off each passage (in training: of its topic), and the question
stands beside the answer, weaker, so that it helps without outvoting it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Proba = npt.NDArray[np.float64]

QUESTION_WEIGHT = 0.7
"""Chosen on topic-held-out folds: .7 and 1.2 do as well, 0 loses .06 where a question is known."""

PRIOR_SIZE = 8
"""Passages that the training mean counts for in the mean of a small study."""


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
        logits = (features @ self.coef.T + self.intercept) / self.temperature
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)


def study_mean(vectors: Floats, prior: Proba) -> Proba:
    """Mean vector of a study, drawn towards the training mean where the study is small.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Its codable passages.
    prior : array, shape (d,)
        Training mean, which one lone text falls back on.
    """
    total = vectors.astype(np.float64).sum(axis=0) + PRIOR_SIZE * prior
    return np.asarray(total / (len(vectors) + PRIOR_SIZE))


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


def fit_head(
    rows: Proba, targets: Proba, *, weights: Proba | None = None, strength: float = 4.0
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
    """
    from sklearn.linear_model import LogisticRegression

    passages, classes = np.nonzero(targets)
    share = targets[passages, classes] * (1 if weights is None else weights[passages])
    coef = np.zeros((targets.shape[1], rows.shape[1]))
    intercept = np.full(targets.shape[1], -30.0)  # a class without examples is never proposed
    present = np.unique(classes)
    intercept[present] = 0
    if len(present) > 1:
        fitted = LogisticRegression(C=strength, max_iter=1000).fit(
            rows[passages], classes, sample_weight=share
        )
        # Of two classes scikit-learn keeps one row, against a zero row for the first.
        own = present[-len(fitted.coef_) :]
        coef[own], intercept[own] = fitted.coef_, fitted.intercept_
    return Head(coef, intercept)
