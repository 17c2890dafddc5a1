"""Figures against published worked examples, against values by hand, and against NLTK."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance as nltk_jaccard
from nltk.metrics.distance import masi_distance as nltk_masi
from sklearn.metrics import cohen_kappa_score, f1_score

from tdfnlp.reliability import (
    MISSING,
    Array,
    ac1,
    alpha,
    disagreements,
    jaccard_distance,
    kappa,
    kappa_of,
    masi_distance,
    nominal_distance,
    pabak,
    ratio,
    specific_agreement,
    wilson_interval,
)
from tdfnlp.resampling import interval, resample, tallies, totals

FAST = settings(max_examples=40, deadline=None, derandomize=True)
Codes = npt.NDArray[np.int64]

# Krippendorff 2011, section C: four observers, twelve units, five values, missing data.
FOUR = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]
# Section B: two observers, twelve units, nominal values a to e.
TWO = ["aabbdcccedda", "babbbccceddd"]
# The same paper and Hayes & Krippendorff: ten binary units.
BINARY = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]


def alpha_of(codes: npt.NDArray[np.integer], distance: Array | None = None) -> float:
    """Krippendorff's alpha of a table of codes, shape (coders, units), -1 where there is none."""
    chosen = nominal_distance(int(codes.max(initial=0)) + 1) if distance is None else distance
    pairable = codes[:, (codes != MISSING).sum(axis=0) > 1]
    counts = np.bincount(pairable[pairable != MISSING], minlength=len(chosen))
    return float(alpha(disagreements(pairable, chosen).sum(), counts, chosen))


def letters(rows: list[str]) -> Codes:
    return np.array([["abcde".index(one) for one in row] for row in rows])


def test_krippendorff_binary_two_observers() -> None:
    assert alpha_of(np.array(BINARY)) == pytest.approx(0.095, abs=5e-4)


def test_krippendorff_nominal_two_observers() -> None:
    # Three of twelve units differ; 4 a, 6 b, 6 c, 6 d, 2 e: 1 - 23 x 6 / (576 - 128).
    assert alpha_of(letters(TWO)) == pytest.approx(0.692, abs=5e-4)


def test_krippendorff_nominal_four_observers_with_missing_data() -> None:
    assert alpha_of(np.array(FOUR) - 1) == pytest.approx(0.743, abs=5e-4)


def test_krippendorff_with_a_distance_of_ones_own() -> None:
    # The same paper's interval alpha of that table: squared differences.
    values = np.arange(5.0)
    squared = (values[:, None] - values) ** 2
    assert alpha_of(np.array(FOUR) - 1, squared) == pytest.approx(0.849, abs=5e-4)


def test_cohen_1960() -> None:
    # Two judges, three diagnoses, 200 patients: 70 % agree, 41 % by chance.
    table = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    assert float(kappa(np.trace(table), table.sum(1), table.sum(0))) == pytest.approx(
        0.492, abs=5e-4
    )


def test_cicchetti_and_feinstein_share_of_a_table() -> None:
    # a = 5, b + c = 15, d = 80: 85 % agree, but of the uses only 40 %.
    assert float(specific_agreement(5, 15)) == 0.4
    assert float(specific_agreement(80, 15)) == pytest.approx(160 / 175)


def test_the_kappa_paradox_and_what_is_adjusted_for_it() -> None:
    # Feinstein & Cicchetti 1990: both tables agree on 85 %, kappa .70 and .32.
    even, skewed = np.array([[40, 9], [6, 45]]), np.array([[80, 10], [5, 5]])
    for table, expected in ((even, 0.70), (skewed, 0.32)):
        observed = np.trace(table) / table.sum()
        assert observed == 0.85
        assert float(kappa(np.trace(table), table.sum(1), table.sum(0))) == pytest.approx(
            expected, abs=5e-3
        )
        assert float(pabak(observed)) == pytest.approx(0.7)
    # Gwet 2008: chance is 2 x .875 x .125 in the skewed one.
    assert float(ac1(0.85, 0.875)) == pytest.approx((0.85 - 0.21875) / (1 - 0.21875))


