"""Rows of coders and answers: who said what, append-only."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from ..errors import InputError
from ..framework import DOMAINS
from .database import now
from .records import Answer, How, Label, Verdict
from .schema import answers, assignments, coders, slices, suggestions, utterances


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


def coder_name(given: str) -> str:
    """Spell a name in one way: white space and composed letters make no other coder."""
    return " ".join(unicodedata.normalize("NFC", given).split())


def coder_number(connection: Connection, name: str) -> int:
    """Give the number of a coder, who is added where new."""
    name = coder_name(name)
    if not any(map(str.isalnum, name)):
        raise InputError("A coder needs a name.")
    number = connection.scalars(select(coders.c.id).where(coders.c.name == name)).one_or_none()
    if number is None:
        row = connection.execute(insert(coders).values(name=name, since=now()))
        number = row.inserted_primary_key[0]  # type: ignore[index]
    return int(number)


def coder_names(connection: Connection) -> dict[int, str]:
    """All coders by number."""
    rows = connection.execute(select(coders.c.id, coders.c.name).order_by(coders.c.id))
    return dict(rows.all())


def record(connection: Connection, coder: str, given: Sequence[Given]) -> tuple[Answer, ...]:
    """Append answers of one coder; what is there already under its token is given back."""
    number, coder = coder_number(connection, coder), coder_name(coder)
    stored = _by_tokens(connection, [one.token for one in given])
    fresh: dict[str, Given] = {}
    for one in given:
        if one.token in stored:
            there = stored[one.token]
            same = (there.coder, there.utterance) == (coder, one.utterance)
            _check_token(same and there.verdict != "undo")
        else:
            _check_token(fresh.setdefault(one.token, one).utterance == one.utterance)
    if fresh:
        _append(connection, number, list(fresh.values()))
        stored |= _by_tokens(connection, list(fresh))
    return tuple(stored[one.token] for one in given)


def undo(connection: Connection, coder: str, token: str) -> Answer | None:
    """Take the coder's last standing answer back, None where there is none.

    The question is the coder's again, as it was asked.
    """
    number, coder = coder_number(connection, coder), coder_name(coder)
    repeated = _by_tokens(connection, [token]).get(token)
    if repeated is not None:
        _check_token((repeated.coder, repeated.verdict) == (coder, "undo"))
        return repeated
    mine = _standing(number).where(answers.c.how != "imported")
    last = connection.execute(mine.order_by(answers.c.id.desc()).limit(1)).one_or_none()
    if last is None:
        return None
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
    if last.utterance not in answered(connection, number):
        held = (assignments.c.utterance == last.utterance) & (assignments.c.coder == number)
        connection.execute(update(assignments).where(held).values(answered=False))
    return _by_tokens(connection, [token])[token]


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
        query = query.where(coders.c.name == coder_name(coder))
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


def _standing(coder: int) -> Select[Any]:
    """Rows of a coder that were not taken back, earlier ones on the same utterance too."""
    gone = select(answers.c.undoes).where(answers.c.undoes.is_not(None))
    return select(answers).where(
        answers.c.coder == coder, answers.c.verdict != "undo", answers.c.id.not_in(gone)
    )


def answered(connection: Connection, coder: int) -> set[int]:
    """Give the utterances on which an answer of the coder stands, skipped ones too."""
    return set(connection.scalars(_standing(coder).with_only_columns(answers.c.utterance)))


def _check_token(fits: bool) -> None:
    if not fits:
        raise InputError("This answer's token belongs to another answer.")


def _append(connection: Connection, coder: int, given: Sequence[Given]) -> None:
    """Insert answers, and say in the assignments that they were given."""
    ids = list({one.utterance for one in given})
    _check_known(connection, ids)
    mine = select(assignments).where(assignments.c.coder == coder)
    asked = {
        row.utterance: row
        for some in slices(ids)
        for row in connection.execute(mine.where(assignments.c.utterance.in_(some)))
    }
    firsts = _firsts(connection, given)
    rows = [_row(one, coder, asked.get(one.utterance), firsts) for one in given]
    connection.execute(insert(answers), rows)
    own = [one for one in given if one.how != "adjudication" and one.utterance in asked]
    skipped = {one.utterance for one in own if one.skip}  # somebody else may get it
    for some in slices([one for one in asked if one in skipped]):
        held = (assignments.c.coder == coder) & assignments.c.utterance.in_(some)
        connection.execute(delete(assignments).where(held))
    for some in slices(list({one.utterance for one in own} - skipped)):
        held = (assignments.c.coder == coder) & assignments.c.utterance.in_(some)
        connection.execute(update(assignments).where(held).values(answered=True))


def _check_known(connection: Connection, ids: Sequence[int]) -> None:
    for some in slices(ids):
        query = select(func.count()).where(utterances.c.id.in_(some))
        if connection.scalars(query).one() < len(some):
            found = connection.scalars(select(utterances.c.id).where(utterances.c.id.in_(some)))
            raise InputError(f"The study has no utterance {min(set(some) - set(found))}.")


def _row(
    one: Given, coder: int, asked: Row[Any] | None, firsts: Mapping[tuple[int, int], str]
) -> dict[str, object]:
    put = asked if one.how == "page" else None
    how: How = "blind audit" if put and put.blind and one.run is None else one.how
    return {
        "token": one.token,
        "utterance": one.utterance,
        "coder": coder,
        "verdict": _verdict(one, firsts.get((one.run or 0, one.utterance))),
        "labels": [
            {"code": list(label.code), "domain": label.domain, "valence": label.valence}
            for label in one.labels
        ],
        "note": one.note,
        "how": how,
        "run": one.run,
        "strategy": put.strategy if put else "chosen",
        "probability": put.probability if put and how == "blind audit" else None,
        "undoes": None,
        "when": one.when or now(),
    }


def _verdict(given: Given, first: str | None) -> Verdict:
    if given.skip:
        return "skip"
    if not given.labels:
        return "none"
    if first is None:
        return "code"
    return "accept" if {one.domain for one in given.labels} == {first} else "correct"


def _firsts(connection: Connection, given: Sequence[Given]) -> dict[tuple[int, int], str]:
    """Give the most probable domain of each suggestion that was in sight."""
    shown: dict[int, list[int]] = {}
    for one in given:
        if one.run is not None:
            shown.setdefault(one.run, []).append(one.utterance)
    found: dict[tuple[int, int], str] = {}
    for run, ids in shown.items():
        for some in slices(ids):
            query = select(suggestions.c.utterance, suggestions.c.proba).where(
                suggestions.c.run == run, suggestions.c.utterance.in_(some)
            )
            for unit, proba in connection.execute(query):
                found[run, unit] = DOMAINS[int(np.frombuffer(proba, dtype="<f4")[:-1].argmax())]
    return found


def _by_tokens(connection: Connection, tokens: Sequence[str]) -> dict[str, Answer]:
    if not all(tokens):
        raise InputError("An answer needs a token of its own.")
    query = select(answers, coders.c.name).join(coders, coders.c.id == answers.c.coder)
    return {
        row.token: _answer(row)
        for some in slices(tokens)
        for row in connection.execute(query.where(answers.c.token.in_(some)))
    }


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
