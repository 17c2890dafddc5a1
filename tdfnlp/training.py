"""Training a model from coded items, with topics kept whole on one side of every split.

``python -m tdfnlp.training`` (``make train``) rebuilds the shipped models from ``training_data/``.
"""

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import __version__
from .classifier import (
    Floats,
    Head,
    Proba,
    features,
    fit_head,
    fit_temperature,
    sharpen,
    with_domain,
)
from .embedding import Encoder
from .errors import InputError
from .framework import DOMAINS, VALENCES
from .items import (
    Item,
    base_weights,
    domain_labels,
    is_unseen,
    item_files,
    read_items,
    soft_targets,
    valence_labels,
)
from .metrics import expected_calibration_error, top_k_accuracy
from .model import ENCODER, Model, encoder_facts
from .thresholds import Thresholds, calibrate, decide
from .tuning import Recipe, fine_tune, save_encoder
from .weights import find_weights

logger = logging.getLogger(__name__)

STRENGTH = 1.0
"""Inverse of the L2 penalty of the domain head (``fit_head``)."""

UNCODED, MISSED = 0.01, 0.02
"""Share of invented talk outside the framework that may be suggested, and share of coded talk that
may be abstained from (``calibrate``). Whole interviews are less tidy: with .05 for both, the large
model suggests on .14 and .23 of their talk outside and abstains from .05 and .12 of the coded."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Items as arrays: twice over, with their questions and without.

    Attributes
    ----------
    rows : array, shape (2 n, features)
    targets : array, shape (2 n, 15)
        Soft labels; the last column is none.
    truth : array of bool, shape (2 n, 14)
    unseen : array of bool, shape (2 n,)
        Rows whose topic is kept from fitting.
    valences : array of int, shape (2 n, 14)
        Place in ``VALENCES`` per domain, -1 where the domain does not apply.
    mean, question_mean : array, shape (d,)
        Over what is fitted on.
    """

    rows: Proba
    targets: Proba
    truth: npt.NDArray[np.bool_]
    unseen: npt.NDArray[np.bool_]
    valences: npt.NDArray[np.intp]
    mean: Proba
    question_mean: Proba


def tabulate(items: Sequence[Item], encoder: Encoder) -> Table:
    """Encode items and centre them per topic."""
    answers = encoder.encode(item.text for item in items)
    questions = encode_questions([item.question for item in items], encoder)
    topics = np.array([item.topic for item in items])
    means = np.zeros(answers.shape)
    for topic in sorted(set(topics)):
        means[topics == topic] = answers[topics == topic].mean(axis=0, dtype=np.float64)
    unseen = np.array([is_unseen(item.topic) for item in items])
    asked = questions.any(axis=1) & ~unseen
    question_mean = questions[asked].sum(axis=0, dtype=np.float64) / max(1, asked.sum())
    views = [
        features(answers, shown, mean=means, question_mean=question_mean)
        for shown in (questions, np.zeros_like(questions))
    ]
    return Table(
        rows=np.vstack(views),
        targets=np.vstack([soft_targets(items)] * 2),
        truth=np.vstack([domain_labels(items)] * 2),
        unseen=np.concatenate([unseen, unseen]),
        valences=np.vstack([valence_labels(items)] * 2),
        mean=answers[~unseen].mean(axis=0, dtype=np.float64),
        question_mean=question_mean,
    )


def encode_questions(questions: Sequence[str], encoder: Encoder) -> Floats:
    """Encode questions; rows of zeros where there is none."""
    vectors = encoder.encode(questions)
    vectors[[not question.strip() for question in questions]] = 0
    return vectors


def fit_default(items: Sequence[Item], encoder: Encoder, *, name: str = "default") -> Model:
    """Fit heads on five topics of six; set confidence and thresholds on the sixth, and measure.

    One split and no folds, because a fine-tuned encoder has seen its topics too: only what neither
    encoder nor head has seen says how sure to be on a new study.

    Parameters
    ----------
    items : sequence of Item
        From many topics; ``items.is_unseen`` says which are kept from fitting.
    encoder : Encoder
        Never fine-tuned on unseen topics.
    name : str

    Raises
    ------
    InputError
        No coded item to fit on, or none to measure on.
    """
    coded = [is_unseen(item.topic) for item in items if item.domains]
    if all(coded) or not any(coded):
        raise InputError("Training needs coded items from more topics, to fit and to measure.")
    table = tabulate(items, encoder)
    seen, unseen = ~table.unseen, table.unseen
    weights = base_weights(table.targets[seen])
    head = fit_head(table.rows[seen], table.targets[seen], weights=weights / 2, strength=STRENGTH)
    raw = head.predict_proba(table.rows[unseen])
    weights = base_weights(table.targets[unseen])
    truth = table.truth[unseen]
    temperature = fit_temperature(raw, truth, weights)
    calibrated = sharpen(raw, temperature)
    thresholds = calibrate(calibrated, truth, weights=weights, uncoded=UNCODED, miss=MISSED)
    valence_head, direction = _fit_direction(table)
    return Model(
        name=name,
        domain_head=replace(head, temperature=temperature),
        valence_head=valence_head,
        mean=table.mean,
        question_mean=table.question_mean,
        thresholds=thresholds,
        encoder=encoder_facts(encoder),
        facts=_facts(items, calibrated, truth)
        | {
            "tdfnlp": __version__,
            "unseen_direction": direction,
            "thresholds_reached": _reached(calibrated, truth, thresholds),
        },
    )


