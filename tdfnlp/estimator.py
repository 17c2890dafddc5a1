"""The classifier as an estimator of scikit-learn, for pipelines and cross-validation of one's own.

It takes vectors and any labels: TDF domains, a study's child codes, another framework.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .classifier import Head, Proba, fit_head


class TdfClassifier(ClassifierMixin, BaseEstimator):
    """Multinomial logistic regression, with an earlier head to start from if wanted.

    Parameters
    ----------
    strength : float
        Inverse of the penalty (scikit-learn's C).
    prior : Head, optional
        The penalty is on the distance from it; it has one row per class, in sorted order.

    Attributes
    ----------
    classes_ : array
        Labels, sorted.
    head_ : Head
        What was fitted.

    Examples
    --------
    >>> import numpy as np
    >>> vectors, codes = np.array([[0.0, 1], [1, 0], [0, 2]]), ["rota", "fear", "rota"]
    >>> TdfClassifier().fit(vectors, codes).predict([[0, 3]]).tolist()
    ['rota']
    """

    def __init__(self, strength: float = 3.0, prior: Head | None = None) -> None:
        self.strength = strength
        self.prior = prior

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        sample_weight : array, shape (n,), optional
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        self.classes_, places = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        self.head_ = fit_head(
            X,
            np.eye(len(self.classes_))[places],
            weights=weights,
            strength=self.strength,
            prior=self.prior,
        )
        return self

    def decision_function(self, X: Any) -> Proba:
        """Give logits, shape (n, classes); (n,) of the second class where there are two."""
        logits = self._logits(X)
        return np.asarray(logits[:, 1] - logits[:, 0]) if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> Proba:
        """Give probabilities, shape (n, classes), in the order of ``classes_``."""
        check_is_fitted(self)
        return self.head_.predict_proba(validate_data(self, X, dtype=np.float64, reset=False))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Give the most probable label of each row."""
        best = self._logits(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _logits(self, X: Any) -> Proba:
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(rows @ self.head_.coef.T + self.head_.intercept)
