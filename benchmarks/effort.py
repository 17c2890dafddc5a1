"""How many answers the queue and the shipped model save: ``python -m benchmarks effort``.

Whole gold-coded studies are coded in simulation, over and over with other people held out.
``--seeds N`` makes a small run; ``--tables`` only writes the last run's tables and picture anew.
Real quotes are measured where they are there; no text is ever printed.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tdfnlp.items import base_weights, soft_targets
from tdfnlp.model import Model
from tdfnlp.strategies import NAMES
from tdfnlp.thresholds import calibrate

from . import effort_page
from .exams import Exam, invented_exams, real_exams, split
from .ladder import by_study, ours
from .queries import peers
from .report import RESULTS, keep
from .simulation import Course, Way, simulate
from .studies import Study, study
from .summary import RANDOM, summarise, verdicts

SEEDS = 20
AUDIT = 0.2  # as the product does
CHECKED = tuple(Way("shipped", name, AUDIT) for name in ("mixed", RANDOM))
"""Ways whose thresholds are tried, too."""
_SMALLEST = 50
"""Passages of a paper under which nothing is left to hold out."""


@dataclass(frozen=True, slots=True)
class _Task:
    study: Study
    ways: tuple[Way, ...]
    seed: int


def main(arguments: Sequence[str]) -> None:
    """Simulate, summarise, keep figures, picture and tables."""
    if "--tables" not in arguments:
        seeds = int(arguments[arguments.index("--seeds") + 1]) if "--seeds" in arguments else SEEDS
        keep("effort", _run(seeds))
    effort_page.write(json.loads((RESULTS / "effort.json").read_text("utf-8")))


def _run(seeds: int) -> dict[str, Any]:
    started = time.perf_counter()
    studies = _studies()
    found: Found = {one.name: {} for one in studies}
    tasks = [_Task(one, every_way(), seed) for seed in range(seeds) for one in studies]
    for number, (task, courses) in enumerate(zip(tasks, _each(tasks), strict=True), start=1):
        for way, course in courses.items():
            found[task.study.name].setdefault(way, []).append(course)
        seconds = time.perf_counter() - started
        done = f"{number}/{len(tasks)}: {task.study.name}, seed {task.seed}"
        print(f"{done} ({seconds:.0f} s)", flush=True)
    return results(studies, found) | {"seconds": round(time.perf_counter() - started)}


Found = dict[str, dict[Way, list[Course]]]
"""Study to way to how it went, by seed."""


def results(studies: Sequence[Study], found: Found) -> dict[str, Any]:
    """Sum up all studies."""
    invented = [found[one.name] for one in studies if not _is_real(one)]
    return {
        "seeds": len(next(iter(invented[0].values()))),
        "model": studies[0].model.id,
        "audit": AUDIT,
        "peers": list(peers()),
        "studies": {one.name: _facts(one) | summarise(found[one.name]) for one in studies},
        "verdicts": verdicts(invented),
    }


def every_way() -> tuple[Way, ...]:
    """List the ways: ours with and without the audit, others without; from both starts."""
    starts = ("shipped", "nothing")
    own = [Way(start, name, share) for start in starts for share in (AUDIT, 0) for name in NAMES]
    return (*own, *(Way(start, name, 0) for start in starts for name in peers()))


def _studies() -> list[Study]:
    model = Model.load()
    encoder = model.load_encoder()
    corpus = split()[1]
    print(f"Encoding {len(corpus.items)} items of unseen topics and the studies", flush=True)
    proba = by_study(ours(encoder, model)([]), corpus.items)
    weights = base_weights(soft_targets(corpus.items))
    surer = calibrate(proba, corpus.truth, weights=weights, precision=0.9)
    real = [one for one in real_exams() if len(one.items) >= _SMALLEST]
    if not real:
        print("No ../shared/evaluation here: figures on invented studies only.")
    exams: list[Exam] = [*invented_exams(), *real]
    return [study(one, model, encoder, surer) for one in exams]


def _is_real(study: Study) -> bool:
    return ":" in study.name


def _facts(study: Study) -> dict[str, Any]:
    """Count; passages whose speaker is not known are each held out by themselves."""
    return {
        "real": _is_real(study),
        "passages": len(study.rows),
        "coded": int(study.truth.any(axis=1).sum()),
        "people": None if _is_real(study) else len(set(study.people.tolist())),
    }


def _each(tasks: Sequence[_Task]) -> Iterator[dict[Way, Course]]:
    """Work the tasks off on all cores, one thread each, in order."""
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=-1, return_as="generator")
        yield from parallel(delayed(_work)(task) for task in tasks)


def _work(task: _Task) -> dict[Way, Course]:
    others = peers()
    return {
        way: simulate(
            task.study,
            way,
            task.seed,
            others.get(way.strategy),
            checked=way in CHECKED,
        )
        for way in task.ways
    }
