"""Training a model from coded items, with topics kept whole on one side of every split.

``python -m tdfnlp.training`` (``make train``) rebuilds ``models/default`` from ``training_data/``.
"""

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import __version__
from .classifier import Floats, Head, Proba, features, fit_head, with_domain
from .embedding import Encoder
from .errors import CodebookError, FormatError, InputError
from .framework import DOMAINS, VALENCES, Valence
from .metrics import expected_calibration_error, top_k_accuracy
from .model import Model, encoder_facts
from .thresholds import Thresholds, calibrate, decide

logger = logging.getLogger(__name__)

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One coded passage.

    Attributes
    ----------
    id, topic, text, question : str
    domains : tuple of (domain, valence)
        Empty for talk outside the framework.
    """

    id: str
    topic: str
    text: str
    question: str
    domains: tuple[tuple[str, Valence], ...]


def read_items(file: Path) -> list[Item]:
    """Read training items, one JSON object a line.

    Raises
    ------
    FormatError
        A line is not such an object; names the line.
    CodebookError
        A domain or valence that does not exist.
    """
    items = []
    # Not splitlines: JSON allows U+2028 and the like inside a string.
    for number, line in enumerate(file.read_bytes().rstrip(b"\n").split(b"\n"), start=1):
        try:
            record = json.loads(line)
            items.append(_item(record))
        except CodebookError as error:
            raise CodebookError(f"{file.name}, line {number}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(
                file, f"not a training item ({error!r}).", place=f"line {number}"
            ) from error
    return items


def _item(record: dict[str, Any]) -> Item:
    for domain, valence in record["domains"].items():
        if domain not in DOMAINS or valence not in VALENCES:
            raise CodebookError(f"{domain!r} as {valence!r} is not in the framework.")
    return Item(
        str(record["id"]),
        str(record["topic"]),
        str(record["text"]),
        str(record.get("question") or ""),
        tuple(record["domains"].items()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Items as arrays: twice over, with their questions and without.

    Attributes
    ----------
    rows : array, shape (2 n, features)
    targets : array, shape (2 n, 15)
        Soft labels; the last column is none.
    topics : array of str, shape (2 n,)
    valences : array of int, shape (2 n, 14)
        Place in ``VALENCES`` per domain, -1 where the domain does not apply.
    mean, question_mean : array, shape (d,)
    """

    rows: Proba
    targets: Proba
    topics: npt.NDArray[np.str_]
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
    asked = questions.any(axis=1)
    question_mean = questions[asked].sum(axis=0, dtype=np.float64) / max(1, asked.sum())
    views = [
        features(answers, shown, mean=means, question_mean=question_mean)
        for shown in (questions, np.zeros_like(questions))
    ]
    targets, valences = label_arrays(items)
    return Table(
        rows=np.vstack(views),
        targets=np.vstack([targets, targets]),
        topics=np.concatenate([topics, topics]),
        valences=np.vstack([valences, valences]),
        mean=answers.mean(axis=0, dtype=np.float64),
        question_mean=question_mean,
    )


def encode_questions(questions: Sequence[str], encoder: Encoder) -> Floats:
    """Encode questions; rows of zeros where there is none."""
    vectors = encoder.encode(questions)
    vectors[[not question.strip() for question in questions]] = 0
    return vectors


def label_arrays(items: Sequence[Item]) -> tuple[Proba, npt.NDArray[np.intp]]:
    """Build soft targets (n, 15) and valences (n, 14), as in ``Table``."""
    targets = np.zeros((len(items), len(DOMAINS) + 1))
    valences = np.full((len(items), len(DOMAINS)), -1, dtype=np.intp)
    for row, item in enumerate(items):
        if not item.domains:
            targets[row, -1] = 1
        for domain, valence in item.domains:
            place = DOMAINS.index(domain)
            targets[row, place] = 1 / len(item.domains)
            valences[row, place] = VALENCES.index(valence)
    return targets, valences


