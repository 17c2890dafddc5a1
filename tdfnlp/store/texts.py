"""Rows of transcripts, utterances and codes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from ..codebook import Code
from ..errors import InputError, StoreError
from ..transcript import Transcript, Turn, Utterance
from .records import Added, Unit, code_key
from .schema import codes, slices, transcripts, utterances


def add_transcripts(
    connection: Connection,
    added: Sequence[Transcript],
    units: Iterable[Utterance],
    seed: int,
) -> Added:
    """Insert transcripts that are not there yet, with their utterances."""
    there = {
        name: digest
        for name, digest in connection.execute(select(transcripts.c.name, transcripts.c.hash))
    }
    new = [one for one in added if one.id not in there]
    changed = [one.id for one in added if there.get(one.id, one.content_hash) != one.content_hash]
    if changed:
        raise InputError(
            f"{len(changed)} transcripts differ from those of the same name in the study "
            f"({', '.join(map(repr, changed[:3]))}). Answers hang on the old text: give the "
            "changed file another name, or start a new study."
        )
    if new:
        connection.execute(insert(transcripts), [_transcript_row(one) for one in new])
    names = {one.id for one in new}
    numbers = _numbers(connection)
    digests = {one.id: one.content_hash for one in new}
    rows = [
        {
            "transcript": numbers[one.transcript],
            "start": one.start,
            "end": one.end,
            "turn": one.turn,
            "question": one.question,
            "chance": _chance(seed, digests[one.transcript], one.start, one.end),
        }
        for one in units
        if one.transcript in names
    ]
    if rows:
        connection.execute(insert(utterances), rows)
    return Added(len(new), len(added) - len(new))


def read_transcripts(
    connection: Connection, numbers: Sequence[int] | None = None
) -> tuple[Transcript, ...]:
    """Transcripts in the order in which they came; all of them where no numbers are given."""
    query = select(transcripts).order_by(transcripts.c.id)
    if numbers is None:
        return tuple(map(_transcript, connection.execute(query)))
    queries = (query.where(transcripts.c.id.in_(some)) for some in slices(sorted(numbers)))
    return tuple(_transcript(row) for one in queries for row in connection.execute(one))


def read_sources(connection: Connection) -> dict[int, tuple[str, str | None]]:
    """Give name and group of each transcript, by number."""
    rows = connection.execute(select(transcripts.c.id, transcripts.c.name, transcripts.c.group))
    return {number: (name, group) for number, name, group in rows}


def read_units(connection: Connection, ids: Sequence[int] | None) -> tuple[Unit, ...]:
    """Utterances, by number; all of them in order where no ids are given."""
    rows = _unit_rows(connection, ids)
    names = {number: name for name, number in _numbers(connection).items()}
    wanted = None if ids is None else list({row.transcript for row in rows})
    texts = {one.id: one for one in read_transcripts(connection, wanted)}
    units = []
    for row in rows:
        source = texts[names[row.transcript]]
        turn = source.turns[row.turn]
        unit = Utterance(
            source.id,
            row.start,
            row.end,
            source.text[row.start : row.end],
            row.turn,
            turn.speaker,
            turn.role,
            source.group,
            turn.begins,
            row.question,
        )
        units.append(Unit(row.id, unit))
    return tuple(units)


def _unit_rows(connection: Connection, ids: Sequence[int] | None) -> list[Row[Any]]:
    query = select(utterances).order_by(utterances.c.id)
    if ids is None:
        return list(connection.execute(query))
    found: dict[int, Row[Any]] = {}
    for some in slices(ids):
        rows = connection.execute(query.where(utterances.c.id.in_(some)))
        found |= {row.id: row for row in rows}
    return [found[one] for one in ids if one in found]


def unit_numbers(connection: Connection) -> dict[tuple[str, int, int], int]:
    """Give the number of each utterance, by transcript name, start and end."""
    names = {number: name for name, number in _numbers(connection).items()}
    query = select(utterances.c.id, utterances.c.transcript, utterances.c.start, utterances.c.end)
    return {
        (names[source], start, end): number
        for number, source, start, end in connection.execute(query)
    }


def count_units(connection: Connection) -> int:
    """How many utterances the study has."""
    return connection.scalars(select(func.count()).select_from(utterances)).one()


def add_codes(connection: Connection, added: Iterable[Code]) -> None:
    """Insert codes that are not there yet, in order; one that had no domain gets it."""
    there = {
        key: Code((), domain, valence=valence)
        for key, domain, valence in connection.execute(
            select(codes.c.key, codes.c.domain, codes.c.valence)
        )
    }
    rows = []
    for code in added:
        key = code_key(code.path)
        known = there.get(key)
        if known is None:
            rows.append(asdict(code) | {"key": key, "path": list(code.path)})
        elif code.domain and not known.domain:
            values = {"domain": code.domain, "valence": known.valence or code.valence}
            connection.execute(update(codes).where(codes.c.key == key).values(**values))
        there[key] = code
    if rows:
        connection.execute(insert(codes), rows)


def read_codes(connection: Connection) -> tuple[Code, ...]:
    """All codes, outer ones before inner ones."""
    found: dict[tuple[str, ...], list[Code]] = defaultdict(list)
    for row in connection.execute(select(codes).order_by(codes.c.id)):
        code = Code(
            tuple(row.path),
            row.domain,
            row.definition,
            row.valence,
            row.guid,
            row.colour,
            row.codable,
        )
        found[code.path[:1]].append(code)
    return tuple(one for part in found.values() for one in sorted(part, key=lambda c: len(c.path)))


def _numbers(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(transcripts.c.name, transcripts.c.id))
    return dict(rows.all())


def _transcript(row: Row[Any]) -> Transcript:
    turns = tuple(Turn(*turn) for turn in row.turns)
    attributes = tuple((name, value) for name, value in row.attributes)
    one = Transcript(row.name, row.text, turns, row.group, row.source, attributes, row.guid)
    if one.content_hash != row.hash:
        raise StoreError(f"The text of {one.id!r} in the study is damaged. Use a backup.")
    return one


def _transcript_row(one: Transcript) -> dict[str, object]:
    return {
        "name": one.id,
        "text": one.text,
        "hash": one.content_hash,
        "group": one.group,
        "source": one.source,
        "guid": one.guid,
        "attributes": [list(pair) for pair in one.attributes],
        "turns": [
            [turn.start, turn.end, turn.speaker, turn.role, turn.begins, turn.ends]
            for turn in one.turns
        ],
    }


def _chance(seed: int, digest: str, start: int, end: int) -> float:
    """Uniform in [0, 1), the same wherever the same passage stands."""
    name = f"{seed}:{digest}:{start}:{end}".encode()
    # 53 bits are what a float holds exactly.
    return (int.from_bytes(hashlib.sha256(name).digest()[:8]) >> 11) / 2**53
