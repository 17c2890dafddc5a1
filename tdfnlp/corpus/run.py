"""The run: two passes, and what came of it."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..classifier import Proba, mean_of_sum
from ..codebook import TDF_CODEBOOK
from ..coding import DECISIONS
from ..errors import InputError
from ..formats import find, without_results
from ..framework import DOMAINS
from ..identifiers import Flags
from ..model import Model
from ..parallel import Loading, check_n_jobs, each, load
from ..predicting import Progress, silent
from ..suggest import unique_name
from .folder import finish, opened, unfinish, vectors_of
from .parts import Part, PartTask, write
from .shards import Encoded, EncodeTask, Files, Found, cut, encode, identifiers

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a run over a corpus gave. The suggestions themselves are in the folder.

    Attributes
    ----------
    path : Path
        The folder, a Parquet data set.
    model : str
        Id of the model that made them.
    transcripts, utterances : int
        How many.
    decisions, domains : dict of str to int
        As in ``Suggestions``.
    failures : tuple of str
        Files that could not be read, one sentence each.
    notes : tuple of str
        What the reading had to guess, and what was left out.
    identifiers : Flags
        Possible identifiers that were found.
    written : int
        Parts that this run wrote; all others were there already.
    """

    path: Path
    model: str
    transcripts: int
    utterances: int
    decisions: dict[str, int]
    domains: dict[str, int]
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    identifiers: Flags
    written: int


