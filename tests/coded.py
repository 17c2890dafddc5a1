"""Small coded studies, made without a model: vectors are arrays. All talk is invented."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tdfnlp.coding import Decision
from tdfnlp.framework import DOMAINS, VALENCES, Valence
from tdfnlp.predictions import Predictions
from tdfnlp.store import Given, Label, Run, Store
from tdfnlp.transcript import Transcript, Turn, Utterance


@dataclass(frozen=True)
class Interview:
    name: str
    said: Sequence[str]
    speaker: str | None = None
    group: str | None = None


def put(store: Store, *interviews: Interview) -> list[int]:
    """Add interviews, one utterance a sentence; gives the numbers of all, in order."""
    for one in interviews:
        text, turns, spans = "", [], []
        for words in one.said:
            spans.append((len(text), len(text) + len(words)))
            turns.append(Turn(*spans[-1], one.speaker, "participant"))
            text += words + "\n"
        source = Transcript(one.name, text, tuple(turns), one.group)
        units = [
            Utterance(one.name, start, end, text[start:end], place, one.speaker)
            for place, (start, end) in enumerate(spans)
        ]
        store.add_transcripts([source], units)
    return [one.id for one in store.units()]


def suggest(store: Store, vectors: npt.NDArray[np.float32]) -> int:
    """Add a run that suggests Knowledge, a barrier, for everything."""
    numbers = [one.id for one in store.units()]
    proba = np.zeros((len(numbers), len(DOMAINS) + 1), dtype=np.float32)
    proba[:, 0] = 1
    directions = np.zeros((len(numbers), len(DOMAINS), len(VALENCES)), dtype=np.float32)
    directions[:, :, 0] = 1
    thresholds: dict[str, object] = {"suggest": [0.5] * len(DOMAINS), "ask": 0.4}
    facts: dict[str, object] = {"items_per_domain": dict.fromkeys(DOMAINS, 7)}
    run = Run(0, "invented-0123", "encoder@abc", "f" * 64, thresholds, facts)
    decisions: list[Decision] = ["suggest" for _ in numbers]
    said = Predictions(proba, directions, tuple(decisions), vectors)
    return store.add_run(run, numbers, said)


def code(
    store: Store,
    coder: str,
    codes: Mapping[int, Sequence[tuple[str, Valence | None]]],
    *,
    run: int | None = None,
) -> None:
    """Answer with domains and directions; none of them is "none"."""
    answer(
        store,
        coder,
        {
            number: [Label((domain,), domain, valence) for domain, valence in some]
            for number, some in codes.items()
        },
        run=run,
    )


def answer(
    store: Store, coder: str, labels: Mapping[int, Sequence[Label]], *, run: int | None = None
) -> None:
    """Answer with any labels."""
    given = [
        Given(number, tuple(some), token=f"{coder}/{number}/{len(store.record())}", run=run)
        for number, some in labels.items()
    ]
    store.answer(coder, *given)


def around(
    places: Sequence[int], *, width: int = 8, spread: float = 0.1
) -> npt.NDArray[np.float32]:
    """Vectors near the unit vectors of given places, different from each other."""
    rng = np.random.default_rng(0)
    points = np.eye(width)[list(places)] + spread * rng.normal(size=(len(places), width))
    return np.asarray(points, dtype=np.float32)
