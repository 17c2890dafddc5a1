"""Questions for a coder: those still open, and new ones chosen from the study."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from ..coding import DECISIONS, Suggestion
from ..errors import InputError
from ..framework import DOMAINS
from ..store import Assignment, Pool, Run, Store
from ..strategies import NAMES
from ..transcript import Utterance
from .desk import Mask, double_rows, open_desk, wanted


class Only(TypedDict, total=False):
    """Which passages a coder wants to see; None and what is left out stand for all.

    ``domain`` is the most probable one.
    """

    transcript: str | None
    group: str | None
    domain: str | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A passage that a coder is asked about.

    Attributes
    ----------
    id : int
        Number of the utterance in the study.
    utterance : Utterance
    blind : bool
        Part of the audit: the coder's own view first, without a suggestion.
    strategy : str
        The query strategy that chose it, or "audit", or "double" for a second coder's.
    probability : float or None
        Chance that a passage of the study came into the audit by then; None for others.
    double : bool
        Two coders get it.
    until : str
        ISO 8601, UTC: how long it stays with the coder.
    suggestion : Suggestion or None
        What the newest run says; None where blind, and where no run knows the passage.
    run : int or None
        Number of that run, for ``Given.run``; None where there is no suggestion.
    """

    id: int
    utterance: Utterance
    blind: bool
    strategy: str
    probability: float | None
    double: bool
    until: str
    suggestion: Suggestion | None = None
    run: int | None = None


def next_questions(
    store: Store,
    *,
    coder: str,
    n: int = 10,
    strategy: str = "mixed",
    random_state: int = 0,
    **only: Unpack[Only],
) -> tuple[Question, ...]:
    """Give a coder's open questions, and choose new ones until there are `n`.

    Each stays with the coder for the study's ``lease_minutes``. A fixed share of them is the
    audit: random passages, blind, whatever the filter.

    Parameters
    ----------
    store : Store
    coder : str
        Made known where new.
    n : int
    strategy : str
        "mixed", or one of ``tdfnlp.strategies.STRATEGIES``.
    random_state : int
        The same study and random state give the same questions.
    **only
        A filter on what is asked beside the audit: ``transcript``, ``group``, ``domain`` (the
        most probable one), ``decision``.

    Returns
    -------
    tuple of Question
        Fewer than `n`, or none, where nothing is left.

    Raises
    ------
    InputError
        An unknown strategy, transcript, group, domain or decision, a coder without a name, or
        fewer than one question.
    """
    _check(n, strategy, random_state)
    if coder not in store.coders():
        coder = store.add_coder(coder)
    run = next(reversed(store.runs()), None)
    pool = store.pool(run.id if run else None)
    fits = _fitting(store, pool, only)
    mine = store.assignments(coder, pending=True)
    rows = np.searchsorted(pool.ids, [one.utterance for one in mine])
    given = [
        one
        for one, row in zip(mine, rows, strict=True)
        if one.blind or fits is None or bool(fits[row])
    ][:n]
    more = n - len(given)
    if more:
        desk = open_desk(store, pool, coder)
        best = wanted(store, desk, more, fits=fits, strategy=strategy, random_state=random_state)
        given += store.assign(coder, list(best), more)  # chosen before others have to wait
    return _questions(store, pool, run, given)


def release(store: Store, *, coder: str) -> int:
    """Give a coder's open questions back to the queue, and tell how many there were."""
    held = len(store.assignments(coder, pending=True))
    if held:
        store.release(coder)
    return held


def _check(n: int, strategy: str, random_state: int) -> None:
    if n < 1:
        raise InputError(f"{n} questions cannot be given: ask for 1 or more.")
    if random_state < 0:
        raise InputError("The random state is a whole number from 0 on.")
    if strategy not in NAMES:
        raise InputError(
            f"No query strategy is called {strategy!r}. There are: {', '.join(NAMES)}."
        )


def _fitting(store: Store, pool: Pool, only: Only) -> Mask | None:
    """Which rows a filter lets through; None without a filter."""
    mask = None
    for key, value in only.items():
        if value is not None:
            known, column = _column(store, pool, key)
            if value not in known:
                raise InputError(f"The study has no {key} {value!r}.")
            mask = (column == value) & (True if mask is None else mask)
    return mask


def _column(store: Store, pool: Pool, key: str) -> tuple[Iterable[object], npt.NDArray[np.object_]]:
    """Give what may be asked for, and what each row is."""
    if key == "decision":
        return DECISIONS, pool.decisions.astype(object)
    if key == "domain":
        first = np.where(pool.decisions == "", len(DOMAINS), pool.proba[:, :-1].argmax(axis=1))
        return DOMAINS, np.array([*DOMAINS, ""], dtype=object)[first]
    if key not in ("transcript", "group"):
        raise TypeError(f"next_questions() got an unexpected keyword argument {key!r}")
    place = 0 if key == "transcript" else 1
    values = {number: source[place] for number, source in store.sources().items()}
    rows = [values[number] for number in pool.transcripts.tolist()]
    return values.values(), np.array(rows, dtype=object)


def _questions(
    store: Store, pool: Pool, run: Run | None, given: Sequence[Assignment]
) -> tuple[Question, ...]:
    ids = [one.utterance for one in given]
    utterances = [one.utterance for one in store.units(ids)]
    seen = _suggestions(store, run, ids, utterances)
    double = double_rows(pool, store.settings())[np.searchsorted(pool.ids, ids)]
    questions = []
    for one, utterance, suggestion, twice in zip(given, utterances, seen, double, strict=True):
        shown = None if one.blind else suggestion
        questions.append(
            Question(
                one.utterance,
                utterance,
                one.blind,
                one.strategy,
                one.probability,
                bool(twice),
                one.until,
                shown,
                run.id if run and shown else None,
            )
        )
    return tuple(questions)


def _suggestions(
    store: Store, run: Run | None, ids: Sequence[int], utterances: Sequence[Utterance]
) -> Sequence[Suggestion | None]:
    found = store.predictions(ids, run.id) if run else None
    if run is None or found is None:
        return [None] * len(ids)
    cuts = run.thresholds.get("suggest", (1.0,) * len(DOMAINS))
    said = found.suggestions(utterances, run.model, cuts)  # type: ignore[arg-type]
    return [one if one.decision in DECISIONS else None for one in said]
