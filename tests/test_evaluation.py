"""Figures on coded units, by hand."""

import numpy as np
import pytest

from tdfnlp.coding import Decision
from tdfnlp.evaluation import Figures, first_right, measure
from tdfnlp.framework import DOMAINS
from tdfnlp.metrics import bootstrap_interval, top_k_accuracy
from tdfnlp.reliability import kappa_of

N = len(DOMAINS)


def proba(*ranked: tuple[int, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rows in which the places named come first, in that order; N is none."""
    rows = np.full((len(ranked), N + 1), 0.01)
    for row, places in zip(rows, ranked, strict=True):
        for rank, place in enumerate(places):
            row[place] = 0.6 / 2**rank
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def truth(*domains: tuple[int, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    labels = np.zeros((len(domains), N), dtype=bool)
    for row, places in zip(labels, domains, strict=True):
        row[list(places)] = True
    return labels


RANKED = proba((0, 1), (1, 0), (0, N), (N, 2), (N, 0), (2, 3))
TRUTH = truth((0,), (0,), (0, 3), (2,), (), ())
DECISIONS: list[Decision] = ["suggest", "suggest", "ask", "ask", "abstain", "suggest"]
PEOPLE = ["a", "a", "b", "b", "c", "c"]


@pytest.fixture
def figures() -> Figures:
    return measure(RANKED, TRUTH, DECISIONS, PEOPLE)


def test_shares_by_hand(figures: Figures) -> None:
    assert (figures.units, figures.coded, figures.people) == (6, 4, 3)
    assert figures.top_1.value == 3 / 4  # the fourth has its domain first among the domains
    assert figures.top_3.value == 1
    assert figures.right.value == 3 / 6
    assert figures.precision.value == 1 / 3
    assert figures.suggested.value == 3 / 6
    assert first_right(RANKED, TRUTH).tolist() == [True, False, True, False, True, False]


def test_domains_by_hand(figures: Figures) -> None:
    first = figures.domains[0]
    assert (first.domain, first.units, first.people) == (DOMAINS[0], 3, 2)
    assert (first.precision.value, first.recall.value) == (1, 2 / 3)
    assert first.f1.value == pytest.approx(0.8)
    assert [one.domain for one in figures.domains] == [DOMAINS[0], DOMAINS[2], DOMAINS[3]]
    assert figures.macro_f1.value == pytest.approx(0.8 / 3)


def test_kappa_is_cohen_s(figures: Figures) -> None:
    guessed = [str(place) for place in RANKED.argmax(axis=1)]
    single = ["0", "0", "0", "2", str(N), str(N)]
    assert figures.kappa.value == pytest.approx(kappa_of(guessed, single))


def test_intervals_are_those_of_resampled_people() -> None:
    rng = np.random.default_rng(0)
    labels = np.eye(N, dtype=bool)[rng.integers(3, size=120)]
    rows = rng.dirichlet(np.ones(N + 1), size=120) + 0.2 * np.column_stack([labels, np.zeros(120)])
    people = [f"P{n % 6}" for n in range(120)]
    found = measure(rows, labels, ["ask"] * 120, people).top_1
    low, high = bootstrap_interval(
        lambda some: top_k_accuracy(rows[some][:, :N], labels[some], 1), people
    )
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def test_of_one_person_the_units_are_resampled() -> None:
    found = measure(RANKED, TRUTH, DECISIONS, ["a"] * 6)
    assert found.people == 1
    assert found.right.low is not None and found.right.high is not None
    assert found.right.low < found.right.high


def test_what_cannot_be_said_is_none() -> None:
    found = measure(RANKED[4:], TRUTH[4:], ["ask", "ask"], ["a", "b"])
    assert (found.top_1.value, found.precision.value, found.ece) == (None, None, None)
    assert found.domains == () and found.macro_f1.value is None


def test_facts_are_plain_and_rounded(figures: Figures) -> None:
    facts = figures.facts()
    assert facts["domains"][0]["f1"]["value"] == 0.8
    assert facts["precision"]["value"] == 0.333