def fit_default(
    items: Sequence[Item], encoder: Encoder, *, name: str = "default", random_state: int = 0
) -> Model:
    """Fit heads, temperatures and thresholds; measure on topics that were held out.

    Parameters
    ----------
    items : sequence of Item
        From at least ``FOLDS`` topics.
    encoder : Encoder
    name : str
    random_state : int
        Shuffles topics into folds.
    """
    if len({item.topic for item in items}) < FOLDS:
        raise InputError(f"Training needs items from at least {FOLDS} topics.")
    table = tabulate(items, encoder)
    weights = np.full(len(table.rows), 0.5)
    held_out = np.zeros(table.targets.shape)
    pairs = _pairs(table)
    held_valence = np.zeros((len(pairs[0]), len(VALENCES)))
    for fold in topic_folds(table.topics, random_state):
        logger.info("fold of %d items", fold.sum() // 2)
        head = fit_head(table.rows[~fold], table.targets[~fold], weights=weights[~fold])
        held_out[fold] = head.predict_proba(table.rows[fold])
        inside = fold[pairs[0]]
        held_valence[inside] = _fit_valence(table, pairs, ~inside).predict_proba(
            _pair_rows(table, pairs, inside)
        )
    temperature = _temperature(held_out, table.targets)
    valence_temperature = _temperature(held_valence, np.eye(len(VALENCES))[pairs[2]])
    calibrated = _sharpen(held_out, temperature)
    truth = table.targets[:, :-1] > 0
    thresholds = calibrate(calibrated, truth)
    everything = np.ones(len(pairs[0]), dtype=bool)
    return Model(
        name=name,
        domain_head=replace(
            fit_head(table.rows, table.targets, weights=weights), temperature=temperature
        ),
        valence_head=replace(
            _fit_valence(table, pairs, everything), temperature=valence_temperature
        ),
        mean=table.mean,
        question_mean=table.question_mean,
        thresholds=thresholds,
        encoder=encoder_facts(encoder),
        facts=_facts(items, calibrated, truth)
        | {
            "tdfnlp": __version__,
            "held_out_direction": round(_direction(held_valence, pairs[2]), 3),
            "thresholds_reached": _reached(calibrated, truth, thresholds),
        },
    )


def topic_folds(topics: npt.NDArray[np.str_], random_state: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of ``FOLDS`` folds; a topic is never on both sides."""
    names = np.array(sorted(set(topics)))
    np.random.default_rng(random_state).shuffle(names)
    for fold in range(FOLDS):
        yield np.isin(topics, names[fold::FOLDS])


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


def _sharpen(proba: Proba, temperature: float) -> Proba:
    powers = np.clip(proba, 1e-12, 1) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _temperature(proba: Proba, targets: Proba) -> float:
    """Find the temperature with the least log-loss on held-out predictions."""

    def loss(temperature: float) -> float:
        sharpened = np.clip(_sharpen(proba, temperature), 1e-12, 1)
        return float(-(targets * np.log(sharpened)).sum(axis=1).mean())

    return float(min(np.geomspace(0.25, 4, 81), key=loss))


def _direction(proba: Proba, truth: npt.NDArray[np.intp]) -> float:
    """Share right between barrier and facilitator, where the truth is one of them."""
    clear = truth < 2
    return float((proba[clear][:, :2].argmax(axis=1) == truth[clear]).mean())


def _facts(items: Sequence[Item], proba: Proba, truth: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Count items and measure on held-out topics, with the question and from the answer alone."""
    counts = Counter(domain for item in items for domain, _ in item.domains)
    n = len(items)
    coded = truth[:n].any(axis=1)
    facts: dict[str, Any] = {
        "items": n,
        "topics": len({item.topic for item in items}),
        "items_per_domain": {domain: counts[domain] for domain in DOMAINS},
        "items_outside_the_framework": int((~coded).sum()),
    }
    for view, part in (("with_question", slice(0, n)), ("answer_alone", slice(n, 2 * n))):
        shown, labels = proba[part][coded][:, :-1], truth[part][coded]
        best = shown.argmax(axis=1)
        rows = np.arange(len(best))
        facts[f"held_out_topics_{view}"] = {
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


def training_files(folder: Path) -> list[Path]:
    """List the item files directly in a training folder, sorted."""
    return sorted(folder.glob("*.jsonl"))


def main(arguments: Iterable[str]) -> None:
    """Rebuild the shipped model: ``python -m tdfnlp.training [training_data [models/default]]``."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    given = list(arguments)
    root = Path(__file__).parent.parent
    source = Path(given[0]) if given else root / "training_data"
    target = Path(given[1]) if len(given) > 1 else root / "models" / "default"
    items = [item for file in training_files(source) for item in read_items(file)]
    model = fit_default(items, Encoder.load(), name=target.name).save(target)
    logger.info("%s\n%s", model.id, json.dumps(model.facts, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
