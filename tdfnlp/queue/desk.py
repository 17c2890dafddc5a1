"""Who may be asked what: the audit, second coders, and what a strategy may choose from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..consensus import settle
from ..framework import DOMAINS
from ..store import Answer, Assignment, Pool, Settings, Store, Wanted
from ..strategies import Candidates, choose

Mask = npt.NDArray[np.bool_]

AUDIT, DOUBLE = "audit", "double"
"""What the strategy of a question is called that no strategy chose."""

_COVERED = 500  # passages asked last, whose groups typical ones are not to come from


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """A study as one coder finds it, row by row of the pool.

    Attributes
    ----------
    pool : Pool
    settings : Settings
    free, begun : array of bool
        What the coder may get; of it, what another coder has or had already.
    before : tuple of str
        Strategies of all questions that the coder got so far.
    confirmed : array of int, shape (14,)
        Passages with a confirmed code, by domain.
    asked : tuple of int
        Utterances that anybody answered or has now, in that order.
    """

    pool: Pool
    settings: Settings
    free: Mask
    begun: Mask
    before: tuple[str, ...]
    confirmed: npt.NDArray[np.int64]
    asked: tuple[int, ...]


def audit_rows(pool: Pool, settings: Settings) -> Mask:
    """Which rows are the audit's: asked blind and in order of chance, never chosen."""
    return pool.chances < settings.audit_share


def double_rows(pool: Pool, settings: Settings) -> Mask:
    """Which rows a second coder gets too."""
    # The bits of a chance after the first 20 say nothing of its place in the audit's order.
    return (pool.chances * 2**20) % 1 < settings.double_share


def open_desk(store: Store, pool: Pool, coder: str) -> Desk:
    """Read who has and had what."""
    settings, answers = store.settings(), store.answers()
    live = store.assignments(pending=True)
    heads, own = _heads(pool, audit_rows(pool, settings), coder, live, answers)
    free = (heads < 1 + double_rows(pool, settings)) & ~own
    skipped = [
        one.strategy
        for one in answers
        if one.coder == coder and one.verdict == "skip" and one.strategy != "chosen"
    ]
    return Desk(
        pool,
        settings,
        free,
        free & (heads > 0),
        (*(one.strategy for one in store.assignments(coder)), *skipped),
        confirmed_units(answers),
        (*(one.utterance for one in answers), *(one.utterance for one in live)),
    )


def confirmed_units(answers: Sequence[Answer]) -> npt.NDArray[np.int64]:
    """Count passages with a confirmed code, by domain."""
    counts = np.zeros(len(DOMAINS), dtype=np.int64)
    for labels in settle(answers).confirmed.values():
        for domain in {label.domain for label in labels if label.domain}:
            counts[DOMAINS.index(domain)] += 1
    return counts


def wanted(
    store: Store, desk: Desk, n: int, *, fits: Mask | None, strategy: str, random_state: int
) -> Iterator[Wanted]:
    """Give audit, second coders' and chosen questions in turn, some more than `n`.

    The audit and second coders' questions are due where the coder had less than their share so
    far. A filter lets the audit be: it comes in its share, and only then.
    """
    total, spare = len(desk.before), 2 * n + 10  # others may take some meanwhile
    shares = {AUDIT: desk.settings.audit_share, DOUBLE: desk.settings.double_share}
    counts = {kind: desk.before.count(kind) for kind in shares}
    audit = audit_rows(desk.pool, desk.settings)
    open_rows = desk.free & ~audit & (True if fits is None else fits)
    rng = np.random.default_rng([random_state, total])
    sources = {
        AUDIT: _in_order(desk, desk.free & audit, AUDIT),
        DOUBLE: _in_order(desk, open_rows & desk.begun, DOUBLE),
        "chosen": _chosen(store, desk, open_rows & ~desk.begun, strategy, n + spare, rng),
    }
    rest = ["chosen", DOUBLE] if fits is not None else ["chosen", DOUBLE, AUDIT]
    for place in range(total, total + n + spare):
        due = [kind for kind in shares if counts[kind] < shares[kind] * (place + 1)]
        found = ((kind, next(sources[kind], None)) for kind in (*due, *rest))
        kind, one = next((pair for pair in found if pair[1] is not None), ("", None))
        if one is None:
            return
        if kind in counts:
            counts[kind] += 1
        yield one


def _heads(
    pool: Pool, audit: Mask, coder: str, live: Sequence[Assignment], answers: Sequence[Answer]
) -> tuple[npt.NDArray[np.int64], Mask]:
    """How many coders have or had each row, and whether this one is among them."""
    blind = set(pool.ids[audit].tolist())
    held: dict[int, set[str]] = {}
    for given in live:
        held.setdefault(given.utterance, set()).add(given.coder)
    for said in answers:
        # In the audit, who saw a suggestion or chose the passage does not count.
        counts = said.how == "blind audit" or said.utterance not in blind
        if said.coder == coder or (counts and said.verdict != "skip"):
            held.setdefault(said.utterance, set()).add(said.coder)
    rows = np.searchsorted(pool.ids, list(held)) if held else np.array([], dtype=np.intp)
    heads, own = np.zeros(len(pool.ids), dtype=np.int64), np.zeros(len(pool.ids), dtype=bool)
    heads[rows] = [len(names) for names in held.values()]
    own[rows] = [coder in names for names in held.values()]
    return heads, own


def _in_order(desk: Desk, mask: Mask, kind: str) -> Iterator[Wanted]:
    """Give rows in the fixed random order of the chances, the audit's blind."""
    chances, double = desk.pool.chances, double_rows(desk.pool, desk.settings)
    rows, blind = np.flatnonzero(mask), kind == AUDIT
    for row in rows[np.argsort(chances[rows], kind="stable")].tolist():
        share = float((chances <= chances[row]).mean()) if blind else None
        yield Wanted(int(desk.pool.ids[row]), blind, kind, share, 1 + int(double[row]))


def _chosen(
    store: Store, desk: Desk, mask: Mask, strategy: str, n: int, rng: np.random.Generator
) -> Iterator[Wanted]:
    """Let a strategy choose among the rows that the model has something to say on.

    Only where they are too few come those on which it abstained, in random order.
    """
    ids, double = desk.pool.ids, double_rows(desk.pool, desk.settings)
    telling = np.isin(desk.pool.decisions, ("suggest", "ask"))
    turn = sum(one != AUDIT for one in desk.before)
    for name, part in ((strategy, mask & telling), ("random", mask & ~telling)):
        rows = np.flatnonzero(part)
        for row, by in choose(name, _candidates(store, desk, rows), n, rng, turn=turn):
            yield Wanted(int(ids[rows[row]]), False, by, None, 1 + int(double[rows[row]]))


def _candidates(store: Store, desk: Desk, rows: npt.NDArray[np.intp]) -> Candidates:
    def covered() -> npt.NDArray[np.float32]:
        found = store.vectors(desk.asked[-_COVERED:])
        return found if found.size else found[:0]  # no model has seen any of them

    return Candidates(
        proba=desk.pool.proba[rows],
        confirmed=desk.confirmed,
        vectors=lambda some: store.vectors(desk.pool.ids[rows[some]].tolist()),
        covered=covered,
    )