def test_passonneau_on_sets() -> None:
    sets = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool)
    # Equal 1; {a, b} and {a}: 1/2 x 2/3; {a, b} and {b, c}: 1/3 x 1/3; disjoint 0.
    assert masi_distance(sets)[0] == pytest.approx([0, 0, 1 - 1 / 3, 1 - 1 / 9, 1])
    assert jaccard_distance(sets)[0] == pytest.approx([0, 0, 1 / 2, 2 / 3, 1])


def test_wilson_by_hand() -> None:
    # Newcombe 1998, table 1, method 3: 81/263, 15/148, 0/20, 1/29.
    for hits, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson_interval(hits / n, n) == pytest.approx((low, high), abs=5e-5)
    assert np.isnan(wilson_interval(0.5, 0)).all()


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros((2, 0), dtype=int),  # no units
        np.array([[0], [0]]),  # one unit
        np.zeros((2, 9), dtype=int),  # one category
        np.array([[0, 1, 2]]),  # one coder
        np.array([[0, MISSING], [MISSING, 1]]),  # no unit in common
    ],
)
def test_what_is_undefined_is_not_a_number(codes: Codes) -> None:
    assert np.isnan(alpha_of(codes))
    if len(codes) == 2 and (codes >= 0).all():
        assert np.isnan(kappa_of(codes[0].tolist(), codes[1].tolist()))


def test_undefined_shares_and_defined_ones_beside_them() -> None:
    assert np.isnan(specific_agreement(0, 0))
    assert ratio([1, 0], [2, 0]).tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert float(ac1(1, 0)) == 1  # nobody ever used it: agreed throughout, chance explains nothing


def test_total_disagreement_is_below_chance() -> None:
    assert kappa_of([0, 1], [1, 0]) == -1
    with pytest.raises(ValueError, match="shorter"):
        kappa_of(["a", "b"], ["a"])
    assert alpha_of(np.array([[0, 1], [1, 0]])) == pytest.approx(-0.5)


tables = st.lists(
    st.tuples(*[st.integers(MISSING, 4)] * 3).filter(lambda row: sum(one >= 0 for one in row) > 1),
    min_size=2,
    max_size=25,
)


@FAST
@given(tables)
def test_alpha_as_nltk(rows: list[tuple[int, ...]]) -> None:
    codes = np.array(rows).T
    task = AnnotationTask(
        [
            (f"coder {coder}", f"unit {unit}", code)
            for unit, row in enumerate(rows)
            for coder, code in enumerate(row)
            if code != MISSING
        ]
    )
    found = alpha_of(codes)
    if len(set(codes[codes >= 0])) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(task.alpha())


label_sets = st.frozensets(st.integers(0, 4), min_size=1, max_size=5)


@FAST
@given(st.lists(st.tuples(label_sets, label_sets), min_size=2, max_size=15))
def test_alpha_of_sets_as_nltk(rows: list[tuple[frozenset[int], frozenset[int]]]) -> None:
    names = sorted({one for row in rows for one in row}, key=sorted)
    codes = np.array([[names.index(one) for one in row] for row in rows]).T
    members = np.array([[label in one for label in range(5)] for one in names])
    pairs = ((masi_distance, nltk_masi), (jaccard_distance, nltk_jaccard))
    for ours, theirs in pairs:
        task = AnnotationTask(
            [
                (f"c{who}", f"u{unit}", one)
                for unit, row in enumerate(rows)
                for who, one in enumerate(row)
            ],
            distance=theirs,
        )
        distance = ours(members)
        assert distance == pytest.approx(distance.T)
        if len(names) > 1:
            assert alpha_of(codes, distance) == pytest.approx(task.alpha())


@FAST
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_kappa_and_positive_agreement_as_scikit_learn(rows: list[tuple[int, int]]) -> None:
    first, second = np.array(rows).T
    found = kappa_of(first.tolist(), second.tolist())
    if len({*first, *second}) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second))
    both, one = ((first == 1) & (second == 1)).sum(), ((first == 1) ^ (second == 1)).sum()
    if both + one:
        assert float(specific_agreement(both, one)) == pytest.approx(
            f1_score(first == 1, second == 1)
        )


