"""How far coders agree with each other and with the machine, and what the machine misses.

Answers given without a suggestion in sight are kept apart from those given with one: a coder who
has seen a suggestion leans towards it.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from ..store import Store
from .answers import (
    NONE,
    Answers,
    Bools,
    Ints,
    Machine,
    Said,
    bits,
    read_answers,
    read_machine,
    select,
)
from .audit import Sample, audit, sample
from .comparison import Between, compare
from .results import ALL_CODERS, MACHINE, Against, Audit, Comparison, Estimate, Kind
from .summary import Agreement, check_suffix

__all__ = ["Agreement", "Audit", "Comparison", "Estimate", "agree", "check_suffix"]


def agree(store: Store, *, random_state: int = 0) -> Agreement:
    """Compare coders with each other and with the machine, on passages that both answered.

    Parameters
    ----------
    store : Store
    random_state : int
        Of the resampling of participants behind the intervals.

    Returns
    -------
    Agreement
        ``.to_pandas()``, ``.audit_to_pandas()``, ``.sentences()``, ``.save(path)``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store.open(f"{folder}/s.db") as store:
    ...     print(*agree(store).sentences())
    Nobody has answered anything yet.
    """
    runs = store.runs()
    answers = read_answers(store, runs)
    newest = runs[-1].id if runs else 0
    known = {newest, *np.unique(answers.before).tolist(), *np.unique(answers.shown).tolist()}
    machine = read_machine(store, answers.ids, known)
    drawn = sample(answers, store.pool())
    found = (*_coders(answers, random_state), *_machine(answers, machine, newest, random_state))
    audits = tuple(_audits(drawn, machine, newest, random_state))
    # Of coders of another framework, "no domain" of all of them is no agreement.
    elsewhere = bool(answers.outside) and not bits(answers.current.sets)[..., :NONE].any()
    return Agreement(
        answers.coders,
        () if elsewhere else found,
        () if elsewhere else audits,
        len(np.unique(drawn.columns)),
        drawn.due,
        drawn.size,
        answers.imported,
        answers.outside,
        elsewhere,
    )


def _coders(answers: Answers, random_state: int) -> Iterator[Comparison]:
    """Compare each pair of coders, and all of them where there are more than two."""
    number = len(answers.coders)
    groups = [*combinations(range(number), 2)] + ([tuple(range(number))] if number > 2 else [])
    for group in groups:
        few = len(group) == 2
        names = tuple(answers.coders[place] for place in group) if few else (ALL_CODERS,)
        rows = list(group)
        leant: Bools = np.any(answers.saw[rows] & (answers.current.sets[rows] > 0), axis=0)
        every = np.ones_like(leant)
        parts: tuple[tuple[Kind, Said, Bools], ...] = (
            ("independent", answers.independent, every),
            ("seen", answers.current, leant),
        )
        for kind, said, columns in parts:
            some = select(said, group, columns)
            yield from compare(some, answers.people[columns], Between(names, kind), random_state)


def _machine(
    answers: Answers, machine: Machine, newest: int, random_state: int
) -> Iterator[Comparison]:
    """Compare the machine with all coders' answers and with each coder's."""
    parts: tuple[tuple[Kind, Said, Bools, Ints], ...] = (
        ("independent", answers.independent, answers.independent.sets > 0, answers.before),
        ("seen", answers.current, (answers.current.sets > 0) & answers.saw, answers.shown),
    )
    for kind, said, cells, then in parts:
        done: dict[bytes, tuple[Comparison, ...]] = {}
        for against, runs in _readings(newest, then[cells]):
            key = runs.tobytes()  # mostly there has been one run only
            if key not in done:
                both = _pairs(said, cells, machine, runs)
                done[key] = tuple(_beside(answers, cells, both, kind, random_state))
            yield from (replace(one, against=against) for one in done[key])


def _pairs(said: Said, cells: Bools, machine: Machine, runs: Ints) -> Said:
    """Put the machine's answers under those of coders: shape (2, answers)."""
    columns, rows = np.nonzero(cells)[1], machine.places(runs)
    return Said(
        np.stack([said.sets[cells], machine.said.sets[rows, columns]]),
        np.stack([said.directions[cells], machine.said.directions[rows, columns]]),
    )


def _beside(
    answers: Answers, cells: Bools, both: Said, kind: Kind, random_state: int
) -> Iterator[Comparison]:
    coders, columns = np.nonzero(cells)
    people = answers.people[columns]
    parts = {name: coders == place for place, name in enumerate(answers.coders)}
    if len(parts) > 1:
        parts = {ALL_CODERS: coders >= 0} | parts
    for name, mine in parts.items():
        between = Between((name, MACHINE), kind)
        yield from compare(select(both, (0, 1), mine), people[mine], between, random_state)


def _audits(drawn: Sample, machine: Machine, newest: int, random_state: int) -> Iterator[Audit]:
    for against, runs in _readings(newest, drawn.before):
        rows = machine.places(runs)
        guess = bits(machine.said.sets[rows, drawn.columns])
        decisions = machine.decisions[rows, drawn.columns]
        yield from audit(drawn, guess, decisions, against, random_state)


def _readings(newest: int, then: Ints) -> tuple[tuple[Against, Ints], ...]:
    return ("newest run", np.full_like(then, newest)), ("run at the time", then)