def _fit_direction(table: Table) -> tuple[Head, float | None]:
    """Fit the valence head, and measure it on unseen topics."""
    pairs = _pairs(table)
    unseen = table.unseen[pairs[0]]
    head = _fit_valence(table, pairs, ~unseen)
    found = head.predict_proba(_pair_rows(table, pairs, unseen))
    truth = pairs[2][unseen]
    temperature = fit_temperature(found, np.eye(len(VALENCES))[truth] > 0, np.ones(len(truth)))
    return replace(head, temperature=temperature), _direction(found, truth)


Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]


def _pairs(table: Table) -> Pairs:
    """Row, domain and valence of every (passage, domain) pair."""
    rows, domains = np.nonzero(table.valences >= 0)
    return rows, domains, table.valences[rows, domains]


def _pair_rows(table: Table, pairs: Pairs, keep: npt.NDArray[np.bool_]) -> Proba:
    return with_domain(table.rows[pairs[0][keep]], pairs[1][keep], len(DOMAINS))


def _fit_valence(table: Table, pairs: Pairs, keep: npt.NDArray[np.bool_]) -> Head:
    targets = np.eye(len(VALENCES))[pairs[2][keep]]
    return fit_head(_pair_rows(table, pairs, keep), targets, weights=np.full(len(targets), 0.5))


def _direction(proba: Proba, truth: npt.NDArray[np.intp]) -> float | None:
    """Share right between barrier and facilitator, where the truth is one of them."""
    clear = truth < 2
    right = proba[clear][:, :2].argmax(axis=1) == truth[clear]
    return round(float(right.mean()), 3) if len(right) else None


def _facts(items: Sequence[Item], proba: Proba, truth: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Count items and measure on unseen topics, with the question and from the answer alone."""
    counts = Counter(domain for item in items for domain, _ in item.domains)
    topics = {item.topic for item in items}
    n = len(truth) // 2
    coded = truth[:n].any(axis=1)
    facts: dict[str, Any] = {
        "items": len(items),
        "items_unseen": n,
        "topics": len(topics),
        "topics_unseen": sum(map(is_unseen, topics)),
        "items_per_domain": {domain: counts[domain] for domain in DOMAINS},
        "items_outside_the_framework": sum(not item.domains for item in items),
    }
    for view, part in (("with_question", slice(0, n)), ("answer_alone", slice(n, 2 * n))):
        shown, labels = proba[part][coded][:, :-1], truth[part][coded]
        best = shown.argmax(axis=1)
        rows = np.arange(len(best))
        facts[f"unseen_topics_{view}"] = {
            "top_1": round(top_k_accuracy(shown, labels, 1), 3),
            "top_3": round(top_k_accuracy(shown, labels, 3), 3),
            "ece": round(expected_calibration_error(shown[rows, best], labels[rows, best]), 3),
        }
    return facts


def _reached(
    proba: Proba, truth: npt.NDArray[np.bool_], thresholds: Thresholds
) -> dict[str, float]:
    """Measure what the thresholds reach on the predictions they were fitted on."""
    decisions = np.array(decide(proba, thresholds))
    suggested = decisions == "suggest"
    best = proba[:, :-1].argmax(axis=1)
    right = truth[np.arange(len(best)), best]
    none = ~truth.any(axis=1)
    return {
        "precision": round(float(right[suggested].mean()), 3) if suggested.any() else 0.0,
        "share_suggested": round(float(suggested.mean()), 3),
        "uncoded_suggested": round(float(suggested[none].mean()), 3) if none.any() else 0.0,
        "coded_abstained": round(float((decisions[~none] == "abstain").mean()), 3),
    }


@dataclass(frozen=True, slots=True)
class Making:
    """How a shipped model's encoder is made.

    Attributes
    ----------
    name : str
    base : str or Path, optional
        As for ``find_weights``.
    recipe : Recipe
    bits : int
        Of a weight on disk.
    """

    name: str
    base: str | Path | None
    recipe: Recipe
    bits: int


def main(arguments: Iterable[str]) -> None:
    """Rebuild the shipped models: ``python -m tdfnlp.training MPNET [training_data [models]]``.

    MPNET is a folder with all-mpnet-base-v2; ``make train`` gets it.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    large, *given = arguments or sys.exit(str(main.__doc__))
    root = Path(__file__).parent.parent
    source = Path(given[0]) if given else root / "training_data"
    target = Path(given[1]) if len(given) > 1 else root / "models"
    items = [item for file in item_files(source) for item in read_items(file)]
    for making in (
        Making("default", large, Recipe(rate=4e-5, frozen=2), bits=5),
        Making("fast", None, Recipe(), bits=6),
    ):
        base, folder = find_weights(making.base), target / making.name
        seen = [item for item in items if not is_unseen(item.topic)]
        weights = fine_tune(seen, base, making.recipe)
        save_encoder(weights, base, folder / ENCODER, bits=making.bits)
        model = fit_default(items, Encoder.load(folder / ENCODER), name=making.name).save(folder)
        logger.info("%s\n%s", model.id, json.dumps(model.facts, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
