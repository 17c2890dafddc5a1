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
from .errors import InputError, OutputError
from .evaluation import Bools, Figures, measure
from .fitting import STRENGTH, Examples, fit_heads, folds, tabulate
from .framework import DOMAINS
from .lessons import Lessons, Source, counts, read_lessons
from .mapping import NONE
from .model import Model
from .predicting import Progress
from .thresholds import decide

NOTHING = "nothing"
"""As a base: start without a prior."""

FEWEST_UNITS, FEWEST_PEOPLE = 30, 3
"""Under these nothing can be learnt that could be checked."""


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
    encoder = encoder or start.load_encoder()
    start.check_encoder(encoder)
    prior = None if base == NOTHING else start
    examples = tabulate(lessons, start, encoder)
    raw = np.zeros((len(examples.rows), len(DOMAINS) + 1))
    direction = np.full(examples.valences.shape, -1)
    for learn, test in folds(examples.people, random_state):
        domain_head, valence_head = fit_heads(examples, learn, prior)
        raw[test] = domain_head.predict_proba(examples.rows[test])
        direction[test] = _directions(valence_head, examples, test)
    temperature = gating.temperature(raw, examples.truth)
    proba = sharpen(raw, temperature)
    gated = gating.gated(lessons)
    thresholds = gating.thresholds(proba, examples.truth, prior, gated)
    decisions = tuple(decide(proba, thresholds))
    people = examples.people.tolist()
    figures = measure(proba, examples.truth, decisions, people, random_state=random_state)
    domain_head, valence_head = fit_heads(examples, np.arange(len(proba)), prior)
    model = Model(
        name=f"{start.name}-retrained",
        domain_head=replace(domain_head, temperature=temperature),
        valence_head=valence_head,
        mean=examples.mean,
        question_mean=start.question_mean,
        thresholds=thresholds,
        encoder=start.encoder,
        facts={
            "tdfnlp": __version__,
            "base": NOTHING if prior is None else start.id,
            "random_state": random_state,
            "strength": STRENGTH,
            "learnt": _learnt(lessons),
            "out_of_fold": figures.facts()
            | {"direction": _share_right(direction, examples.valences)},
        },
        folder=start.folder,
    )
    return Trained(
        model=model,
        base=start,
        encoder=encoder,
        lessons=lessons,
        truth=examples.truth,
        people=examples.people,
        proba=proba,
        decisions=decisions,
        figures=figures,
        gates=tuple(gating.gate(domain, *counts(lessons)[domain]) for domain in gated),
    )


def check_folder(folder: Path) -> None:
    """Refuse a folder with something in it, before the work: another model may be in use there.

    Raises
    ------
    OutputError
        It is there and not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"{str(folder)!r} is there already and not empty. Models are never replaced, so that "
            "each can be put back: give the new one a folder of its own."
        )


def check_enough(lessons: Lessons) -> None:
    """Refuse lessons from which nothing can be learnt that could be checked.

    Raises
    ------
    InputError
        Says what is missing and how much of it.
    """
    n, people = len(lessons.units), len({one.person for one in lessons.units})
    domains = {domain for one in lessons.units for domain, _ in one.domains}
    if n < FEWEST_UNITS:
        raise InputError(
            f"{n} units are confirmed; training needs {FEWEST_UNITS}. Confirm {FEWEST_UNITS - n} "
            "more."
        )
    if people < FEWEST_PEOPLE:
        raise InputError(
            f"The {n} confirmed units are from {people} "
            f"{'person' if people == 1 else 'people'}; {FEWEST_PEOPLE} are needed, because a model "
            "is checked on people whom it did not learn from. Confirm units of others too, or say "
            "who speaks (transcript and speaker)."
        )
    if not domains:
        raise InputError(
            f"None of the {n} confirmed units has a domain of the framework. Confirm some that do, "
            "or tie the codes to domains (a mapping)."
        )
    if len(domains) == 1 and all(one.domains for one in lessons.units):
        raise InputError(
            f"All {n} confirmed units are {next(iter(domains))!r}: there is nothing to tell it "
            "from. Confirm units of other domains, or units without one."
        )


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
