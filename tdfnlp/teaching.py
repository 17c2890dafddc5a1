"""Domains and directions learnt from confirmed units, and checked on people held out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from . import gating
from .classifier import Proba, sharpen
from .coding import Decision
from .confirmed import Lessons, counts
from .embedding import Encoder
from .evaluation import UNMEASURED, Bools, Figures, first_right, measure
from .fitting import Examples, Split, directions, fit_heads, folds
from .framework import DOMAINS, VALENCES
from .model import Model
from .owncodes import OwnTrained
from .refinement import Refined
from .thresholds import decide


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
        Those of which domains are known. None, and no figures, where domains could not be learnt.
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
    raw : array, shape (n, 15)
        Out of fold, not calibrated.
    notes : tuple of str
        What was not learnt, and what came of fine-tuning. After it, all arrays are of the people
        kept from it.
    own : OwnTrained or None
        The study's own codes, where some were learnt.
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
    raw: Proba
    notes: tuple[str, ...] = ()
    own: OwnTrained | None = None


def taught(
    lessons: Lessons,
    examples: Examples,
    prior: Model | None,
    start: tuple[Model, Encoder],
    random_state: int,
) -> Trained:
    """Learn domains and directions from a prior, with the encoder of the base."""
    base, encoder = start
    splits = list(folds(examples.people, random_state))
    raw, directed = _folded(examples, splits, prior)
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
        name=f"{base.name}-retrained",
        domain_head=replace(domain_head, temperature=temperature),
        valence_head=replace(
            valence_head,
            temperature=valence_head.temperature * gating.temperature(directed[known], aims),
        ),
        mean=examples.mean,
        question_mean=base.question_mean,
        thresholds=gating.thresholds(sharpen(raw, temperature), examples.truth, prior, gated),
        encoder=base.encoder,
        facts={"out_of_fold": figures.facts() | {"direction": _share_right(directed[known], aims)}},
        folder=base.folder,
    )
    return Trained(
        model=model,
        base=base,
        encoder=encoder,
        lessons=lessons,
        truth=examples.truth,
        people=examples.people,
        proba=proba,
        decisions=decisions,
        figures=figures,
        gates=tuple(gating.gate(domain, *counts(lessons)[domain]) for domain in gated),
        raw=raw,
    )


def unchanged(lessons: Lessons, base: Model, encoder: Encoder, reason: str) -> Trained:
    """Keep the base's domains and directions, measured on nothing."""
    nothing = np.zeros((0, len(DOMAINS) + 1))
    return Trained(
        model=replace(base, name=f"{base.name}-retrained", facts={}, digest="", own=None),
        base=base,
        encoder=encoder,
        lessons=replace(lessons, units=()),
        truth=nothing[:, 1:].astype(bool),
        people=np.array([], dtype=str),
        proba=nothing,
        decisions=(),
        figures=UNMEASURED,
        gates=(),
        raw=nothing,
        notes=(f"Domains and directions are those of {base.id}, unchanged. {reason}",),
    )


def _folded(
    examples: Examples, splits: Sequence[Split], prior: Model | None
) -> tuple[Proba, Proba]:
    """Predict each fold, domains and known directions, by heads fitted on the others."""
    raw = np.zeros((len(examples.rows), len(DOMAINS) + 1))
    directed = np.zeros((*examples.valences.shape, len(VALENCES)))
    for known, test in splits:
        domain_head, valence_head = fit_heads(examples, known, prior)
        raw[test] = domain_head.predict_proba(examples.rows[test])
        directed[test] = directions(valence_head, examples, test)
    return raw, directed


def _share_right(found: Proba, aims: Bools) -> float | None:
    right = aims[np.arange(len(found)), found.argmax(axis=1)]
    return round(float(right.mean()), 3) if len(found) else None


def retaught(
    trained: Trained, tables: tuple[Examples, Examples], refined: Refined, prior: Model | None
) -> Trained:
    """Give the fine-tuned model, measured on the people kept from it, beside the frozen one.

    The `tables` are of the encoder as it was, and of the one that learnt.
    """
    known, apart, raw = refined.known, refined.apart, trained.raw
    lessons, truth = trained.lessons, trained.truth[apart]
    examples, own = tables
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
        notes=(*trained.notes, note),
    )
