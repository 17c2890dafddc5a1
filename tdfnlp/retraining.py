"""Training a model of one's own from confirmed codes, and checking it on people held out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import __version__, gating
from .classifier import Head, Proba, sharpen, with_domain
from .codebook import Codebook
from .coding import Decision
from .embedding import Encoder
from .evaluation import Bools, Figures, measure
from .fitting import STRENGTH, Examples, fit_heads, folds, tabulate
from .framework import DOMAINS
from .lessons import Lessons, Source, counts, read_lessons
from .mapping import NONE
from .model import Model
from .predicting import Progress
from .refusals import check_base, check_enough
from .refusals import check_folder as check_folder
from .thresholds import decide

NOTHING = "nothing"
"""As a base: start without a prior."""

@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A new model, and what it said of each unit while that unit's person was held out.

    Attributes
    ----------
    model, base : Model
        The new one, and the one it started from (or whose encoder it has).
    encoder : Encoder
        Whose vectors were learnt from.
    lessons : Lessons
    truth : array of bool, shape (n, 14)
    people : array of str, shape (n,)
    proba : array, shape (n, 15)
        Out of fold, calibrated.
    decisions : tuple of str
        Out of fold, under the model's thresholds.
    figures : Figures
        Of these.
    gates : tuple of str
        Domains with too few units or people for thresholds of their own, as in "Optimism: 9 units
        from 3 people".
    """

    model: Model
    base: Model
    encoder: Encoder
    lessons: Lessons
    truth: Bools
    people: npt.NDArray[np.str_]
    proba: Proba
    decisions: tuple[Decision, ...]
    figures: Figures
    gates: tuple[str, ...]


def train_model(
    sources: "Source | Sequence[Source]",
    *,
    codebook: Codebook | None = None,
    base: Model | str | Path | None = None,
    random_state: int = 0,
    progress: Progress | None = None,
) -> Model:
    """Train a model from what people confirmed; its ``facts`` say how good it is.

    Parameters
    ----------
    sources : Store, Study, path, or several of them
        As in ``read_lessons``: study files, coded .qdpx and code exports, .jsonl.
    codebook : Codebook, optional
        Which domain the codes of coded material belong to; else their names say it.
    base : Model, str or Path, optional
        Where to start from: the shipped model where left out, another one, or "nothing". Not a
        model that learnt from the same units: these would count twice.
    random_state : int
        Deals people to folds, and is the bootstrap's.
    progress : callable, optional
        Gets (stage, done, total).

    Returns
    -------
    Model
        Not on disk yet: ``.save(folder)``.

    Raises
    ------
    InputError
        Nothing confirmed, or too few units, people or domains; says how many are needed.

    Examples
    --------
    >>> train_model("study.db").save("models/mystudy")  # doctest: +SKIP
    """
    mapping = (
        {" > ".join(one.path): one.domain or NONE for one in codebook.codes if one.codable}
        if codebook
        else None
    )
    lessons = read_lessons(sources, mapping=mapping, progress=progress)
    return train(lessons, base=base, random_state=random_state).model


def train(
    lessons: Lessons,
    *,
    base: Model | str | Path | None = None,
    encoder: Encoder | None = None,
    random_state: int = 0,
) -> Trained:
    """Train on lessons, as ``train_model``, and keep what the checking gave.

    Parameters
    ----------
    lessons : Lessons
    base : Model, str or Path, optional
        As in ``train_model``.
    encoder : Encoder, optional
        A loaded encoder with the base's weights.
    random_state : int
    """
    check_enough(lessons)
    start = base if isinstance(base, Model) else Model.load(None if base == NOTHING else base)
    prior = None if base == NOTHING else start
    if prior:
        check_base(lessons, prior)
    encoder = encoder or start.load_encoder()
    start.check_encoder(encoder)
    examples = tabulate(lessons, start, encoder)
    checked = check(examples, prior, gating.gated(lessons), random_state)
    trained = _trained(lessons, examples, checked, start, prior, random_state)
def _directions(head: Head, examples: Examples, test: npt.NDArray[np.intp]) -> Any:
    """Give the most probable direction of each pair whose direction is known, -1 elsewhere."""
    found = np.full(examples.valences[test].shape, -1)
    places, domains = np.nonzero(examples.valences[test] >= 0)
    if len(places):
        rows = with_domain(examples.rows[test][places], domains, len(DOMAINS))
        found[places, domains] = head.predict_proba(rows).argmax(axis=1)
    return found


def _share_right(found: npt.NDArray[np.intp], truth: npt.NDArray[np.intp]) -> float | None:
    known = truth >= 0
    return round(float((found == truth)[known].mean()), 3) if known.any() else None


def _learnt(lessons: Lessons) -> dict[str, Any]:
    """Count what was learnt from, as the manifest says it: no names, no words."""
    return {
        "units": len(lessons.units),
        "uncoded": sum(not one.domains for one in lessons.units),
        "people": len({one.person for one in lessons.units}),
        "studies": len(lessons.speech),
        "until": max(one.when for one in lessons.units),
        "domains": {
            domain: {"units": units, "people": people}
            for domain, (units, people) in counts(lessons).items()
        },
    }


def evaluate(
    model: Model, lessons: Lessons, *, encoder: Encoder | None = None, random_state: int = 0
) -> Figures:
    """Measure a model on what people confirmed.

    Units that the model learnt from flatter it; its own ``facts`` say how good it is on people
    held out.

    Parameters
    ----------
    model : Model
    lessons : Lessons
        From ``read_lessons``.
    encoder : Encoder, optional
        A loaded encoder with the model's weights.
    random_state : int
        Of the bootstrap.
    """
    proba, truth = predict_lessons(lessons, model, encoder)
    people = [one.person for one in lessons.units]
    decisions = decide(proba, model.thresholds)
    return measure(proba, truth, decisions, people, random_state=random_state)


def predict_lessons(
    lessons: Lessons, model: Model, encoder: Encoder | None = None
) -> tuple[Proba, Bools]:
    """Predict for lessons with any model; gives probabilities (n, 15) and the truth (n, 14)."""
    encoder = encoder or model.load_encoder()
    model.check_encoder(encoder)
    examples = tabulate(lessons, model, encoder)
    return model.domain_head.predict_proba(examples.rows), examples.truth
