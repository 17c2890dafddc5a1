"""Lessons as arrays, and heads fitted on them with a model as a prior.

The new heads start from the prior's coefficients and are penalised for moving away (MAP), so that a
domain with few confirmed units stays what it was and one with many becomes the study's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .classifier import Head, Proba, features, fit_head, study_mean, with_domain
from .confirmed import Lessons
from .embedding import Encoder
from .evaluation import Bools
from .framework import DOMAINS, VALENCES
from .items import domain_labels, valence_labels
from .model import Model
from .training import encode_questions

STRENGTH = 3.0
"""Inverse of the penalty on the distance from the prior. On invented studies of 150 units, 3 is
best by log-loss; 1 and 10 lose up to .01 of top-1."""

Split: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Places to learn from, and places to test on."""

_FOLDS = 5
_PAIRS = 20  # (passage, domain) pairs with a direction under which the prior's head is kept


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Lessons as arrays.

    Attributes
    ----------
    rows : array, shape (n, features)
        What the heads see.
    truth : array of bool, shape (n, 14)
    valences : array of int, shape (n, 14)
        Place in ``VALENCES``, -1 where the domain does not apply or the direction is not known.
    people : array of str, shape (n,)
    mean : array, shape (d,)
        Of all passages of all studies.
    """

    rows: Proba
    truth: Bools
    valences: npt.NDArray[np.intp]
    people: npt.NDArray[np.str_]
    mean: Proba

    def at(self, keep: Bools) -> "Examples":
        """Give some of the rows."""
        return Examples(
            self.rows[keep], self.truth[keep], self.valences[keep], self.people[keep], self.mean
        )


def tabulate(lessons: Lessons, model: Model, encoder: Encoder) -> Examples:
    """Encode lessons, each study centred on its own mean, as the heads of `model` read them."""
    spoken = [encoder.encode(texts) for texts in lessons.speech]
    means = np.stack([study_mean(vectors, model.mean) for vectors in spoken])
    answers = encoder.encode(one.text for one in lessons.units)
    questions = encode_questions([one.question for one in lessons.units], encoder)
    own = means[[one.study for one in lessons.units]]
    return Examples(
        rows=features(answers, questions, mean=own, question_mean=model.question_mean),
        truth=domain_labels(lessons.units),
        valences=valence_labels(lessons.units),
        people=np.array([one.person for one in lessons.units]),
        mean=study_mean(np.concatenate(spoken), model.mean),
    )


def folds(people: npt.NDArray[np.str_], random_state: int) -> Iterator[Split]:
    """Deal whole people to folds; gives the places to learn from and to test on."""
    from sklearn.model_selection import GroupKFold

    count = min(_FOLDS, len(set(people.tolist())))
    dealt = GroupKFold(count, shuffle=True, random_state=random_state)
    yield from dealt.split(people, groups=people)


def fit_heads(
    examples: Examples, learn: npt.NDArray[np.intp], prior: Model | None
) -> tuple[Head, Head]:
    """Fit the heads of domains and directions on some of the examples."""
    rows, truth, valences = examples.rows[learn], examples.truth[learn], examples.valences[learn]
    domain_head = fit_labels(rows, truth, prior.domain_head if prior else None)
    places, domains = np.nonzero(valences >= 0)
    if prior and len(places) < _PAIRS:
        return domain_head, prior.valence_head
    valence_head = fit_head(
        with_domain(rows[places], domains, len(DOMAINS)),
        np.eye(len(VALENCES))[valences[places, domains]],
        strength=STRENGTH,
        prior=prior.valence_head if prior else None,
    )
    return domain_head, valence_head


def fit_labels(
    rows: Proba, truth: Bools, prior: Head | None = None, *, strength: float = STRENGTH
) -> Head:
    """Fit a head over domains or codes, and none.

    Parameters
    ----------
    rows : array, shape (n, features)
    truth : array of bool, shape (n, k)
        Rows without a label are examples of none.
    prior : Head, optional
        Over k + 1 classes: where to start from.
    strength : float
        Inverse of the penalty on the distance from the prior.
    """
    none = ~truth.any(axis=1)
    targets = np.column_stack([truth, none]).astype(np.float64)
    targets /= targets.sum(axis=1, keepdims=True)
    if prior is None or none.any():
        return fit_head(rows, targets, strength=strength, prior=prior)
    # Coders who only ever code say nothing of what they left: none stays as likely as it was.
    coef, intercept = prior.coef / prior.temperature, prior.intercept / prior.temperature
    old = Head(coef[:-1], intercept[:-1])
    new = fit_head(rows, targets[:, :-1], strength=strength, prior=old)
    shift = float((_spread(old, rows) - _spread(new, rows)).mean())
    return Head(np.vstack([new.coef, coef[-1]]), np.append(new.intercept + shift, intercept[-1]))


def _spread(head: Head, rows: Proba) -> Proba:
    logits = rows @ head.coef.T + head.intercept
    return np.asarray(np.logaddexp.reduce(logits, axis=1))


def directions(head: Head, examples: Examples, test: npt.NDArray[np.intp]) -> Proba:
    """Probabilities of each direction where one is known, zeros elsewhere; shape (n, 14, 4)."""
    found = np.zeros((*examples.valences[test].shape, len(VALENCES)))
    places, domains = np.nonzero(examples.valences[test] >= 0)
    rows = with_domain(examples.rows[test][places], domains, len(DOMAINS))
    found[places, domains] = head.predict_proba(rows)
    return found
