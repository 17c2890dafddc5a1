"""Thresholds: the precision they aim at, the laws they keep, and what is decided."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdfnlp.thresholds import Array, Thresholds, calibrate, decide

FAST = settings(max_examples=150, deadline=None, derandomize=True)

Truth = npt.NDArray[np.bool_]


def rows(*confidences: float, domains: int = 1, domain: int = 0) -> Array:
    """Probabilities with so much for one domain and the rest for none."""
    proba = np.zeros((len(confidences), domains + 1))
    proba[:, domain] = confidences
    proba[:, -1] = 1 - np.array(confidences)
    return proba


def right(*labels: int) -> Truth:
    return np.array(labels, dtype=bool)[:, None]


def drawn(seed: int, n: int, domains: int) -> tuple[Array, Truth]:
    """Calibrated predictions: each label as often true as its probability says."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(domains + 1, 0.4), size=n)
    label = (proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    truth = np.eye(domains + 1, dtype=bool)[label][:, :-1]
    truth[0] = True  # the quantile needs a coded passage
    return proba, truth


def suggested(proba: Array, thresholds: Thresholds) -> npt.NDArray[np.bool_]:
    return np.array([one == "suggest" for one in decide(proba, thresholds)])


def test_cut_by_hand() -> None:
    # From the top the share of right ones is 1, 1, 2/3, 3/4, 4/5, 4/6.
    proba = rows(0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
    truth = right(1, 1, 0, 1, 1, 0)
    assert calibrate(proba, truth, precision=0.8).suggest == pytest.approx((0.75,))
    assert calibrate(proba, truth, precision=0.9).suggest == pytest.approx((0.9,))
    assert calibrate(proba, truth, precision=0.6).suggest == pytest.approx((0.7,))


def test_a_precision_out_of_reach_suggests_nothing() -> None:
    proba = rows(0.95, 0.9, 0.8)
    thresholds = calibrate(proba, right(0, 1, 0), precision=0.8, miss=0.0)
    assert thresholds.suggest == (1.0,)
    assert decide(proba, thresholds) == ["ask", "ask", "abstain"]


def test_what_was_aimed_at_is_kept() -> None:
    thresholds = calibrate(rows(0.9, 0.8), right(1, 1), precision=0.7)
    assert thresholds.precision == 0.7
    assert len(thresholds.suggest) == 1
    assert calibrate(rows(0.9, 0.8), right(1, 1)).precision == 0.8


@pytest.mark.parametrize("precision", [0.6, 0.7, 0.8, 0.9])
def test_realised_precision_reaches_the_target(precision: float) -> None:
    proba, truth = drawn(0, 600, 1)
    thresholds = calibrate(proba, truth, precision=precision, uncoded=1.0)
    thresholds = replace(thresholds, ask=0.0)
    chosen = suggested(proba, thresholds)
    assert chosen.sum() > 20
    assert truth[chosen, 0].mean() >= precision
    # And no more could have been suggested, but what is more likely wrong than right.
    order = np.argsort(-proba[:, 0])
    shares = np.cumsum(truth[order, 0]) / np.arange(1, 601)
    left = slice(int(chosen.sum()), None)
    assert ((shares[left] < precision) | (proba[order[left], 0] < 0.5)).all()


def test_realised_precision_where_confidences_are_equal() -> None:
    proba = rows(0.9, 0.5, 0.5, 0.5)
    truth = right(1, 1, 0, 0)
    thresholds = replace(calibrate(proba, truth), ask=0.0)
    assert truth[suggested(proba, thresholds), 0].mean() >= 0.8


def test_the_passage_at_the_cut_is_suggested() -> None:
    for lowest in (hundredth / 100 for hundredth in range(50, 81)):
        proba = rows(0.9, lowest)
        thresholds = replace(calibrate(proba, right(1, 1)), ask=0.0)
        assert decide(proba, thresholds) == ["suggest"] * 2


@FAST
@given(st.integers(0, 10_000), st.floats(0.3, 0.95), st.floats(0, 0.3))
def test_a_higher_precision_suggests_a_part(seed: int, precision: float, more: float) -> None:
    proba, truth = drawn(seed, 80, 1)
    low = calibrate(proba, truth, precision=precision)
    high = calibrate(proba, truth, precision=min(precision + more, 1))
    assert high.suggest[0] >= low.suggest[0] - 1e-12
    assert (suggested(proba, high) <= suggested(proba, low)).all()
    assert high.ask == low.ask


def test_a_higher_precision_never_lowers_a_domains_threshold() -> None:
    # The second domain is always right; the first only once, at .9, and 45 times not, near .4.
    doubtful = rows(0.9, *np.linspace(0.44, 0.4, 45), domains=2)
    proba = np.vstack([rows(*np.linspace(0.96, 0.95, 200), domains=2, domain=1), doubtful])
    truth = np.zeros((len(proba), 2), dtype=bool)
    truth[:200, 1] = truth[200, 0] = True
    cuts = [calibrate(proba, truth, precision=aim).suggest[0] for aim in (0.8, 0.9, 0.95, 0.99)]
    assert cuts == sorted(cuts)


@FAST
@given(st.integers(0, 10_000), st.floats(0, 0.5), st.floats(0, 0.5))
def test_missing_more_abstains_more(seed: int, miss: float, more: float) -> None:
    proba, truth = drawn(seed, 80, 3)
    few, many = (calibrate(proba, truth, miss=share) for share in (miss, miss + more))
    assert few.suggest == many.suggest
    assert few.ask <= many.ask


@pytest.mark.parametrize("miss", [0.0, 0.05, 0.25])
def test_so_many_coded_passages_are_abstained_from(miss: float) -> None:
    proba, truth = drawn(0, 1000, 4)
    decisions = np.array(decide(proba, calibrate(proba, truth, miss=miss)))
    coded = truth.any(axis=1)
    assert (decisions[coded] == "abstain").mean() == pytest.approx(miss, abs=0.005)
    assert (decisions[~coded] == "abstain").mean() > miss


def test_a_domain_that_is_rarely_right_needs_more_confidence() -> None:
    sure, unsure = np.linspace(0.95, 0.5, 400), np.linspace(0.94, 0.51, 400)
    proba = np.vstack([rows(*sure, domains=3), rows(*unsure, domains=3, domain=1)])
    truth = np.zeros((800, 3), dtype=bool)
    truth[:400, 0] = True
    truth[400:800:2, 1] = True
    thresholds = calibrate(proba, truth, precision=0.8)
    assert thresholds.suggest[0] < thresholds.suggest[2] < thresholds.suggest[1]


def test_a_domain_without_predictions_has_the_common_threshold() -> None:
    proba = rows(0.95, 0.9, 0.85, 0.8, domains=2)
    truth = np.array([[1, 0], [1, 0], [0, 0], [0, 1]], dtype=bool)
    assert calibrate(proba, truth, precision=0.9).suggest[1] == pytest.approx(0.9)


THRESHOLDS = Thresholds(0.8, (0.5, 0.7), 0.25)


@pytest.mark.parametrize(
    ("proba", "expected"),
    [
        pytest.param([0.5, 0.2, 0.3], "suggest", id="at the threshold"),
        pytest.param([0.49, 0.2, 0.31], "ask", id="below it"),
        pytest.param([0.2, 0.6, 0.2], "ask", id="below the threshold of its own domain"),
        pytest.param([0.1, 0.7, 0.2], "suggest", id="at the threshold of its own domain"),
        pytest.param([0.1, 0.1, 0.8], "abstain", id="none"),
        pytest.param([0.2, 0.05, 0.75], "ask", id="none, but at the limit"),
    ],
)
def test_decide(proba: list[float], expected: str) -> None:
    assert decide(np.array([proba]), THRESHOLDS) == [expected]


def test_none_goes_before_a_low_threshold() -> None:
    assert decide(np.array([[0.2, 0.0, 0.8]]), Thresholds(0.8, (0.1, 0.1), 0.25)) == ["abstain"]


def test_decide_many_and_none_at_all() -> None:
    proba = np.array([[0.9, 0.05, 0.05], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]])
    assert decide(proba, THRESHOLDS) == ["suggest", "abstain", "ask"]
    assert decide(np.empty((0, 3)), THRESHOLDS) == []


def test_talk_outside_the_framework_is_rarely_suggested() -> None:
    rng = np.random.default_rng(3)
    proba = rng.dirichlet([4, 1, 1, 1.5], size=4000)
    truth = np.zeros((4000, 3), dtype=bool)
    coded = rng.random(4000) < 0.6
    truth[coded, proba[coded, :-1].argmax(axis=1)] = True
    loose, strict = (
        np.array(decide(proba, calibrate(proba, truth, precision=0.5, uncoded=share)))
        for share in (1.0, 0.02)
    )
    assert (loose[~coded] == "suggest").mean() > 0.1
    assert 0.01 < (strict[~coded] == "suggest").mean() <= 0.02
    assert set(loose[strict != loose]) == {"suggest"} and set(strict[strict != loose]) == {"ask"}
