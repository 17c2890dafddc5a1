"""The first pass: files are read, cut into utterances and encoded, a shard at a time."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..classifier import Floats, Sums, exact_sum
from ..coding import Study
from ..errors import FormatError, OutputError
from ..formats import parse, read
from ..formats.content import load
from ..identifiers import Flags, Kind, flag
from ..parallel import Loading, loaded
from ..predicting import encode_questions
from ..segmentation import segment
from ..transcript import Utterance
from .folder import find_whole, is_whole, keep, key

Files = tuple[tuple[Path, str | None], ...]
"""Paths with their participant groups."""

_MEAN_SIZE = 16
_LARGEST = 32
_FIELDS = tuple(field.name for field in fields(Utterance))
_CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Found:
    """What one file gave.

    Attributes
    ----------
    sha256 : str
        Of its bytes; "" where they could not be read.
    transcripts : tuple of str
        Ids as the file gives them.
    identifiers : tuple of (str, str, int)
        As in ``Flags.counts``.
    notes : tuple of str
    failure : str
        Why it could not be read, "" where it was.
    """

    sha256: str
    transcripts: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, Kind, int], ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What a shard gave, without its text and vectors: those stay in its file.

    Attributes
    ----------
    name : str
        Of the file that holds them.
    count : int
        Utterances.
    total : array of int64, shape (d,)
        ``exact_sum`` of their vectors.
    found : tuple of Found
        One for each of its files.
    """

    name: str
    count: int
    total: Sums
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """A shard's utterances and their vectors.

    Attributes
    ----------
    utterances : tuple of Utterance
    origin : array of int, shape (n,)
        Which of the shard's files each is from.
    answers : array, shape (n, d)
    questions : array, shape (m, d)
    asked : array of int, shape (n,)
        Row in `questions` of each.
    """

    utterances: tuple[Utterance, ...]
    origin: npt.NDArray[np.intp]
    answers: Floats
    questions: Floats
    asked: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class EncodeTask:
    """One shard to encode into a folder."""

    files: Files
    folder: Path
    what: Loading


def cut(files: Sequence[tuple[Path, str | None]]) -> Iterator[Files]:
    """Cut a list of files into shards.

    Where to cut is read off the names around a place, so that a file more or less changes the
    shard it is in and no other.
    """
    shard: list[tuple[Path, str | None]] = []
    for path, group in files:
        shard.append((path, group))
        name = f"{group or ''}/{path.name}".encode("utf-8", "surrogateescape")
        last = hashlib.sha256(name).digest()[0] % _MEAN_SIZE == 0
        if last or len(shard) == _LARGEST:
            yield tuple(shard)
            shard = []
    if shard:
        yield tuple(shard)


def encode(task: EncodeTask) -> Encoded:
    """Encode a shard, or find that an earlier run did."""
    hashes = [_hash(path) for path, _ in task.files]
    kept = find_whole(task.folder, _stem(task, hashes), ".npz")
    if kept is None:
        shard, found = _read(task, hashes)
        # Named by what was read: a file that changed on the way is not taken for read later.
        stem = _stem(task, [one.sha256 for one in found])
        kept = keep(task.folder, stem, ".npz", _packed(shard, found))
    arrays = _arrays(kept)
    facts = json.loads(arrays["found"].tobytes())
    found = tuple(Found(**{name: _tuples(value) for name, value in one.items()}) for one in facts)
    return Encoded(kept.name, len(arrays["answers"]), exact_sum(arrays["answers"]), found)


def identifiers(files: Files) -> Flags:
    """Count possible identifiers in a shard."""
    counts: list[tuple[str, Kind, int]] = []
    for path, _ in files:
        with suppress(FormatError):  # the run itself names it
            counts += flag(read(path).transcripts).counts
    return Flags(tuple(counts))


def unpack(path: Path) -> Shard:
    """Read what ``encode`` kept.

    Raises
    ------
    OutputError
        It was damaged or removed since.
    """
    arrays = _arrays(path)
    rows = json.loads(arrays["utterances"].tobytes())
    return Shard(
        tuple(Utterance(**dict(zip(_FIELDS, row, strict=True))) for row in rows),
        arrays["origin"],
        arrays["answers"],
        arrays["questions"],
        arrays["asked"],
    )


def _stem(task: EncodeTask, hashes: Sequence[str]) -> str:
    files = [
        (path.name.encode("utf-8", "surrogateescape").hex(), group, sha256)
        for (path, group), sha256 in zip(task.files, hashes, strict=True)
    ]
    return key(task.what.mark, files)


def _read(task: EncodeTask, hashes: Sequence[str]) -> tuple[Shard, tuple[Found, ...]]:
    utterances: list[Utterance] = []
    found, origin = [], []
    for number, ((path, group), sha256) in enumerate(zip(task.files, hashes, strict=True)):
        try:
            study = _study(path, group, sha256)
        except FormatError as error:
            now = sha256 if _hash(path) == sha256 else _CHANGED
            found.append(Found(now, failure=str(error)))
            continue
        units = segment(study.transcripts)
        utterances += units
        origin += [number] * len(units)
        ids = tuple(one.id for one in study.transcripts)
        found.append(Found(sha256, ids, flag(study.transcripts).counts, study.notes))
    encoder = loaded(task.what)[1]
    answers = encoder.encode([one.text for one in utterances])
    asked, questions = encode_questions(utterances, encoder)
    where = np.array(origin, dtype=np.intp)
    return Shard(tuple(utterances), where, answers, questions, asked), tuple(found)


def _study(path: Path, group: str | None, sha256: str) -> Study:
    data = load(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise FormatError(path, "changed during the run.", hint="Run again when it is at rest.")
    study = parse(path, data, group=group)
    if study.excerpts:
        raise FormatError(
            path,
            "holds coded passages and no whole transcripts.",
            hint="A corpus run takes transcripts; hand it in without workers.",
        )
    return study


def _hash(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would be waited for
            return ""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:  # reading it says so
        return ""


def _packed(shard: Shard, found: Sequence[Found]) -> bytes:
    # No pickle: plain arrays, and JSON as bytes.
    rows = [[getattr(one, name) for name in _FIELDS] for one in shard.utterances]
    stream = BytesIO()
    np.savez(
        stream,
        allow_pickle=False,
        utterances=_json(rows),
        found=_json([asdict(one) for one in found]),
        origin=shard.origin,
        answers=shard.answers,
        questions=shard.questions,
        asked=shard.asked,
    )
    return stream.getvalue()


def _json(content: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(content).encode("ascii"), dtype=np.uint8)


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if not is_whole(path, data):
        raise OutputError(f"{path.name} was damaged or removed during the run. Run the same again.")
    with np.load(BytesIO(data), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
