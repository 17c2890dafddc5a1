"""Marking: the figures of one system on one test set, ready for JSON.

A figure with an interval is a list of value, low and high: 95 %, by bootstrap over the set's
groups (topics, interviews, or the quotes of one paper).
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from tdfnlp.classifier import Proba
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.metrics import (
    aurc,
    bootstrap_interval,
    brier_score,
    expected_calibration_error,
    top_k_accuracy,
)
from tdfnlp.reliability import kappa_of
from tdfnlp.thresholds import Thresholds, decide

from .exams import Exam

REPEATS = 500
_FEWEST = 5
"""Passages of a domain under which its F1 is not worth naming as a weak one."""

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


def score(proba: Proba, test: Exam) -> dict[str, Any]:
    """Figures over the coded passages of a test set.

    Top-k asks for any label of the passage. Kappa compares single codings: the best guess with
    the passage's first label, always.
    """
    coded = test.coded
    shown, truth, first = proba[coded][:, : len(DOMAINS)], test.truth[coded], test.first[coded]
    groups = _of(test.groups, coded)
    confidence, right = best_guess(proba, test)
    guesses, labels = (
        [DOMAINS[place] for place in places] for places in (shown.argmax(axis=1), first)
    )

    figures: dict[str, Any] = {"n": len(shown)}
    for k in (1, 2, 3):
        figures[f"top_{k}"] = _interval(partial(_top_k, shown, truth, k), groups)
    figures["kappa"] = _interval(
        lambda some: kappa_of([guesses[row] for row in some], [labels[row] for row in some]),
        groups,
    )
    if confidence.max() <= 1:  # word counts are no probabilities
        figures["ece"] = round(expected_calibration_error(confidence, right), 4)
        figures["brier"] = round(brier_score(confidence, right), 4)
    figures["aurc"] = round(aurc(confidence, right), 4)
    return figures


def _top_k(shown: Proba, truth: Bools, k: int, some: Places) -> float:
    return top_k_accuracy(shown[some], truth[some], k)


def best_guess(proba: Proba, test: Exam) -> tuple[Proba, Bools]:
    """Confidence of the most probable domain of each coded passage, and whether it is a label."""
    shown, truth = proba[test.coded][:, : len(DOMAINS)], test.truth[test.coded]
    rows, best = np.arange(len(shown)), shown.argmax(axis=1)
    return shown[rows, best], truth[rows, best]


def top_1(proba: Proba, test: Exam) -> list[float]:
    """Share of coded passages with the most probable domain among their labels."""
    return _share(best_guess(proba, test)[1], _of(test.groups, test.coded))


def direction(proba: Proba, test: Exam) -> dict[str, Any]:
    """Share right between barrier and facilitator, given the coded domain; beside the commoner one.

    Parameters
    ----------
    proba : array, shape (n, 4)
        In the order of ``VALENCES``, of the first domain of each passage.
    test : Exam
    """
    clear = [row for row, item in enumerate(test.items) if _valence(item.domains) in VALENCES[:2]]
    truth = np.array([VALENCES.index(_valence(test.items[row].domains)) for row in clear])
    right = proba[clear, :2].argmax(axis=1) == truth
    return {
        "n": len(right),
        "direction": _share(right, [test.groups[row] for row in clear]),
        "always the commoner": round(float(max(truth.mean(), 1 - truth.mean())), 4),
    }


def _valence(domains: Sequence[tuple[str, Any]]) -> Any:
    return domains[0][1] if domains else None


def per_domain(proba: Proba, test: Exam) -> dict[str, list[float]]:
    """Precision, recall, F1 and count of each domain, taking the most probable one."""
    coded = test.coded
    best, truth = proba[coded][:, : len(DOMAINS)].argmax(axis=1), test.truth[coded]
    table = {}
    for place, domain in enumerate(DOMAINS):
        guessed, held = best == place, truth[:, place]
        hits = int((guessed & held).sum())
        precision = hits / max(1, int(guessed.sum()))
        recall = hits / max(1, int(held.sum()))
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        table[domain] = [*_rounded(precision, recall, f1), int(held.sum())]
    return table


def worst_domains(table: dict[str, list[float]], count: int = 3) -> list[str]:
    """Name the domains of the lowest F1 among those with five passages or more."""
    enough = [domain for domain, figures in table.items() if figures[3] >= _FEWEST]
    return sorted(enough, key=lambda domain: table[domain][2])[:count]


def decisions(proba: Proba, thresholds: Thresholds, test: Exam) -> dict[str, Any]:
    """Tell what thresholds do with talk outside the framework, and with coded talk.

    None where there is nothing to take a share of.
    """
    decided = np.array(decide(proba, thresholds))
    suggested, coded = decided == "suggest", test.coded
    best = proba[:, : len(DOMAINS)].argmax(axis=1)
    right = test.truth[np.arange(len(best)), best]
    precision = _share(right[suggested], _of(test.groups, suggested)) if suggested.any() else None
    return {
        "precision of suggestions": precision,
        "share suggested": round(float(suggested.mean()), 4),
        "uncoded talk suggested": (
            None if coded.all() else round(float(suggested[~coded].mean()), 4)
        ),
        "coded talk abstained": round(float((decided[coded] == "abstain").mean()), 4),
    }


def _share(hits: Bools, groups: Sequence[str]) -> list[float]:
    return _interval(lambda some: float(hits[some].mean()), groups)


def _interval(statistic: Callable[[Places], float], groups: Sequence[str]) -> list[float]:
    low, high = bootstrap_interval(statistic, groups, repeats=REPEATS)
    return _rounded(statistic(np.arange(len(groups))), low, high)


def _rounded(*values: float) -> list[float]:
    """To four places: three would be rounded twice where two are shown (10 of 22 to .46)."""
    return [round(float(value), 4) for value in values]


def _of(groups: Sequence[str], keep: Bools) -> list[str]:
    return [group for group, wanted in zip(groups, keep, strict=True) if wanted]
