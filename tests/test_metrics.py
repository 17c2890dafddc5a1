"""Figures against values worked by hand and against scikit-learn."""

from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, top_k_accuracy_score

from tdfnlp.metrics import (
    aurc,
    bootstrap_interval,
    brier_score,
    expected_calibration_error,
    risk_coverage,
    top_k_accuracy,
)

FAST = settings(max_examples=100, deadline=None, derandomize=True)

PROBA = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25], [0.2, 0.5, 0.3]])
TRUTH = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0]], dtype=bool)


@pytest.mark.parametrize(("k", "expected"), [(1, 0.25), (2, 0.5), (3, 0.75)])
def test_top_k_by_hand(k: int, expected: float) -> None:
    # A unit with several labels counts once; one without any is never right.
    assert top_k_accuracy(PROBA, TRUTH, k) == expected


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_top_k_as_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(7)
    proba = rng.dirichlet(np.ones(5), size=200)
    label = rng.integers(5, size=200)
    truth = np.eye(5, dtype=bool)[label]
    expected = top_k_accuracy_score(label, proba, k=k, labels=range(5))
    assert top_k_accuracy(proba, truth, k) == pytest.approx(expected)
    assert 0.1 < expected < 0.95


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.9, 0.2, 0.8, 0.3])
    correct = np.array([True, False, False, True])
    # Bins {.2, .3} and {.8, .9}: |.25 - .5| and |.85 - .5|, two units each.
    assert expected_calibration_error(confidence, correct, bins=2) == pytest.approx(0.3)
    # One bin: |.55 - .5|; a unit each: (.2 + .7 + .8 + .1) / 4.
    assert expected_calibration_error(confidence, correct, bins=1) == pytest.approx(0.05)
    assert expected_calibration_error(confidence, correct) == pytest.approx(0.45)


def test_calibration_error_weighs_bins_by_their_units() -> None:
    confidence = np.array([0.1, 0.2, 0.9])
    # Bins of two and one: 2/3 of .15 and 1/3 of .9.
    expected = (2 * 0.15 + 0.9) / 3
    assert expected_calibration_error(confidence, np.zeros(3, dtype=bool), 2) == pytest.approx(
        expected
    )


def test_confidence_that_comes_true_has_no_calibration_error() -> None:
    confidence = np.repeat([0.25, 0.5, 0.75, 1.0], 4)
    correct = np.array([1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1], dtype=bool)
    assert expected_calibration_error(confidence, correct, bins=4) == 0
    assert expected_calibration_error(confidence, ~correct, bins=4) > 0.4


def test_brier_by_hand_and_as_scikit_learn() -> None:
    confidence = np.array([0.9, 0.2, 0.8, 0.5])
    correct = np.array([True, False, False, True])
    # (.01 + .04 + .64 + .25) / 4
    assert brier_score(confidence, correct) == pytest.approx(0.235)
    assert brier_score(confidence, correct) == pytest.approx(brier_score_loss(correct, confidence))
    assert brier_score(correct.astype(float), correct) == 0
    assert brier_score(correct.astype(float), ~correct) == 1


def test_risk_coverage_by_hand() -> None:
    confidence = np.array([0.3, 0.9, 0.6, 0.6, 0.1])
    correct = np.array([True, True, False, True, False])
    coverage, risk = risk_coverage(confidence, correct)
    # .9 alone is right; both of .6 come in together, one wrong of three; then 1 of 4, 2 of 5.
    assert coverage == pytest.approx([0.2, 0.6, 0.8, 1.0])
    assert risk == pytest.approx([0, 1 / 3, 1 / 4, 2 / 5])
    # Each unit's own threshold once, the two of .6 at the same.
    assert aurc(confidence, correct) == pytest.approx((0 + 2 / 3 + 1 / 4 + 2 / 5) / 5)


def test_area_where_confidence_says_all_or_nothing() -> None:
    correct = np.array([True, True, False, True])
    assert aurc(np.full(4, 0.7), correct) == 0.25
    # Wrong one last: 0, 0, 0, 1/4; wrong one first: 1, 1/2, 1/3, 1/4.
    assert aurc(np.array([0.9, 0.8, 0.1, 0.7]), correct) == pytest.approx(1 / 16)
    assert aurc(np.array([0.1, 0.2, 0.9, 0.3]), correct) == pytest.approx(25 / 48)


answers = st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.5, 0.9]), st.booleans()), min_size=1)


@FAST
@given(answers, st.randoms(use_true_random=False))
def test_risk_coverage_is_one_curve_whatever_the_order(
    some: list[tuple[float, bool]], random: Random
) -> None:
    confidence, correct = (np.array(column) for column in zip(*some, strict=True))
    shuffled = random.sample(some, len(some))
    other = [np.array(column) for column in zip(*shuffled, strict=True)]
    coverage, risk = risk_coverage(confidence, correct)
    assert np.array_equal([coverage, risk], risk_coverage(other[0], other[1]))
    assert len(coverage) == len(set(confidence))
    assert coverage[-1] == 1
    assert risk[-1] == pytest.approx((~correct).mean())
    assert (np.diff(coverage) > 0).all()
    # Any rising function of confidence ranks the same.
    assert aurc(confidence**3, correct) == pytest.approx(aurc(confidence, correct))


VALUES = np.random.default_rng(3).normal(loc=2, size=120)
GROUPS = [f"paper {number % 12}" for number in range(120)]


def mean(places: npt.NDArray[np.intp]) -> float:
    return float(VALUES[places].mean())


def test_interval_contains_the_estimate_and_is_as_wide_as_it_should_be() -> None:
    low, high = bootstrap_interval(mean, GROUPS)
    assert low < VALUES.mean() < high
    by_paper = np.array([VALUES[number::12].mean() for number in range(12)])
    expected = 2 * 1.96 * by_paper.std() / np.sqrt(12)
    assert high - low == pytest.approx(expected, rel=0.15)


def test_interval_is_deterministic() -> None:
    assert bootstrap_interval(mean, GROUPS) == bootstrap_interval(mean, GROUPS)
    assert bootstrap_interval(mean, GROUPS) != bootstrap_interval(mean, GROUPS, random_state=1)


def test_groups_are_resampled_whole() -> None:
    groups = ["a", "b", "a", "c", "b", "a"]
    sizes = []

    def watch(places: npt.NDArray[np.intp]) -> float:
        times = np.bincount(places, minlength=6)
        assert times[0] == times[2] == times[5]
        assert times[1] == times[4]
        assert times[0] + times[1] + times[3] == 3
        sizes.append(len(places))
        return 0.0

    assert bootstrap_interval(watch, groups, repeats=50) == (0.0, 0.0)
    assert len(sizes) == 50
    assert len(set(sizes)) > 1


def test_units_of_a_single_group_are_resampled_one_by_one() -> None:
    low, high = bootstrap_interval(mean, ["paper"] * 120)
    assert low < VALUES.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * VALUES.std() / np.sqrt(120), rel=0.15)
