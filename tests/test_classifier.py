"""What the heads see, and how they are fitted and applied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdfnlp.classifier import (
    PRIOR_SIZE,
    QUESTION_WEIGHT,
    Head,
    Proba,
    exact_sum,
    features,
    fit_head,
    fit_temperature,
    mean_of_sum,
    sharpen,
    study_mean,
    with_domain,
)

FAST = settings(max_examples=100, deadline=None, derandomize=True)

numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)
seeds = st.integers(0, 10_000)


def corners(classes: int, each: int = 30, seed: int = 0) -> tuple[Proba, Proba]:
    """Points around the corners of a simplex, and the one-hot corner of each."""
    rng = np.random.default_rng(seed)
    targets = np.eye(classes)[np.repeat(np.arange(classes), each)]
    return targets * 3 + rng.normal(scale=0.3, size=targets.shape), targets


@FAST
@given(seeds, st.floats(0.05, 20), st.sampled_from([1e-3, 1.0, 1e5]))
def test_rows_of_probabilities_sum_to_1(seed: int, temperature: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    head = Head(rng.normal(size=(5, 3)) * scale, rng.normal(size=5), temperature)
    proba = head.predict_proba(rng.normal(size=(7, 3)) * scale)
    assert proba.shape == (7, 5)
    assert proba.dtype == np.float64
    assert np.isfinite(proba).all()
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_probabilities_by_hand() -> None:
    head = Head(np.array([[1.0], [0.0]]), np.array([0.0, np.log(3)]), temperature=2.0)
    # Logits (x, log 3) / 2: at 0 the odds are 1 to the root of 3.
    odds = 3**0.5
    expected = np.array([[1 / (1 + odds), odds / (1 + odds)], [0.5, 0.5]])
    np.testing.assert_allclose(head.predict_proba(np.array([[0.0], [np.log(3)]])), expected)


@FAST
@given(seeds, st.floats(0.2, 1), st.floats(1.01, 5))
def test_temperature_keeps_the_order_and_flattens(seed: int, sharp: float, flat: float) -> None:
    rng = np.random.default_rng(seed)
    coef, intercept, rows = rng.normal(size=(6, 4)), rng.normal(size=6), rng.normal(size=(9, 4))
    one = Head(coef, intercept, sharp).predict_proba(rows)
    other = Head(coef, intercept, flat).predict_proba(rows)
    assert (np.argsort(one, axis=1) == np.argsort(other, axis=1)).all()
    assert (one.max(axis=1) > other.max(axis=1)).all()


def test_rows_do_not_touch_each_other() -> None:
    rng = np.random.default_rng(1)
    head = Head(rng.normal(size=(4, 3)), rng.normal(size=4))
    rows = rng.normal(size=(6, 3))
    one_by_one = np.vstack([head.predict_proba(row[None]) for row in rows])
    np.testing.assert_allclose(head.predict_proba(rows), one_by_one)


def test_mean_of_no_passages_is_the_prior() -> None:
    prior = np.array([0.25, -1.0])
    assert (study_mean(np.empty((0, 2), dtype=np.float32), prior) == prior).all()


def test_mean_of_as_many_passages_as_the_prior_counts_for_is_half_way() -> None:
    vectors = np.full((PRIOR_SIZE, 2), 1, dtype=np.float32)
    np.testing.assert_allclose(study_mean(vectors, np.array([0.0, 3.0])), [0.5, 2.0])


@FAST
@given(st.lists(numbers, min_size=1, max_size=40), numbers)
def test_mean_lies_between_the_prior_and_the_passages(values: list[float], prior: float) -> None:
    vectors = np.array(values, dtype=np.float32)[:, None]
    found = study_mean(vectors, np.array([prior]))[0]
    own = vectors.mean(dtype=np.float64)
    slack = 1e-9 * max(1, abs(own), abs(prior))
    assert min(own, prior) - slack <= found <= max(own, prior) + slack


@FAST
@given(st.permutations(range(30)), st.integers(0, 30))
def test_no_order_or_grouping_changes_a_bit_of_the_mean(order: list[int], cut: int) -> None:
    vectors = np.random.default_rng(3).normal(0, 0.1, (30, 5)).astype(np.float32)
    prior = np.linspace(-1, 1, 5)
    mixed = vectors[order]
    parts = exact_sum(mixed[:cut]) + exact_sum(mixed[cut:])
    assert (mean_of_sum(parts, 30, prior) == study_mean(vectors, prior)).all()
    np.testing.assert_allclose(exact_sum(vectors) / 2**36, vectors.sum(axis=0), atol=1e-6)


def test_the_sum_is_taken_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(4).normal(0, 0.1, (30, 5)).astype(np.float32)
    whole = exact_sum(vectors)
    monkeypatch.setattr("tdfnlp.classifier._SLICE", 7)
    assert (exact_sum(vectors) == whole).all()


def test_mean_of_a_large_study_is_its_own() -> None:
    vectors = np.random.default_rng(0).normal(1, size=(5000, 3)).astype(np.float32)
    distances = [
        np.abs(study_mean(vectors[:n], np.full(3, -4.0)) - vectors[:n].mean(axis=0)).max()
        for n in (5, 50, 500, 5000)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01 < 1 < distances[0]


def test_features_are_centred_answers_beside_weaker_questions() -> None:
    answers = np.array([[1, 2], [3, 4]], dtype=np.float32)
    questions = np.array([[5, 6], [0, 0]], dtype=np.float32)
    rows = features(answers, questions, mean=np.array([1.0, 1.0]), question_mean=np.ones(2))
    w = QUESTION_WEIGHT
    np.testing.assert_allclose(rows, np.array([[0, 1, 4 * w, 5 * w], [2, 3, 0, 0]]))
    assert 0 < w < 1


def test_question_part_is_zero_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    answers = rng.normal(size=(8, 4)).astype(np.float32)
    questions = rng.normal(size=(8, 4)).astype(np.float32)
    questions[::2] = 0
    rows = features(answers, questions, mean=rng.normal(size=4), question_mean=rng.normal(size=4))
    assert (rows[::2, 4:] == 0).all()
    assert (rows[1::2, 4:] != 0).all()


def test_a_mean_for_each_row() -> None:
    answers = np.array([[1, 2], [3, 4]], dtype=np.float32)
    rows = features(
        answers, np.zeros_like(answers), mean=answers.astype(np.float64), question_mean=np.ones(2)
    )
    assert (rows == 0).all()


def test_with_domain_appends_one_hot() -> None:
    rows = with_domain(np.array([[5.0], [6.0]]), np.array([2, 0]), 3)
    assert rows.tolist() == [[5, 0, 0, 1], [6, 1, 0, 0]]


@pytest.mark.parametrize("classes", [3, 4, 15])
def test_a_separable_problem_is_learnt(classes: int) -> None:
    rows, targets = corners(classes)
    fresh, truth = corners(classes, seed=1)
    proba = fit_head(rows, targets).predict_proba(fresh)
    assert (proba.argmax(axis=1) == truth.argmax(axis=1)).all()
    assert (proba[truth == 1] > 0.5).all()


@pytest.mark.parametrize("spare", [0, 2])
def test_a_separable_problem_of_two_classes_is_learnt(spare: int) -> None:
    rows, targets = corners(2)
    targets = np.hstack([targets, np.zeros((len(targets), spare))])
    proba = fit_head(rows, targets).predict_proba(rows)
    assert (proba.argmax(axis=1) == targets.argmax(axis=1)).all()


def test_the_only_class_there_is_comes_first() -> None:
    rows, _ = corners(3)
    proba = fit_head(rows, np.eye(4)[np.full(len(rows), 2)]).predict_proba(rows)
    assert (proba.argmax(axis=1) == 2).all()


def test_a_class_without_examples_is_never_on_top() -> None:
    rows, targets = corners(3)
    padded = np.insert(targets, 1, 0, axis=1)
    head = fit_head(rows, padded)
    assert head.coef.shape == (4, 3)
    far = np.random.default_rng(2).normal(scale=2, size=(500, 3))
    proba = head.predict_proba(np.vstack([rows, far]))
    assert (proba.argmax(axis=1) != 1).all()
    assert proba[:, 1].max() < 1e-6


def test_soft_targets_are_learnt_as_shares() -> None:
    rows = np.vstack([np.eye(3)] * 200)
    targets = np.tile(np.array([[0.5, 0.5, 0], [0, 1, 0], [0.25, 0, 0.75]]), (200, 1))
    np.testing.assert_allclose(
        fit_head(rows, targets).predict_proba(np.eye(3)), targets[:3], atol=0.02
    )


def test_weights_count_as_repetitions() -> None:
    rows, targets = corners(3)
    twice = np.concatenate([np.full(30, 2.0), np.ones(60)])
    repeated = fit_head(np.vstack([rows, rows[:30]]), np.vstack([targets, targets[:30]]))
    weighted = fit_head(rows, targets, weights=twice)
    np.testing.assert_allclose(weighted.coef, repeated.coef, atol=1e-3)
    assert np.abs(weighted.coef - fit_head(rows, targets).coef).max() > 1e-2


def test_a_stronger_penalty_is_less_sure() -> None:
    rows, targets = corners(3)
    sure = [
        fit_head(rows, targets, strength=strength).predict_proba(rows).max(axis=1).mean()
        for strength in (0.01, 1, 100)
    ]
    assert sure == sorted(sure)
    assert sure[0] < 0.7 < 0.95 < sure[-1]


def test_fitting_is_deterministic() -> None:
    rows, targets = corners(5)
    one, other = fit_head(rows, targets), fit_head(rows, targets)
    assert (one.coef == other.coef).all()
    assert (one.intercept == other.intercept).all()
    assert one.temperature == 1


def test_a_prior_is_left_as_far_as_the_rows_are_many() -> None:
    rows, targets = corners(3)
    prior = Head(np.full((3, 3), 0.5), np.array([2.0, 0, 0]))
    distances = [
        np.abs(fit_head(rows[some], targets[some], prior=prior).intercept - prior.intercept).max()
        for some in (slice(0, 0), slice(25, 35), slice(0, 90))
    ]
    assert distances[0] == 0
    assert distances == sorted(distances)


def test_a_class_without_rows_follows_its_prior() -> None:
    rows, targets = corners(3)
    prior = fit_head(rows, targets)
    seen = targets[:, 2] == 0
    head = fit_head(rows[seen], targets[seen], prior=prior)
    assert (head.predict_proba(rows[~seen]).argmax(axis=1) == 2).all()


def test_temperature_is_found_again() -> None:
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(4), size=4000)
    truth = np.array([rng.multinomial(1, row) for row in proba]) > 0
    assert 0.9 < fit_temperature(proba, truth, np.ones(len(truth))) < 1.1
    assert 1.8 < fit_temperature(sharpen(proba, 0.5), truth, np.ones(len(truth))) < 2.2
