"""The second pass: the study's mean is taken off, and suggestions are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from ..classifier import Proba
from ..export import Suggestions, write_parquet
from ..parallel import Loading, loaded
from ..predicting import classify
from .folder import find_whole, keep, key, vectors_of
from .shards import Shard, unpack


@dataclass(frozen=True, slots=True, eq=False)
class PartTask:
    """One shard to write the suggestions of.

    Attributes
    ----------
    number : int
        Its place in the order of the shards.
    output : Path
        The folder.
    vectors : str
        Name of what the first pass kept.
    names : tuple of tuple of (str, str)
        For each of its files: a transcript's id in the file, and in the study.
    mean : array, shape (d,)
        Of the study.
    what : Loading
    """

    number: int
    output: Path
    vectors: str
    names: tuple[tuple[tuple[str, str], ...], ...]
    mean: Proba
    what: Loading

    @property
    def stem(self) -> str:
        """Name without the hash of the bytes; says all that they are made from."""
        made_from = key(self.vectors, self.names, self.mean.tobytes().hex(), self.what.id)
        return f"part-{self.number:05d}-{made_from}"


@dataclass(frozen=True, slots=True)
class Part:
    """What was written.

    Attributes
    ----------
    name : str
    rows : int
    counts : tuple of (str, str, int)
        Decision, first domain, how many.
    fresh : bool
        False where an earlier run had written it.
    """

    name: str
    rows: int
    counts: tuple[tuple[str, str, int], ...]
    fresh: bool


def write(task: PartTask) -> Part:
    """Write a part, or find that an earlier run did."""
    kept = find_whole(task.output, task.stem, ".parquet")
    fresh = kept is None
    if kept is None:
        model, _ = loaded(task.what)
        shard = _named(unpack(vectors_of(task.output) / task.vectors), task.names)
        predictions = classify(
            shard.utterances, model, shard.answers, shard.questions[shard.asked], task.mean
        )
        items = predictions.suggestions(shard.utterances, model.id, model.thresholds.suggest)
        stream = BytesIO()
        write_parquet(Suggestions(tuple(items), model.id), stream)
        kept = keep(task.output, task.stem, ".parquet", stream.getvalue())
    counts = _counts(kept)
    return Part(kept.name, sum(count for _, _, count in counts), counts, fresh)


def _named(shard: Shard, names: Sequence[Sequence[tuple[str, str]]]) -> Shard:
    """Give the utterances their transcripts' names in the study."""
    new = [dict(pairs) for pairs in names]
    utterances = (
        replace(one, transcript=new[place][one.transcript])
        for one, place in zip(shard.utterances, shard.origin, strict=True)
    )
    return replace(shard, utterances=tuple(utterances))


def _counts(path: Path) -> tuple[tuple[str, str, int], ...]:
    import pyarrow.parquet as pq

    columns = ["decision", "domain"]
    table = pq.read_table(path, columns=columns, partitioning=None)
    grouped = table.group_by(columns).aggregate([([], "count_all")]).to_pylist()
    return tuple(sorted((row["decision"], row["domain"], row["count_all"]) for row in grouped))