@FAST
@given(tables, st.permutations(range(5)))
def test_alpha_knows_neither_names_nor_order(rows: list[tuple[int, ...]], names: list[int]) -> None:
    codes = np.array(rows).T
    renamed = np.where(codes >= 0, np.array(names)[codes], MISSING)
    assert alpha_of(renamed[::-1, ::-1]) == pytest.approx(alpha_of(codes), nan_ok=True)


def test_resamples_draw_whole_groups_and_the_first_is_the_sample() -> None:
    groups = np.array(["b", "a", "b", "c"])
    clusters = resample(groups, repeats=50, random_state=3)
    assert clusters.draws.shape == (51, 3)
    assert (clusters.draws.sum(axis=1) == 3).all()
    assert clusters.draws[0].tolist() == [1, 1, 1]
    assert len(np.unique(clusters.draws, axis=0)) > 5
    sums = totals(clusters, np.array([[1.0, 0], [10, 1], [2, 0], [100, 1]]))
    assert sums[0].tolist() == [113, 2]
    assert (sums == clusters.draws @ np.array([[10, 1], [3, 0], [100, 1]])).all()
    counts = tallies(clusters, np.array([[0, 1, 0, MISSING], [0, 0, 2, 2]]), 3)
    assert counts[0].tolist() == [4, 1, 2]
    assert (counts.sum(axis=1) == clusters.draws @ [2, 4, 1]).all()


def test_the_same_random_state_draws_the_same() -> None:
    one, same, other = (resample(np.arange(9), 20, state).draws for state in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_one_group_or_none_gives_no_interval() -> None:
    for groups in (np.array([7, 7, 7]), np.array([], dtype=int)):
        clusters = resample(groups)
        assert len(clusters.draws) == 1
        low, high = interval(totals(clusters, np.ones(len(groups)))[1:])
        assert np.isnan(low) and np.isnan(high)


def test_interval_by_hand_and_where_it_says_nothing() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 4))
    values[:, 1] = 1.0
    values[:201, 2] = np.nan
    values[:50, 3] = np.nan
    low, high = interval(values)
    assert [low[0], high[0]] == pytest.approx(np.percentile(values[:, 0], [2.5, 97.5]))
    assert np.isnan([low[1:3], high[1:3]]).all()  # no width; mostly undefined
    assert [low[3], high[3]] == pytest.approx(np.nanpercentile(values[:, 3], [2.5, 97.5]))


def test_sums_of_a_resample_are_the_figures_of_its_units() -> None:
    """A row drawn twice counts as two rows, in every figure."""
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 3, size=(2, 60))
    codes[1, :40] = codes[0, :40]
    groups = np.repeat(np.arange(12), 5)
    clusters = resample(groups, repeats=30)
    within = disagreements(codes, nominal_distance(3))
    found = alpha(totals(clusters, within), tallies(clusters, codes, 3))
    for row, draws in enumerate(clusters.draws):
        again = np.repeat(codes, draws[groups].astype(int), axis=1)
        assert found[row] == pytest.approx(alpha_of(again))
    assert all(one != other for one, other in pairwise(found[:5]))


def test_cluster_intervals_cover_what_they_should() -> None:
    """People differ; 95 % intervals over people hold the true share about that often."""
    rng = np.random.default_rng(11)
    hits = 0
    for turn in range(200):
        own = rng.beta(4, 2, size=40)  # mean 2/3
        groups = np.repeat(np.arange(40), 8)
        values = rng.random(320) < own[groups]
        clusters = resample(groups, repeats=200, random_state=turn)
        shares = totals(clusters, values) / totals(clusters, np.ones(320))
        low, high = interval(shares[1:])
        hits += bool(low <= 2 / 3 <= high)
    assert 0.88 <= hits / 200 <= 0.99
