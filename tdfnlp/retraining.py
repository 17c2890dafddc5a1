"""Training a model of one's own from confirmed codes, and checking it on people held out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import __version__, gating
from .classifier import Proba, sharpen
from .codebook import Codebook
from .coding import Decision
from .embedding import Encoder
from .evaluation import Bools, Figures, first_right, measure
from .fitting import STRENGTH, Examples, Split, directions, fit_heads, folds, tabulate
from .framework import DOMAINS, VALENCES
from .lessons import Lessons, Source, counts, read_lessons
from .mapping import NONE
from .model import Model
from .predicting import Progress
from .refinement import Refined, refine
from .refusals import check_base, check_enough
from .refusals import check_folder as check_folder
from .thresholds import decide

_NO_GAIN = (
    "Fine-tuning brought nothing on the people who were kept to stop it: the encoder stays as it "
    "was."
)

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
    notes : tuple of str
        What came of fine-tuning. After it, all arrays are of the people kept from it.
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
    notes: tuple[str, ...] = ()


def train_model(
    sources: "Source | Sequence[Source]",
    *,
    codebook: Codebook | None = None,
    base: Model | str | Path | None = None,
    fine_tune: bool = False,
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
        model that may have learnt from the same units: these would count twice.
    fine_tune : bool
        Train the encoder further too: minutes instead of seconds, and a third of the people are
        kept from it to measure it on.
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
        Nothing confirmed, too few units, people or domains (says how many are needed), or a base
        that may know them already.

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
    return train(
        lessons, base=base, fine_tune=fine_tune, random_state=random_state, progress=progress
    ).model


def train(
    lessons: Lessons,
    *,
    base: Model | str | Path | None = None,
    encoder: Encoder | None = None,
    fine_tune: bool = False,
    random_state: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Train on lessons, as ``train_model``, and keep what the checking gave.

    Parameters
    ----------
    lessons : Lessons
    base : Model, str or Path, optional
        As in ``train_model``.
    encoder : Encoder, optional
        A loaded encoder with the base's weights.
    fine_tune, random_state, progress
        As in ``train_model``.
    """
    check_enough(lessons)
    start = base if isinstance(base, Model) else Model.load(None if base == NOTHING else base)
    prior = None if base == NOTHING else start
    if prior:
        check_base(lessons, prior)
    encoder = encoder or start.load_encoder()
    start.check_encoder(encoder)
    examples = tabulate(lessons, start, encoder)
    splits = list(folds(examples.people, random_state))
    raw, directed = _out_of_fold(examples, splits, prior)
    known = examples.valences >= 0
    aims = np.eye(len(VALENCES), dtype=bool)[examples.valences[known]]
    gated = gating.gated(lessons)
    proba, decisions = gating.calibrated(raw, examples.truth, splits, prior, gated)
    figures = measure(
        proba, examples.truth, decisions, examples.people.tolist(), random_state=random_state
    )
    domain_head, valence_head = fit_heads(examples, np.arange(len(raw)), prior)
    temperature = gating.temperature(raw, examples.truth)
    model = Model(
        name=f"{start.name}-retrained",
        domain_head=replace(domain_head, temperature=temperature),
        valence_head=replace(
            valence_head,
            temperature=valence_head.temperature * gating.temperature(directed[known], aims),
        ),
        mean=examples.mean,
        question_mean=start.question_mean,
        thresholds=gating.thresholds(sharpen(raw, temperature), examples.truth, prior, gated),
        encoder=start.encoder,
        facts={
            "tdfnlp": __version__,
            "base": NOTHING if prior is None else start.id,
            "random_state": random_state,
            "strength": STRENGTH,
            "learnt": _learnt(lessons),
            "out_of_fold": figures.facts() | {"direction": _share_right(directed[known], aims)},
        },
        folder=start.folder,
    )
    trained = Trained(
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
    if not fine_tune:
        return trained
    refined = refine(lessons, examples, start, random_state=random_state, progress=progress)
    if refined is None:
        return replace(trained, notes=(_NO_GAIN,))
    return _refined(trained, examples, raw, refined, prior)


def _out_of_fold(
    examples: Examples, splits: Sequence[Split], prior: Model | None
) -> tuple[Proba, Proba]:
    """Predict each fold, domains and known directions, by heads fitted on the others."""
    raw = np.zeros((len(examples.rows), len(DOMAINS) + 1))
    directed = np.zeros((*examples.valences.shape, len(VALENCES)))
    for learn, test in splits:
        domain_head, valence_head = fit_heads(examples, learn, prior)
        raw[test] = domain_head.predict_proba(examples.rows[test])
        directed[test] = directions(valence_head, examples, test)
    return raw, directed


def _share_right(found: Proba, aims: Bools) -> float | None:
    right = aims[np.arange(len(found)), found.argmax(axis=1)]
    return round(float(right.mean()), 3) if len(found) else None


def _refined(
    trained: Trained, examples: Examples, raw: Proba, refined: Refined, prior: Model | None
) -> Trained:
    """Give the fine-tuned model, measured on the people kept from it, beside the frozen one."""
    known, apart = refined.known, refined.apart
    lessons, truth = trained.lessons, trained.truth[apart]
    own = tabulate(lessons, refined.model, refined.encoder)
    temperature = gating.temperature(raw[known], trained.truth[known])
    cuts = gating.thresholds(
        sharpen(raw[known], temperature), trained.truth[known], prior, gating.gated(lessons)
    )
    proba, frozen = (
        replace(fit_heads(one, known, prior)[0], temperature=temperature).predict_proba(
            one.rows[apart]
        )
        for one in (own, examples)
    )
    people = trained.people[apart]
    decisions = tuple(decide(proba, cuts))
    seed = trained.model.facts["random_state"]
    figures = measure(proba, truth, decisions, people.tolist(), random_state=seed)
    right = [round(float(first_right(one, truth).mean()), 3) for one in (proba, frozen)]
    domain_head, valence_head = fit_heads(own, np.arange(len(raw)), prior)
    model = replace(
        trained.model,
        domain_head=replace(domain_head, temperature=trained.model.domain_head.temperature),
        valence_head=replace(valence_head, temperature=trained.model.valence_head.temperature),
        mean=own.mean,
        encoder=refined.model.encoder,
        folder=refined.model.folder,
        facts=trained.model.facts
        | {
            "out_of_fold": figures.facts() | {"direction": None},
            "fine_tuned": {"right": right[0], "right_without": right[1]},
        },
    )
    note = (
        f"On {len(apart)} units of {figures.people} people kept from both, the fine-tuned model is "
        f"right in {right[0]:.2f}, one with the encoder as it was in {right[1]:.2f}."
    )
    return replace(
        trained,
        model=model,
        encoder=refined.encoder,
        lessons=replace(lessons, units=tuple(lessons.units[place] for place in apart)),
        truth=truth,
        people=people,
        proba=proba,
        decisions=decisions,
        figures=figures,
        notes=(note,),
    )


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
