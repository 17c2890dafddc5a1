"""Query strategies over arrays, held against scikit-activeml's."""

from functools import partial

import numpy as np
import numpy.typing as npt
import pytest

from tdfnlp.errors import InputError
from tdfnlp.framework import DOMAINS
from tdfnlp.strategies import (
    COLD,
    NAMES,
    STRATEGIES,
    Candidates,
    best,
    choose,
    entropy,
    least_confident,
    margin,
    mixture,
    rare,
    typicality,
)

N, WIDTH = 200, 8
SHARES = np.random.default_rng(3).dirichlet(np.full(15, 0.3), N)
POINTS = np.random.default_rng(4).normal(size=(N, WIDTH)).astype(np.float32)
NOTHING = np.zeros((0, WIDTH), dtype=np.float32)


def candidates(
    proba: npt.NDArray[np.float64] = SHARES,
    *,
    vectors: npt.NDArray[np.float32] = POINTS,
    covered: npt.NDArray[np.float32] = NOTHING,
    confirmed: int = 0,
) -> Candidates:
    counts = np.full(len(DOMAINS), confirmed, dtype=np.int64)
    return Candidates(proba, counts, lambda rows: vectors[rows], lambda: covered)


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def row(**shares: float) -> list[float]:
    """Probabilities of the named ones (k, s, r for three domains, none), the rest spread evenly."""
    places = {"k": 0, "s": 1, "r": 2, "none": 14}
    rest = (1 - sum(shares.values())) / (15 - len(shares))
    values = [rest] * 15
    for name, share in shares.items():
        values[places[name]] = share
    return values


@pytest.mark.parametrize(
    ("method", "score"),
    [("least_confident", least_confident), ("margin_sampling", margin), ("entropy", entropy)],
)
def test_uncertainty_is_that_of_scikit_activeml(method: str, score: object) -> None:
    from skactiveml.pool import uncertainty_scores

    ours = {least_confident: least_confident, margin: margin, entropy: entropy}[score](SHARES)  # type: ignore[index]
    theirs = uncertainty_scores(SHARES, method=method)
    assert ours == pytest.approx(theirs)
    assert best(ours, 20, generator()).tolist() == np.argsort(-theirs, kind="stable")[:20].tolist()


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("least-confident", "least_confident"),
        ("margin", "margin_sampling"),
        ("entropy", "entropy"),
    ],
)
def test_a_query_picks_what_scikit_activeml_picks(name: str, method: str) -> None:
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import UncertaintySampling

    class Known(SkactivemlClassifier):  # type: ignore[misc]
        """Says the matrix, whatever it is fitted on."""

        def fit(self, X: object, y: object) -> "Known":
            return self

        def predict_proba(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            rows: npt.NDArray[np.float64] = SHARES[X[:, 0].astype(int)]
            return rows

    places = np.arange(N, dtype=float)[:, None]
    theirs = UncertaintySampling(method=method, random_state=0).query(
        places,
        np.full(N, np.nan),
        Known(classes=range(15)),
        fit_clf=False,
        batch_size=12,
    )
    assert STRATEGIES[name](candidates(), 12, generator()).tolist() == theirs.tolist()


def test_typicality_is_that_of_scikit_activeml() -> None:
    from skactiveml.pool._typi_clust import _typicality

    theirs = _typicality(POINTS, np.arange(N), k=20)
    ours = typicality(POINTS, 20)
    assert ours == pytest.approx(theirs, rel=1e-4)


def test_margin_is_least_where_two_labels_tie_none_among_them() -> None:
    tie, tie_with_none, clear = row(k=0.48, s=0.47), row(k=0.48, none=0.47), row(k=0.95)
    scores = margin(np.array([tie, tie_with_none, clear]))
    assert scores[0] == pytest.approx(scores[1]) == pytest.approx(0.99)
    assert scores[2] < 0.1


def test_small_talk_does_not_come_first_although_its_domains_are_alike() -> None:
    shares = np.array([row(none=0.97), row(k=0.4, s=0.35)])
    for score in (margin, least_confident, entropy, partial(rare, confirmed=np.zeros(14))):
        assert score(shares)[0] < score(shares)[1]


def test_rare_weighs_a_domain_by_the_lack_of_it() -> None:
    shares = np.array([row(k=0.9), row(s=0.6), row(none=0.99)])
    confirmed = np.zeros(14, dtype=np.int64)
    confirmed[0] = 30
    scores = rare(shares, confirmed)
    assert scores[1] > scores[0] > scores[2]
    assert rare(np.array([row(k=1.0)]), confirmed)[0] == pytest.approx(1 / 31)


def test_rare_does_not_ask_for_one_domain_only() -> None:
    shares = np.array([row(k=0.9)] * 5 + [row(s=0.85)] * 5 + [row(r=0.8)] * 5)
    chosen = STRATEGIES["rare"](candidates(shares), 6, generator())
    assert sorted(int(one) // 5 for one in chosen) == [0, 0, 1, 1, 2, 2]


def test_typicality_is_high_in_a_crowd_and_defined_for_one() -> None:
    points = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [5.0, 5.0]], dtype=np.float32)
    assert typicality(points, 2).argmin() == 3
    assert typicality(points[:1]).tolist() == [1.0]


