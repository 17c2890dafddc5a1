"""Query strategies of other packages, over the same features and heads as ours.

scikit-activeml comes with the development tools. small-text is used where it is installed
(``pip install --no-deps --target FOLDER small-text`` and ``PYTHONPATH=FOLDER`` are enough).
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from tdfnlp.classifier import Head, Proba
from tdfnlp.framework import DOMAINS

from .simulation import Choose
from .studies import Rows, Study

SKACTIVEML = ("margin", "DropQuery")
"""Its uncertainty sampling by margin, and its newest for vectors that stay (Gupte et al. 2024)."""


def peers() -> dict[str, Choose]:
    """Name those that are there."""
    found = {f"scikit-activeml {name}": _skactiveml(name) for name in SKACTIVEML}
    if find_spec("small_text"):
        found["small-text BreakingTies"] = _breaking_ties
    return found


def _single(study: Study, rows: Sequence[int]) -> npt.NDArray[np.intp]:
    """Give one label each, as these packages want it; none is the last."""
    truth = study.truth[list(rows)]
    return np.where(truth.any(axis=1), truth.argmax(axis=1), len(DOMAINS))


def _skactiveml(name: str) -> Choose:
    def query(
        study: Study,
        asked: Sequence[int],
        rows: Rows,
        head: Head,
        n: int,
        rng: np.random.Generator,
    ) -> Sequence[int]:
        from skactiveml import pool
        from skactiveml.base import SkactivemlClassifier

        class Fitted(SkactivemlClassifier):  # type: ignore[misc]
            """Our head as theirs, over features that were not turned."""

            def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Fitted":
                return self

            def predict_proba(self, X: Proba) -> Proba:
                return head.predict_proba(X @ study.axes)

            def predict(self, X: Proba) -> npt.NDArray[np.intp]:
                return np.asarray(self.predict_proba(X).argmax(axis=1))

        labels = np.full(len(study.rows), np.nan)
        labels[list(asked)] = _single(study, asked)
        options = {"method": "margin_sampling"} if name == "margin" else {}
        kind = "UncertaintySampling" if name == "margin" else name
        chosen = getattr(pool, kind)(random_state=int(rng.integers(2**31)), **options).query(
            study.rows @ study.axes.T,
            labels,
            Fitted(classes=range(len(DOMAINS) + 1)),
            fit_clf=False,
            candidates=rows,
            batch_size=min(n, len(rows)),
        )
        return [int(row) for row in chosen]

    return query


def _breaking_ties(
    study: Study,
    asked: Sequence[int],
    rows: Rows,
    head: Head,
    n: int,
    rng: np.random.Generator,
) -> Sequence[int]:
    """Ask small-text, which looks at probabilities alone here."""
    small_text: Any = import_module("small_text")

    class Fitted:
        """Our head as theirs."""

        def predict_proba(self, some: Proba) -> Proba:
            return head.predict_proba(some)

    mixed = rng.permutation(rows)  # it has no chance of its own
    chosen = small_text.BreakingTies().query(
        Fitted(), study.rows, mixed, np.array(asked), None, n=min(n, len(rows))
    )
    return [int(row) for row in chosen]
