"""Rows of model runs: suggestions, vectors, and the study as arrays."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, and_, delete, func, insert, select

from ..codebook import Code
from ..errors import InputError, StoreError
from ..framework import DOMAINS, VALENCES
from ..predictions import OwnCodes, Predictions
from .database import now
from .records import Pool, Run
from .schema import runs, slices, suggestions, utterances, vectors

CLASSES = len(DOMAINS) + 1
_NARROW = np.dtype("<f2")  # half the room; only for distances between passages
_WIDE = np.dtype("<f4")


def add_run(connection: Connection, run: Run, ids: Sequence[int], predictions: Predictions) -> int:
    """Insert a run with its suggestions; vectors are replaced, suggestions never."""
    own = predictions.own
    lengths = {len(ids), len(predictions.proba), len(predictions.decisions)}
    lengths |= {len(own.proba)} if own else set()
    if lengths != {len(ids)}:
        raise InputError(f"A run needs one prediction per utterance, not {sorted(lengths)}.")
    if own and (len(own.suggest), own.proba.shape[1]) != (len(own.codes), len(own.codes) + 1):
        raise InputError("A run needs one cut-off and one probability for each own code.")
    values = {
        "model": run.model,
        "encoder": run.encoder,
        "codebook": run.codebook,
        "thresholds": run.thresholds,
        "facts": run.facts,
        "made": run.made or now(),
        "own": _own_facts(own) if own else None,
    }
    number = connection.execute(insert(runs).values(**values)).inserted_primary_key
    assert number is not None  # noqa: S101 - a fact for the type checker
    proba = np.ascontiguousarray(predictions.proba, dtype=_WIDE)
    valences = np.ascontiguousarray(predictions.valences, dtype=_NARROW)
    codes = np.ascontiguousarray(own.proba, dtype=_WIDE) if own else None
    rows = [
        {
            "run": number[0],
            "utterance": int(unit),
            "decision": decision,
            "proba": proba[place].tobytes(),
            "valences": valences[place].tobytes(),
            "own": None if codes is None else codes[place].tobytes(),
        }
        for place, (unit, decision) in enumerate(zip(ids, predictions.decisions, strict=True))
    ]
    if rows:
        connection.execute(insert(suggestions), rows)
        _put_vectors(connection, run.encoder, ids, predictions.vectors)
    return int(number[0])


def read_runs(connection: Connection) -> tuple[Run, ...]:
    """All runs, oldest first."""
    return tuple(
        Run(row.id, row.model, row.encoder, row.codebook, row.thresholds, row.facts, row.made)
        for row in connection.execute(select(runs).order_by(runs.c.id))
    )


def latest(connection: Connection) -> int | None:
    """Give the number of the newest run."""
    return connection.scalars(select(func.max(runs.c.id)).select_from(runs)).one_or_none()


def read_pool(connection: Connection, run: int | None) -> Pool:
    """Read the study as arrays."""
    wanted = and_(suggestions.c.utterance == utterances.c.id, suggestions.c.run == (run or 0))
    query = (
        select(
            utterances.c.id,
            utterances.c.transcript,
            utterances.c.chance,
            suggestions.c.proba,
            suggestions.c.decision,
        )
        .select_from(utterances.outerjoin(suggestions, wanted))
        .order_by(utterances.c.id)
    )
    rows = connection.execute(query).all()
    ids, sources, chances, proba, decisions = zip(*rows, strict=True) if rows else ((),) * 5
    return Pool(
        ids=np.array(ids, dtype=np.int64),
        transcripts=np.array(sources, dtype=np.int64),
        chances=np.array(chances, dtype=np.float64),
        proba=_stack(proba, _WIDE, (CLASSES,)),
        decisions=np.array([one or "" for one in decisions], dtype="<U7"),
    )


def read_predictions(connection: Connection, run: int, ids: Sequence[int]) -> Predictions:
    """Read what a run said of utterances, in the order of `ids`.

    What the run does not know has zeros and the decision "", as in ``Pool``.
    """
    found: dict[int, Row[Any]] = {}
    for some in slices(ids):
        query = select(suggestions).where(
            suggestions.c.run == run, suggestions.c.utterance.in_(some)
        )
        found |= {row.utterance: row for row in connection.execute(query)}
    rows = [found.get(one) for one in ids]
    decisions: list[Any] = [row.decision if row else "" for row in rows]
    shape = (len(DOMAINS), len(VALENCES))
    return Predictions(
        proba=_stack([row and row.proba for row in rows], _WIDE, (CLASSES,)),
        valences=_stack([row and row.valences for row in rows], _NARROW, shape),
        decisions=tuple(decisions),
        vectors=read_vectors(connection, ids),
        own=_read_own(connection, run, [row and row.own for row in rows]),
    )


def read_vectors(connection: Connection, ids: Sequence[int]) -> npt.NDArray[np.float32]:
    """Vectors of utterances, shape (n, d), in the order of `ids`; to half precision.

    Zeros where there is none of the newest run's encoder: others cannot be compared with them.
    """
    newest = select(runs.c.encoder).order_by(runs.c.id.desc()).limit(1).scalar_subquery()
    found: dict[int, bytes] = {}
    for some in slices(ids):
        query = select(vectors.c.utterance, vectors.c.vector).where(
            vectors.c.utterance.in_(some), vectors.c.encoder == newest
        )
        found |= dict(connection.execute(query).all())
    width = len(next(iter(found.values()), b"")) // _NARROW.itemsize
    return _stack([found.get(one) for one in ids], _NARROW, (width,))


def _own_facts(own: OwnCodes) -> dict[str, object]:
    codes = [{"path": list(one.path), "domain": one.domain} for one in own.codes]
    return {"codes": codes, "suggest": [float(one) for one in own.suggest]}


def _read_own(connection: Connection, run: int, blobs: Sequence[bytes | None]) -> OwnCodes | None:
    facts = connection.scalars(select(runs.c.own).where(runs.c.id == run)).one_or_none()
    if facts is None:
        return None
    codes = tuple(Code(tuple(one["path"]), one["domain"]) for one in facts["codes"])
    proba = _stack(blobs, _WIDE, (len(codes) + 1,))
    return OwnCodes(codes, proba, tuple(facts["suggest"]))


def _put_vectors(
    connection: Connection,
    encoder: str,
    ids: Sequence[int],
    given: npt.NDArray[np.float32],
) -> None:
    for some in slices([int(one) for one in ids]):
        connection.execute(delete(vectors).where(vectors.c.utterance.in_(some)))
    narrow = np.ascontiguousarray(given, dtype=_NARROW)
    rows = [
        {"utterance": int(unit), "encoder": encoder, "vector": narrow[place].tobytes()}
        for place, unit in enumerate(ids)
    ]
    connection.execute(insert(vectors), rows)


def _stack(
    blobs: Sequence[bytes | None], kind: np.dtype[np.floating], shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """Put rows of numbers together, zeros where there is none."""
    size = math.prod(shape) * kind.itemsize
    rows = [bytes(size) if one is None else one for one in blobs]
    if any(len(one) != size for one in rows):
        raise StoreError("The study is damaged; take it from a backup.")
    flat = np.frombuffer(b"".join(rows), dtype=kind).astype(np.float32)
    return flat.reshape(len(blobs), *shape)
