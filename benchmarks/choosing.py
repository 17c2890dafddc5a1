"""How long choosing takes: ``python -m benchmarks choosing [PASSAGES]``, 100,000 where left out.

The whole of ``next_questions`` in an open SQLite study: read the pool, choose ten, assign them.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tdfnlp.coding import Decision
from tdfnlp.framework import DOMAINS
from tdfnlp.predictions import Predictions
from tdfnlp.queue import advice, next_questions
from tdfnlp.store import Given, Label, Run, Store
from tdfnlp.strategies import NAMES
from tdfnlp.transcript import Transcript, Turn, Utterance

_EACH = 400  # passages of an interview
_ANSWERED = 2000


def main(arguments: Sequence[str]) -> None:
    """Print seconds by strategy, before and after 2,000 answers."""
    count = int(arguments[0]) if arguments else 100_000
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "study.db") as store:
        _fill(store, count)
        next_questions(store, coder="first", n=1, strategy="typical")  # imports, and a warm file
        print(f"{count} passages; seconds (of processor) for ten questions")
        _measure(store, "nothing answered")
        _answer(store)
        _measure(store, f"{_ANSWERED} answered")
        begun = time.perf_counter()
        advice(store)
        print(f"advice: {time.perf_counter() - begun:.2f}")


def _measure(store: Store, when: str) -> None:
    for name in NAMES:
        begun, worked = time.perf_counter(), time.process_time()
        next_questions(store, coder=f"{name}, {when}", n=10, strategy=name)
        took, work = time.perf_counter() - begun, time.process_time() - worked
        print(f"{when:18}{name:16}{took:6.2f} ({work:.2f})")


def _fill(store: Store, count: int) -> None:
    said = "words that make a passage as long as such passages are, about thirty of them or so"
    for number in range(count // _EACH):
        name = f"P{number}"
        lines = [f"{name} {place} {said}" for place in range(_EACH)]
        turns, units, start = [], [], 0
        for place, line in enumerate(lines):
            end = start + len(line)
            turns.append(Turn(start, end, name, "participant"))
            units.append(Utterance(name, start, end, line, place, name, "participant"))
            start = end + 1
        store.add_transcripts([Transcript(name, "\n".join(lines), tuple(turns))], units)
    ids = store.pool().ids.tolist()
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(15, 0.3), len(ids)).astype(np.float32)
    decisions: list[Decision] = ["abstain" if none > 0.6 else "ask" for none in proba[:, -1]]
    valences = np.full((len(ids), len(DOMAINS), 4), 0.25, dtype=np.float32)
    vectors = rng.normal(size=(len(ids), 384)).astype(np.float32)
    run = Run(0, "chance", "none", "none", {"suggest": [0.6] * len(DOMAINS)}, {})
    store.add_run(run, ids, Predictions(proba, valences, tuple(decisions), vectors))


def _answer(store: Store) -> None:
    given = [
        Given(number, (Label((domain,), domain),), token=str(number))
        for number in store.pool().ids[:: store.count() // _ANSWERED].tolist()
        for domain in [DOMAINS[number % len(DOMAINS)]]
    ]
    store.answer("somebody", *given)
