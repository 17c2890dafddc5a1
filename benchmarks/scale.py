"""What a corpus costs: one worker and two, joblib and Dask, and what ten million utterances would.

Each run is a process of its own over an invented corpus, from nothing to a complete folder, so that
starting and loading count. ``python -m benchmarks scale`` measures 1,000 and 10,000 utterances;
``python -m benchmarks scale 100000`` goes up to that.
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import joblib
import psutil

from tdfnlp.corpus import suggest_corpus
from tdfnlp.engine import cpu_count

from .report import ROOT, keep, print_table
from .speed import make_texts

SIZES = (1_000, 10_000, 100_000)
EACH = 90
"""Utterances a transcript, about those of an hour's interview."""
WAYS = (("joblib", 1), ("joblib", 2), ("dask", 2))
"""One worker of Dask's would be none: joblib then works in the process that calls it."""

MODEL = "fast"
"""The default takes some six times as long an utterance, which says nothing more of the rest."""

TARGET = 10_000_000
DOLLARS = 0.04
"""Assumed price of one rented core for an hour, in US dollars; put your own in its place."""


def make_corpus(folder: Path, utterances: int) -> Path:
    """Write transcripts whose participants speak as in the sample study, no two alike."""
    texts = make_texts(utterances)
    rng = random.Random(0)  # noqa: S311
    for number, begin in enumerate(range(0, utterances, EACH)):
        turns = [
            f"I: What about number {rng.randrange(40)}, then?\nP: {text}\n"
            for text in texts[begin : begin + EACH]
        ]
        place = folder / f"site {number % 20}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"P{number:05d}.txt").write_text("\n".join(turns), "utf-8")
    return folder


def run(way: str, workers: int, source: Path, output: Path) -> dict[str, Any]:
    """Run over a corpus in a process of its own, and watch its memory."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.scale",
        way,
        str(workers),
        str(source),
        str(output),
    ]
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    peaks: dict[int, float] = {}
    watch = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peaks))
    watch.start()
    said, _ = process.communicate()
    seconds = time.perf_counter() - begin
    watch.join()
    if process.returncode:
        raise RuntimeError(f"The run with {workers} workers of {way} ended badly.")
    return {
        "way": way,
        "workers": workers,
        "seconds": round(seconds, 1),
        "driver_mb": round(peaks.pop(process.pid, 0.0)),
        "worker_mb": round(max(peaks.values(), default=0.0)),
        "output_mb": round(sum(f.stat().st_size for f in output.glob("part-*")) / 1e6, 1),
        "vectors_mb": round(sum(f.stat().st_size for f in output.rglob("*.npz")) / 1e6, 1),
        **json.loads(said.splitlines()[-1]),
    }


def _watch(process: psutil.Process, peaks: dict[int, float]) -> None:
    """Note the most memory that a process and its children have had, in MB."""
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            for one in [process, *process.children(recursive=True)]:
                peaks[one.pid] = max(peaks.get(one.pid, 0.0), one.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.1)


def work(way: str, workers: int, source: str, output: str) -> None:
    """Be that process: run, and print how long what took."""
    marks: dict[str, float] = {}

    def mark(stage: str, _done: int, _total: int) -> None:
        marks.setdefault(stage, time.perf_counter())
        marks[stage + " end"] = time.perf_counter()

    begin = time.perf_counter()
    if way == "dask":
        dask: Any = import_module("distributed")
        with (
            dask.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            dask.Client(cluster),
            joblib.parallel_config(backend="dask"),
        ):
            begin = time.perf_counter()
            result = suggest_corpus(source, output, model=MODEL, progress=mark)
    else:
        result = suggest_corpus(source, output, model=MODEL, n_jobs=workers, progress=mark)
    facts = {
        "utterances": result.utterances,
        "first_pass": round(marks["Encoding end"] - begin, 2),
        "second_pass": round(marks["Writing end"] - marks["Encoding end"], 2),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def extend(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Extend to TARGET utterances: what a run costs at once, and what each utterance adds.

    Assumes that time grows in proportion (the two largest sizes give the slope), that cores are
    like these and a disk keeps up with them all, and that nothing is lost to scheduling.
    """
    best = [one for one in runs if one["way"] == "joblib" and one["workers"] == 1]
    small, large = sorted(best, key=lambda one: int(one["utterances"]))[-2:]
    more = large["utterances"] - small["utterances"]
    slope = (large["seconds"] - small["seconds"]) / more
    hours = TARGET * slope * cpu_count() / 3600
    return {
        "utterances": TARGET,
        "seconds_at_once": round(small["seconds"] - slope * small["utterances"], 1),
        "utterances_a_core_hour": round(3600 / slope / cpu_count()),
        "core_hours": round(hours, 1),
        "hours_on_cores": {str(cores): round(hours / cores, 2) for cores in (2, 16, 64, 256)},
        "dollars": round(hours * DOLLARS, 2),
        "output_gb": round(large["output_mb"] / large["utterances"] * TARGET / 1e3, 1),
        "vectors_gb": round(large["vectors_mb"] / large["utterances"] * TARGET / 1e3, 1),
    }


def main(arguments: Sequence[str]) -> None:
    """Run everything; argument: how many utterances at most."""
    largest = int(arguments[0]) if arguments else SIZES[1]
    runs = []
    with tempfile.TemporaryDirectory() as name:
        for size in (size for size in SIZES if size <= largest):
            source = make_corpus(Path(name) / str(size), size)
            for way, workers in WAYS:
                output = Path(name) / f"{size}-{way}-{workers}.parquet"
                runs.append({"asked": size, **run(way, workers, source, output)})
    columns = [*runs[0]][1:]
    print_table("Corpora", columns, [[str(one[column]) for column in columns] for one in runs])
    results: dict[str, Any] = {"runs": runs}
    if len({one["asked"] for one in runs}) > 1:
        results["extended"] = extend(runs)
        print(json.dumps(results["extended"], indent=1))
    keep("scale", results)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
