"""Query strategies: which passages of a pool are worth a coder's time, best first.

Pure functions over arrays. Formulas and sources stand in ``docs/queue.md``. Equal scores are in
random order, so that no strategy prefers the beginning of a study.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .predictions import Floats

Rows = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float64]

COLD = 50
"""Confirmed passages under which the default mix looks for typical ones, too."""

_NARROWED = 1000
"""Passages among which distances are measured: of the whole pool they would take too long."""

_CLUSTERS = 250  # at most; TypiClust has 500, which takes twice as long
_NEIGHBOURS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The passages that a strategy may choose from.

    Attributes
    ----------
    proba : array, shape (n, 15)
        Probability of each domain; none last.
    confirmed : array of int, shape (14,)
        Passages with a confirmed code, by domain.
    vectors : callable
        Gives the vectors of rows, shape (len(rows), d); called for few.
    covered : callable
        Gives the vectors of passages that were asked already, shape (m, d).
    """

    proba: Floats
    confirmed: npt.NDArray[np.int64]
    vectors: Callable[[Rows], npt.NDArray[np.float32]]
    covered: Callable[[], npt.NDArray[np.float32]]


class Strategy(Protocol):
    """What every strategy is: a function that gives up to `n` rows, best first."""

    def __call__(self, candidates: Candidates, n: int, rng: np.random.Generator) -> Rows:
        """Choose rows of the candidates."""


def least_confident(proba: Floats) -> Scores:
    """Score by how unsure the most probable label is (Lewis and Gale 1994)."""
    wide: Scores = proba.astype(np.float64)
    return np.asarray(1.0 - wide.max(axis=1))


def margin(proba: Floats) -> Scores:
    """Score by how near the two most probable labels are (breaking ties, Luo et al. 2005).

    No domain counts as a label. Where it is one of the two, the question is whether the passage is
    to be coded at all, and the answer tells that. Without it, small talk would come first: its
    domains are all alike because none of them applies.
    """
    two = np.partition(proba.astype(np.float64), -2, axis=1)[:, -2:]
    return 1.0 - (two[:, 1] - two[:, 0])


def entropy(proba: Floats) -> Scores:
    """Score by the entropy of all labels, in nats (Shannon 1948; Holub et al. 2008)."""
    wide = proba.astype(np.float64)
    logs = np.log(wide, out=np.zeros_like(wide), where=wide > 0)
    return np.asarray(-(wide * logs).sum(axis=1))


def rare(proba: Floats, confirmed: npt.NDArray[np.int64] | Scores) -> Scores:
    """Score by the probability of domains with few confirmed codes, each weighing 1 / (1 + codes).

    No domain weighs nothing: there is no lack of it.
    """
    return np.asarray(proba[:, :-1] @ (1.0 / (1.0 + confirmed)), dtype=np.float64)


def typicality(vectors: npt.NDArray[np.float32], neighbours: int = _NEIGHBOURS) -> Scores:
    """Score by 1 / mean distance to the nearest neighbours (TypiClust, Hacohen et al. 2022)."""
    count = min(neighbours, len(vectors) - 1)
    if count < 1:
        return np.ones(len(vectors))
    squares = (vectors.astype(np.float64) ** 2).sum(axis=1)
    apart = squares[:, None] + squares - 2.0 * (vectors @ vectors.T)
    np.fill_diagonal(apart, np.inf)
    near = np.sqrt(np.maximum(np.partition(apart, count - 1, axis=1)[:, :count], 0))
    return np.asarray(1.0 / (near.mean(axis=1) + 1e-7))


def _by_score(score: Callable[[Candidates], Scores]) -> Strategy:
    def query(candidates: Candidates, n: int, rng: np.random.Generator) -> Rows:
        return best(score(candidates), n, rng)

    return query


def best(scores: Scores, n: int, rng: np.random.Generator) -> Rows:
    """Give the places of the `n` highest scores, equal ones in random order."""
    order = rng.permutation(len(scores))
    return order[np.argsort(-scores[order], kind="stable")[:n]]


