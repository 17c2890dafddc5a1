"""Rows of assignments: who was asked what, and for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from .answering import answered, coder_name, coder_number
from .database import now, stamp
from .records import Assignment
from .schema import assignments, coders, slices


@dataclass(frozen=True, slots=True)
class Wanted:
    """An utterance that a queue would hand to a coder, best first.

    Attributes
    ----------
    utterance : int
    blind : bool
    strategy : str
    probability : float or None
        As in ``Answer``.
    slots : int
        How many coders it may have: 1, or 2 where it is double coded.
    """

    utterance: int
    blind: bool
    strategy: str
    probability: float | None = None
    slots: int = 1


def assign(
    connection: Connection, coder: str, wanted: Iterable[Wanted], n: int, minutes: float
) -> tuple[Assignment, ...]:
    """Hand the first `n` free utterances to a coder.

    Free is one on which the coder has no assignment and no answer, and where a slot is empty or
    its lease has run out unanswered.
    """
    number, moment = coder_number(connection, coder), now()
    coder = coder_name(coder)
    until = stamp(datetime.now(UTC) + timedelta(minutes=minutes))
    said = answered(connection, number)
    given: list[Assignment] = []
    stale: list[Row[Any]] = []  # leases that ran out, in whose places new ones come
    for some in slices([one for one in wanted if one.utterance not in said]):
        taken = _taken(connection, [one.utterance for one in some])
        for one in some:
            if len(given) >= n:
                break
            slot = _slot(one, taken.get(one.utterance, []), number, moment)
            if slot is None or one.utterance in said:
                continue
            said.add(one.utterance)
            stale += [row for row in taken.get(one.utterance, ()) if row.slot == slot]
            given.append(
                Assignment(
                    one.utterance,
                    slot,
                    coder,
                    one.blind,
                    one.strategy,
                    one.probability,
                    until,
                    answered=False,
                )
            )
    for row in stale:
        place = (assignments.c.utterance == row.utterance) & (assignments.c.slot == row.slot)
        connection.execute(delete(assignments).where(place))
    rows = [
        {
            "utterance": one.utterance,
            "slot": one.slot,
            "coder": number,
            "blind": one.blind,
            "strategy": one.strategy,
            "probability": one.probability,
            "until": one.until,
            "answered": False,
        }
        for one in given
    ]
    if rows:
        connection.execute(insert(assignments), rows)
    return tuple(given)


def read_assignments(
    connection: Connection, *, coder: str | None, pending: bool
) -> tuple[Assignment, ...]:
    """Read assignments in the order they expire; those pending are unanswered and not run out."""
    query = (
        select(assignments, coders.c.name)
        .join(coders, coders.c.id == assignments.c.coder)
        .order_by(assignments.c.until, assignments.c.utterance)
    )
    if coder is not None:
        query = query.where(coders.c.name == coder_name(coder))
    if pending:
        query = query.where(~assignments.c.answered, assignments.c.until > now())
    return tuple(
        Assignment(
            row.utterance,
            row.slot,
            row.name,
            row.blind,
            row.strategy,
            row.probability,
            row.until,
            row.answered,
        )
        for row in connection.execute(query)
    )


def release(connection: Connection, coder: str) -> None:
    """Give a coder's unanswered questions back."""
    number = coder_number(connection, coder)
    connection.execute(
        delete(assignments).where(assignments.c.coder == number, ~assignments.c.answered)
    )


def _taken(connection: Connection, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for some in slices(ids):
        query = select(assignments).where(assignments.c.utterance.in_(some))
        for row in connection.execute(query):
            found.setdefault(row.utterance, []).append(row)
    return found


def _slot(one: Wanted, taken: Sequence[Row[Any]], coder: int, moment: str) -> int | None:
    """Give the slot that the coder can have, None where all are held."""
    held = {row.slot for row in taken if row.answered or row.until > moment}
    own = [row.slot for row in taken if row.coder == coder]
    if len(held) >= one.slots or held & set(own):
        return None
    # A lease of one's own that has run out is renewed where it was (one row per coder).
    return int((own or [slot for slot in range(one.slots) if slot not in held])[0])