def test_typical_takes_one_of_each_crowd_not_yet_asked() -> None:
    from skactiveml.pool import TypiClust

    centres = np.eye(4, WIDTH, dtype=np.float32) * 10
    crowds = np.repeat(centres, [40, 30, 20, 10], axis=0)
    crowds += np.random.default_rng(1).normal(scale=0.1, size=crowds.shape).astype(np.float32)
    shares = np.full((100, 15), 1 / 15)
    where = np.repeat([0, 1, 2, 3], [40, 30, 20, 10])
    first = STRATEGIES["typical"](candidates(shares, vectors=crowds), 4, generator())
    assert where[first].tolist() == [0, 1, 2, 3]  # the largest first
    theirs = TypiClust(k=20, random_state=0).query(crowds, np.full(100, np.nan), batch_size=4)
    assert first.tolist() == theirs.tolist()
    seeded = candidates(shares, vectors=crowds, covered=centres[:1])
    assert 0 not in where[STRATEGIES["typical"](seeded, 3, generator())]


def test_distances_are_measured_among_few() -> None:
    seen = []
    shares = np.random.default_rng(0).dirichlet(np.ones(15), 5000)

    def vectors(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        seen.append(len(rows))
        return POINTS[rows % N]

    counts = np.zeros(14, dtype=np.int64)
    wide = Candidates(shares, counts, vectors, lambda: NOTHING)
    for name in STRATEGIES:
        assert len(set(STRATEGIES[name](wide, 10, generator()).tolist())) == 10
    assert seen == [1000]


def test_equal_scores_come_in_random_order() -> None:
    flat = np.zeros(50)
    assert best(flat, 5, np.random.default_rng(0)).tolist() != [0, 1, 2, 3, 4]
    assert best(flat, 5, generator()).tolist() == best(flat, 5, generator()).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_gives_each_row_once_and_is_repeatable(name: str) -> None:
    few = candidates(SHARES[:12], vectors=POINTS[:12], confirmed=COLD)
    picks = choose(name, few, 50, generator())
    assert sorted(one for one, _ in picks) == list(range(12))
    assert picks == choose(name, few, 50, generator())
    assert len(choose(name, few, 3, generator())) == 3


def test_vectors_that_are_all_alike_do_not_stop_a_choice() -> None:
    alike = candidates(SHARES[:9], vectors=np.ones((9, 2), dtype=np.float32))
    assert len(choose("typical", alike, 4, generator())) == 4


def test_the_mix_takes_turns_and_goes_on_where_it_was() -> None:
    warm = candidates(confirmed=COLD)
    names = [name for _, name in choose("mixed", warm, 4, generator())]
    assert names == ["margin", "rare", "margin", "rare"]
    assert choose("mixed", warm, 1, generator(), turn=1)[0][1] == "rare"
    assert choose("mixed", warm, 1, generator(), turn=2)[0][1] == "margin"


def test_the_mix_begins_with_typical_ones() -> None:
    counts = np.zeros(14, dtype=np.int64)
    assert "typical" in mixture(counts)
    counts[3] = COLD
    assert "typical" not in mixture(counts)


def test_nothing_to_choose_from_and_no_such_strategy() -> None:
    assert choose("mixed", candidates(SHARES[:0]), 5, generator()) == ()
    with pytest.raises(InputError, match=r"'best'.*mixed, margin"):
        choose("best", candidates(), 5, generator())