def _random(candidates: Candidates, n: int, rng: np.random.Generator) -> Rows:
    return rng.permutation(len(candidates.proba))[:n]


def _rare(candidates: Candidates, n: int, rng: np.random.Generator) -> Rows:
    """Take the best, count what it will probably bring, and so on: not ten times one domain."""
    order = rng.permutation(len(candidates.proba))
    proba = np.asfortranarray(candidates.proba[order], dtype=np.float64)  # no copy for the domains
    confirmed = candidates.confirmed.astype(np.float64)
    chosen: list[int] = []
    while len(chosen) < min(n, len(order)):
        scores = rare(proba, confirmed)
        scores[chosen] = -1.0
        chosen.append(int(scores.argmax()))
        confirmed += proba[chosen[-1], :-1]
    return order[chosen]


def _typical(candidates: Candidates, n: int, rng: np.random.Generator) -> Rows:
    """Take the most typical passage of each large group of which little was asked (TypiClust)."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rows = _random(candidates, max(_NARROWED, 2 * n), rng)
    vectors, covered = candidates.vectors(rows), candidates.covered()
    everything = np.concatenate([vectors, covered]) if len(covered) else vectors
    count = min(len(covered) + n, _CLUSTERS, len(np.unique(everything, axis=0)))
    means = KMeans(count, n_init=1, random_state=int(rng.integers(2**31)))
    with threadpool_limits(1):  # so small a task is slower on several
        groups = means.fit_predict(everything)
    own = groups[: len(rows)]
    asked = np.bincount(groups[len(rows) :], minlength=count)
    sizes = np.bincount(own, minlength=count)
    members = [
        np.flatnonzero(own == group) for group in np.lexsort((-sizes, asked)) if sizes[group]
    ]
    ranked = [part[best(typicality(vectors[part]), n, rng)] for part in members]
    # The best of each group, then the second of each, until there are enough.
    return rows[list(islice(_in_turn(ranked), n))]


def _in_turn(ranked: Sequence[Rows]) -> Iterator[int]:
    for rank in range(max(map(len, ranked), default=0)):
        yield from (int(one[rank]) for one in ranked if rank < len(one))


STRATEGIES: dict[str, Strategy] = {
    "margin": _by_score(lambda one: margin(one.proba)),
    "least-confident": _by_score(lambda one: least_confident(one.proba)),
    "entropy": _by_score(lambda one: entropy(one.proba)),
    "rare": _rare,
    "typical": _typical,
    "random": _random,
}
"""All strategies by name; "mixed" is made of them."""

NAMES = ("mixed", *STRATEGIES)


def mixture(confirmed: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Give the strategies of the default mix, which take turns."""
    return ("typical", "rare") if confirmed.sum() < COLD else ("margin", "rare")


def choose(
    name: str, candidates: Candidates, n: int, rng: np.random.Generator, *, turn: int = 0
) -> tuple[tuple[int, str], ...]:
    """Choose up to `n` rows, best first, each with the strategy that chose it.

    Parameters
    ----------
    name : str
        One of ``NAMES``.
    candidates : Candidates
    n : int
    rng : numpy.random.Generator
    turn : int
        How many questions came before, so that a mix goes on where it was.

    Raises
    ------
    InputError
        No strategy of that name.
    """
    if name not in NAMES:
        raise InputError(f"No query strategy is called {name!r}. There are: {', '.join(NAMES)}.")
    if not len(candidates.proba):
        return ()
    names = mixture(candidates.confirmed) if name == "mixed" else (name,)
    ranked = {one: iter(STRATEGIES[one](candidates, n, rng).tolist()) for one in names}
    chosen: dict[int, str] = {}
    for one in islice(cycle(names), turn % len(names), None):
        row = next((row for row in ranked[one] if row not in chosen), None)
        if row is None:  # all of them are chosen
            break
        chosen[row] = one
        if len(chosen) == n:
            break
    return tuple(chosen.items())
