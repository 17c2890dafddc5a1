"""The estimator keeps scikit-learn's contract."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tdfnlp.classifier import Head
from tdfnlp.estimator import TdfClassifier


@parametrize_with_checks([TdfClassifier()])  # type: ignore[untyped-decorator]
def test_all_of_scikit_learns_own_checks(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


def blobs(n: int = 90) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    codes = np.array(["no cover at night", "rota", "trust"])[np.arange(n) % 3]
    centres = {"no cover at night": [3, 0], "rota": [0, 3], "trust": [-3, -3]}
    return np.array([centres[one] for one in codes]) + rng.normal(size=(n, 2)), codes


def test_it_works_in_a_pipeline_with_any_codes() -> None:
    rows, codes = blobs()
    scores = cross_val_score(make_pipeline(StandardScaler(), TdfClassifier()), rows, codes, cv=3)
    assert scores.min() > 0.9


def test_it_starts_from_a_prior() -> None:
    rows, codes = blobs()
    first = TdfClassifier().fit(rows, codes)
    few = np.array([0, 1])  # two codes seen of three: the third stays what it was
    with pytest.raises(ValueError):
        TdfClassifier(prior=first.head_).fit(rows[few], codes[few])
    again = TdfClassifier(strength=1e-6, prior=first.head_).fit(rows[:3], codes[:3])
    np.testing.assert_allclose(again.predict_proba(rows), first.predict_proba(rows), atol=1e-3)
    assert isinstance(again.head_, Head)