def suggest_corpus(
    source: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    model: Model | str | Path | None = None,
    precision: str = "auto",
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Suggest TDF domains for any number of transcripts, in a run that can be broken off.

    The suggestions are those of ``suggest_codes``, bit for bit. What is complete is never done
    again: the same call goes on where an earlier one stopped, and after a change to the files it
    encodes only what changed.

    Parameters
    ----------
    source : path, folder or several of them
        Transcripts, as for ``suggest_codes``. Code exports are not taken. On a cluster every
        worker must find them under the same path.
    output : str or Path
        A folder whose name ends in .parquet; made where it is missing. It is a Parquet data set
        of the columns ``COLUMNS``, and complete once ``_tdfnlp/manifest.json`` is in it.
    model : Model, str or Path, optional
        A shipped model's name or a model folder; the default model where left out.
    precision : {"auto", "bf16", "f32"}
        The same for all workers. "auto" is what this machine's CPU does best: say "f32" where
        not all of a cluster's have bfloat16.
    n_jobs : int, optional
        Processes, -1 for one a core; where left out, what ``joblib.parallel_config`` says, else
        this process alone, which uses every core by itself.
    progress : callable, optional
        Gets (stage, files done, files in all).

    Raises
    ------
    InputError
        Nothing to read, no speech in it, or an output folder that is not a corpus run's.
    OutputError
        The disk is full, or the folder cannot be written. What was done is kept.
    WorkerError
        A worker or the cluster was lost. What was done is kept.
    ModelError
        The model is missing or damaged, or workers differ in what they load.
    """
    check_n_jobs(n_jobs)
    files, shards, notes = _listed(source)
    output = Path(output).absolute()  # a worker may stand in another folder
    with opened(output):
        own = model if isinstance(model, Model) else Model.load(model)
        what, _ = load(own, precision)
        if n_jobs is not None and n_jobs > len(shards):
            notes = (*notes, f"{n_jobs} workers asked for, {len(shards)} used: one a shard.")
            n_jobs = len(shards)
        report = progress or silent
        tasks = (EncodeTask(shard, vectors_of(output), what) for shard in shards)
        encoded = list(_counted(each(encode, tasks, n_jobs), shards, "Encoding", report))
        jobs = list(_second(encoded, output, what, _mean(encoded, own)))
        if not jobs:
            reasons = (one.failure for shard in encoded for one in shard.found if one.failure)
            raise InputError(" ".join(["No participant speech was found.", *islice(reasons, 3)]))
        stems = [job.stem for job in jobs]
        unfinish(output, stems)
        spoken = [shard for shard, one in zip(shards, encoded, strict=True) if one.count]
        parts = list(_counted(each(write, jobs, n_jobs), spoken, "Writing", report))
        result = _result(output, own.id, encoded, parts, notes)
        facts = _facts(result, what, files, encoded, parts)
        finish(output, stems, (shard.name for shard in encoded), facts)
    return result


def count_identifiers(
    source: str | Path | Sequence[str | Path],
    *,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Flags:
    """Count possible identifiers in the files of a corpus; those that cannot be read count none.

    Parameters
    ----------
    source, n_jobs, progress
        As for ``suggest_corpus``.
    """
    check_n_jobs(n_jobs)
    _, shards, _ = _listed(source)
    found = _counted(each(identifiers, shards, n_jobs), shards, "Reading", progress or silent)
    return Flags(tuple(flag for flags in found for flag in flags.counts))


def _listed(
    source: str | Path | Sequence[str | Path],
) -> tuple[list[tuple[Path, str | None]], list[Files], tuple[str, ...]]:
    """List files and shards, under paths that hold wherever a worker stands, and notes."""
    sources = [source] if isinstance(source, str | Path) else list(source)
    found, notes = without_results(find(sources), sources)
    if not found:
        raise InputError("Nothing to read: give files or folders.")
    files = [(path.absolute(), group) for path, group in found]
    return files, list(cut(files)), notes


def _counted(
    results: Generator[One, None, None], shards: Sequence[Files], stage: str, report: Progress
) -> Iterator[One]:
    total, done = sum(map(len, shards)), 0
    with closing(results):
        for shard, result in zip(shards, results, strict=True):
            done += len(shard)
            report(stage, done, total)
            yield result


def _mean(encoded: Sequence[Encoded], model: Model) -> Proba:
    total = np.sum([shard.total for shard in encoded], axis=0)
    return mean_of_sum(total, sum(shard.count for shard in encoded), model.mean)


def _second(
    encoded: Sequence[Encoded], output: Path, what: Loading, mean: Proba
) -> Iterator[PartTask]:
    """Tasks of the second pass: one for each shard in which somebody says something."""
    taken: dict[str, int] = {}
    for number, shard in enumerate(encoded):
        names = tuple(
            tuple((name, unique_name(name, taken)) for name in one.transcripts)
            for one in shard.found
        )
        if shard.count:
            yield PartTask(number, output, shard.name, names, mean, what)


def _result(
    output: Path,
    model: str,
    encoded: Sequence[Encoded],
    parts: Sequence[Part],
    notes: Sequence[str],
) -> Corpus:
    found = [one for shard in encoded for one in shard.found]
    decisions: Counter[str] = Counter()
    domains: Counter[str] = Counter()
    for part in parts:
        for decision, domain, count in part.counts:
            decisions[decision] += count
            domains[domain] += count * (decision == "suggest")
    return Corpus(
        path=output,
        model=model,
        transcripts=sum(len(one.transcripts) for one in found),
        utterances=sum(part.rows for part in parts),
        decisions={name: decisions[name] for name in DECISIONS},
        domains={name: domains[name] for name in DOMAINS},
        failures=tuple(one.failure for one in found if one.failure),
        notes=(*notes, *(note for one in found for note in one.notes)),
        identifiers=Flags(tuple(flag for one in found for flag in one.identifiers)),
        written=sum(part.fresh for part in parts),
    )


def _facts(
    result: Corpus,
    what: Loading,
    files: Sequence[tuple[Path, str | None]],
    encoded: Sequence[Encoded],
    parts: Sequence[Part],
) -> dict[str, Any]:
    """Give what the manifest says: files by path and hash, never what was said in them."""
    found = (one for shard in encoded for one in shard.found)
    return {
        "model": what.id,
        "encoder": what.mark,
        "codebook": TDF_CODEBOOK.hash,
        "transcripts": result.transcripts,
        "utterances": result.utterances,
        "decisions": result.decisions,
        "parts": [{"file": part.name, "utterances": part.rows} for part in parts],
        "files": [
            _entry(path, group, one) for (path, group), one in zip(files, found, strict=True)
        ],
        "notes": result.notes,
    }


def _entry(path: Path, group: str | None, found: Found) -> dict[str, Any]:
    entry = {"file": str(path), "sha256": found.sha256, "transcripts": len(found.transcripts)}
    return (
        entry
        | ({"group": group} if group else {})
        | ({"failure": found.failure} if found.failure else {})
    )
