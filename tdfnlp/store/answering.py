"""Rows of coders, assignments and answers: who was asked what, and what was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, Row, delete, insert, select, update

from ..errors import InputError
from ..framework import DOMAINS
from .database import now
from .records import Answer, Assignment, How, Label, Verdict
from .schema import answers, assignments, coders, suggestions, utterances

_SLICE = 500


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


@dataclass(frozen=True, slots=True)
class Given:
    """What a coder says about an utterance.

    Attributes
    ----------
    utterance : int
    labels : tuple of Label
        Empty: no code applies.
    skip : bool
        Not decided.
    note : str
    token : str
        A key that the caller makes up; the same key again is the same answer.
    run : int or None
        The run whose suggestion was in sight, None where none was.
    how : {"page", "imported", "adjudication"}
    when : str
        ISO 8601, UTC; now where left out.
    """

    utterance: int
    labels: tuple[Label, ...] = ()
    skip: bool = False
    note: str = ""
    token: str = ""
    run: int | None = None
    how: How = "page"
    when: str = ""


def coder_number(connection: Connection, name: str) -> int:
    """Give the number of a coder, who is added where new."""
    number = connection.scalars(select(coders.c.id).where(coders.c.name == name)).one_or_none()
    if number is None:
        row = connection.execute(insert(coders).values(name=name, since=now()))
        number = row.inserted_primary_key[0]  # type: ignore[index]
    return int(number)


def coder_names(connection: Connection) -> dict[int, str]:
    """All coders by number."""
    rows = connection.execute(select(coders.c.id, coders.c.name).order_by(coders.c.id)).tuples()
    return dict(rows.all())


def assign(
    connection: Connection, coder: str, wanted: Iterable[Wanted], n: int, minutes: float
) -> tuple[Assignment, ...]:
    """Hand the first `n` free utterances to a coder.

    Free is one on which the coder has no assignment and no answer, and where a slot is empty or
    its lease has run out unanswered.
    """
    number, moment = coder_number(connection, coder), now()
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="microseconds")
    until = until.replace("+00:00", "Z")
    said = {one.utterance for one in current(read_answers(connection, coder=coder))}
    pending, given = list(wanted), []
    for start in range(0, len(pending), _SLICE):
        some = [one for one in pending[start : start + _SLICE] if one.utterance not in said]
        taken = _taken(connection, [one.utterance for one in some])
        for one in some:
            slot = _slot(one, taken.get(one.utterance, []), number, moment)
            if slot is None:
                continue
            values = {"strategy": one.strategy, "probability": one.probability, "until": until}
            values |= {"blind": one.blind, "answered": False, "coder": number}
            key = {"utterance": one.utterance, "slot": slot}
            connection.execute(delete(assignments).filter_by(**key))
            connection.execute(insert(assignments).values(**key, **values))
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
            if len(given) == n:
                return tuple(given)
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
        query = query.where(coders.c.name == coder)
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


def record(connection: Connection, coder: str, given: Sequence[Given]) -> tuple[Answer, ...]:
    """Append answers of one coder; what is there already under its token is given back."""
    number = coder_number(connection, coder)
    return tuple(_record(connection, coder, number, one) for one in given)


def undo(connection: Connection, coder: str, token: str) -> Answer | None:
    """Take the coder's last standing answer back, None where there is none.

    The question is the coder's again, as it was asked.
    """
    repeated = _by_token(connection, token)
    if repeated is not None:
        return repeated
    standing = [
        one for one in current(read_answers(connection, coder=coder)) if one.how != "imported"
    ]
    if not standing:
        return None
    last = max(standing, key=lambda one: one.id)
    number = coder_number(connection, coder)
    values = {
        "token": token,
        "utterance": last.utterance,
        "coder": number,
        "verdict": "undo",
        "labels": [],
        "note": "",
        "how": last.how,
        "run": None,
        "strategy": last.strategy,
        "probability": None,
        "undoes": last.id,
        "when": now(),
    }
    connection.execute(insert(answers).values(**values))
    mine = (assignments.c.utterance == last.utterance) & (assignments.c.coder == number)
    connection.execute(update(assignments).where(mine).values(answered=False))
    return _by_token(connection, token)


def read_answers(
    connection: Connection, *, coder: str | None = None, utterance: int | None = None
) -> tuple[Answer, ...]:
    """Every row of the record, in the order it was written."""
    query = (
        select(answers, coders.c.name)
        .join(coders, coders.c.id == answers.c.coder)
        .order_by(answers.c.id)
    )
    if coder is not None:
        query = query.where(coders.c.name == coder)
    if utterance is not None:
        query = query.where(answers.c.utterance == utterance)
    return tuple(_answer(row) for row in connection.execute(query))


def current(record: Iterable[Answer]) -> tuple[Answer, ...]:
    """Give what holds now: each coder's last answer on each utterance that was not undone.

    An adjudication stands beside the adjudicator's own answer.
    """
    rows = list(record)
    gone = {one.undoes for one in rows}
    last: dict[tuple[int, str, bool], Answer] = {}
    for one in rows:
        if one.verdict != "undo" and one.id not in gone:
            last[one.utterance, one.coder, one.how == "adjudication"] = one
    return tuple(sorted(last.values(), key=lambda one: one.id))


def _record(connection: Connection, coder: str, number: int, given: Given) -> Answer:
    there = _by_token(connection, given.token)
    if there is not None:
        if (there.coder, there.utterance) != (coder, given.utterance):
            raise InputError("This answer's token belongs to another answer.")
        return there
    if (
        connection.scalars(
            select(utterances.c.id).where(utterances.c.id == given.utterance)
        ).one_or_none()
        is None
    ):
        raise InputError(f"The study has no utterance {given.utterance}.")
    mine = (assignments.c.utterance == given.utterance) & (assignments.c.coder == number)
    asked = connection.execute(select(assignments).where(mine)).one_or_none()
    if given.how == "adjudication":
        asked = None
    how: How = given.how
    if asked and asked.blind and given.run is None:
        how = "blind audit"
    values = {
        "token": given.token,
        "utterance": given.utterance,
        "coder": number,
        "verdict": _verdict(connection, given),
        "labels": [
            {"code": list(one.code), "domain": one.domain, "valence": one.valence}
            for one in given.labels
        ],
        "note": given.note,
        "how": how,
        "run": given.run,
        "strategy": asked.strategy if asked else "chosen",
        "probability": asked.probability if how == "blind audit" and asked else None,
        "undoes": None,
        "when": given.when or now(),
    }
    connection.execute(insert(answers).values(**values))
    if asked and given.skip:  # somebody else may get it
        connection.execute(delete(assignments).where(mine))
    elif asked:
        connection.execute(update(assignments).where(mine).values(answered=True))
    stored = _by_token(connection, given.token)
    assert stored is not None  # noqa: S101 - it was inserted above
    return stored


def _verdict(connection: Connection, given: Given) -> Verdict:
    if given.skip:
        return "skip"
    if not given.labels:
        return "none"
    query = select(suggestions.c.proba).where(
        suggestions.c.run == (given.run or 0), suggestions.c.utterance == given.utterance
    )
    proba = connection.scalars(query).one_or_none()
    if proba is None:
        return "code"
    first = DOMAINS[int(np.frombuffer(proba, dtype="<f4")[:-1].argmax())]
    return "accept" if {one.domain for one in given.labels} == {first} else "correct"


def _by_token(connection: Connection, token: str) -> Answer | None:
    if not token:
        raise InputError("An answer needs a token of its own.")
    query = (
        select(answers, coders.c.name)
        .join(coders, coders.c.id == answers.c.coder)
        .where(answers.c.token == token)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _answer(row)


def _answer(row: Row[tuple[object, ...]]) -> Answer:
    labels = tuple(Label(tuple(one["code"]), one["domain"], one["valence"]) for one in row.labels)
    return Answer(
        row.id,
        row.token,
        row.utterance,
        row.name,
        row.verdict,
        labels,
        row.note,
        row.how,
        row.run,
        row.strategy,
        row.probability,
        row.undoes,
        row.when,
    )


def _taken(connection: Connection, ids: Sequence[int]) -> dict[int, list[Row[tuple[object, ...]]]]:
    found: dict[int, list[Row[tuple[object, ...]]]] = {}
    query = select(assignments).where(assignments.c.utterance.in_(ids))
    for row in connection.execute(query):
        found.setdefault(row.utterance, []).append(row)
    return found


def _slot(
    one: Wanted, taken: Sequence[Row[tuple[object, ...]]], coder: int, moment: str
) -> int | None:
    if any(row.coder == coder and (row.answered or row.until > moment) for row in taken):
        return None
    held = {
        row.slot for row in taken if (row.answered or row.until > moment) and row.coder != coder
    }
    # A lease of one's own that has run out is renewed where it was (one row per coder).
    own = [row.slot for row in taken if row.coder == coder]
    free = own or [slot for slot in range(one.slots) if slot not in held]
    return int(free[0]) if free else None
