"""Rows of transcripts, utterances and codes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, func, insert, select

from ..codebook import Code
from ..errors import InputError
from ..transcript import Transcript, Turn, Utterance
from .records import Added, Unit, code_key
from .schema import codes, transcripts, utterances


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


def read_transcripts(connection: Connection) -> tuple[Transcript, ...]:
    """All transcripts, in the order in which they came."""
    return tuple(
        Transcript(
            row.name,
            row.text,
            tuple(Turn(*turn) for turn in row.turns),
            row.group,
            row.source,
            tuple((name, value) for name, value in row.attributes),
            row.guid,
        )
        for row in connection.execute(select(transcripts).order_by(transcripts.c.id))
    )


def read_units(
    connection: Connection, ids: Sequence[int] | None, sources: Sequence[Transcript]
) -> tuple[Unit, ...]:
    """Utterances, by number; all of them in order where no ids are given."""
    numbers = {number: name for name, number in _numbers(connection).items()}
    texts = {one.id: one for one in sources}
    query = select(utterances).order_by(utterances.c.id)
    if ids is not None:
        query = query.where(utterances.c.id.in_(ids))
    units = []
    for row in connection.execute(query):
        source = texts[numbers[row.transcript]]
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
    if ids is not None:
        place = {number: spot for spot, number in enumerate(ids)}
        units.sort(key=lambda one: place[one.id])
    return tuple(units)


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
    """Insert codes that are not there yet, in order."""
    there = set(connection.scalars(select(codes.c.key)))
    rows = []
    for code in added:
        key = code_key(code.path)
        if key not in there:
            there.add(key)
            rows.append(asdict(code) | {"key": key, "path": list(code.path)})
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
    rows = connection.execute(select(transcripts.c.name, transcripts.c.id)).tuples()
    return dict(rows.all())


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
