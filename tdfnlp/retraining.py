"""Training a model of one's own from confirmed codes, and checking it on people held out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .codebook import Codebook
from .confirmed import tied
from .embedding import Encoder
from .errors import InputError
from .fitting import STRENGTH, tabulate
from .lessons import Lessons, Source, counts, read_lessons
from .mapping import NONE
from .model import Model
from .owncodes import OwnTrained, learn, relearn, unknown, unlearnt
from .predicting import Progress
from .refinement import refine
from .refusals import check_base, check_enough, lacking
from .refusals import check_folder as check_folder
from .teaching import Trained as Trained
from .teaching import retaught, taught, unchanged
from .thresholds import decide

_NO_GAIN = (
    "Fine-tuning brought nothing on the people who were kept to stop it: the encoder stays as it "
    "was."
)

NOTHING = "nothing"
"""As a base: start without a prior."""


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

    Domains, or where these are lacking the base's own, and the study's own codes beside them.

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
    reason = lacking(lessons)
    if fine_tune and reason:
        raise InputError(f"Fine-tuning goes by domains. {reason} Or train without it.")
    encoder = encoder or start.load_encoder()
    start.check_encoder(encoder)
    examples = tabulate(lessons, start, encoder)
    told = np.array([not one.untied for one in lessons.units])
    some, table = tied(lessons), examples.at(told)
    proba = start.domain_head.predict_proba(examples.rows)  # it knows none of these people
    decisions = np.array(decide(proba, start.thresholds), dtype=object)
    if reason:
        trained = unchanged(some, start, encoder, reason)
    else:
        trained = taught(some, table, prior, (start, encoder), random_state)
        proba[told], decisions[told] = trained.proba, trained.decisions
    facts = {
        "tdfnlp": __version__,
        "base": NOTHING if prior is None else start.id,
        "random_state": random_state,
        "strength": STRENGTH,
        "learnt": _learnt(lessons),
    }
    trained = replace(trained, model=replace(trained.model, facts=facts | trained.model.facts))
    own = learn(lessons, examples, prior, (proba, decisions.tolist()), random_state)
    trained = _with_own(trained, own)
    left = () if own else unlearnt(lessons)
    trained = replace(trained, notes=(*trained.notes, *left, *_dropped(start, own)))
    if not fine_tune:
        return trained
    refined = refine(some, table, start, random_state=random_state, progress=progress)
    if refined is None:
        return replace(trained, notes=(*trained.notes, _NO_GAIN))
    again = tabulate(lessons, refined.model, refined.encoder)
    trained = retaught(trained, (table, again.at(told)), refined, prior)
    teachers = table.people[refined.known].tolist()
    return _with_own(trained, own and relearn(own, again, teachers, random_state))


def _with_own(trained: Trained, own: OwnTrained | None) -> Trained:
    if own is None:
        return trained
    model = trained.model
    model = replace(model, own=own.own, facts=model.facts | {"own_codes": own.facts()})
    return replace(trained, model=model, own=own)


def _dropped(start: Model, own: OwnTrained | None) -> tuple[str, ...]:
    """Say which codes of the base are not in the new model, which has only what it learnt."""
    n = unknown(start, own)
    if not n:
        return ()
    return (
        f"{n} codes of your own that {start.id} knows are not in this model: codes are learnt "
        "anew. Train on the units that have them too.",
    )


def _learnt(lessons: Lessons) -> dict[str, Any]:
    """Count what was learnt from, as the manifest says it: no names, no words."""
    return {
        "units": len(lessons.units),
        "uncoded": sum(not (one.domains or one.untied) for one in lessons.units),
        "untied": sum(one.untied for one in lessons.units),
        "people": len({one.person for one in lessons.units}),
        "studies": len(lessons.speech),
        "until": max(one.when for one in lessons.units),
        "domains": {
            domain: {"units": units, "people": people}
            for domain, (units, people) in counts(lessons).items()
        },
    }
