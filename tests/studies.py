"""Small invented studies in a store, for tests."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tdfnlp.codebook import Code
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.predictions import OwnCodes, Predictions
from tdfnlp.store import Run, Store
from tdfnlp.transcript import Transcript, Turn, Utterance

CUTS = [0.5] * len(DOMAINS)


def talk(name: str, sentences: Sequence[str], group: str | None = None) -> Transcript:
    """A transcript with an interviewer's turn before each sentence of P."""
    text, turns = "", []
    for sentence in sentences:
        for speaker, said in (("I", "How is that for you?"), ("P", sentence)):
            role = "interviewer" if speaker == "I" else "participant"
            start = len(text) + 3
            turns.append(Turn(start, start + len(said), speaker, role))  # type: ignore[arg-type]
            text += f"{speaker}: {said}\n"
    return Transcript(name, text, tuple(turns), group)


def many(store: Store, number: int) -> list[int]:
    """Fill a store with so many utterances, a hundred to a transcript."""
    for first in range(0, number, 100):
        count = min(100, number - first)
        text = "ab cd " * count
        turns = tuple(Turn(6 * at, 6 * at + 5, "P", "participant") for at in range(count))
        one = Transcript(f"T{first}", text, turns)
        units = [Utterance(one.id, t.start, t.end, "ab cd", at) for at, t in enumerate(turns)]
        store.add_transcripts([one], units)
    return [one.id for one in store.units()]


def predictions(firsts: Iterable[str], decision: str = "suggest", width: int = 4) -> Predictions:
    """Predictions with a given first domain, all barriers."""
    firsts = list(firsts)
    proba = np.full((len(firsts), len(DOMAINS) + 1), 0.02, dtype=np.float32)
    for row, domain in enumerate(firsts):
        proba[row, DOMAINS.index(domain)] = 0.7
    valences = np.zeros((len(firsts), len(DOMAINS), len(VALENCES)), dtype=np.float32)
    valences[:, :, VALENCES.index("barrier")] = 1
    vectors = np.eye(len(firsts), width, dtype=np.float32)
    return Predictions(proba, valences, (decision,) * len(firsts), vectors)  # type: ignore[arg-type]


def run_of(model: str = "m-1", encoder: str = "e") -> Run:
    """A run that is not in a store yet."""
    return Run(0, model, encoder, "c", {"suggest": CUTS}, {"trained": 3})


CHILD = Code(("Knowledge", "does not know the criteria"), "Knowledge")
CULTURE = Code(("Inner setting", "Culture"))


def with_own(
    found: Predictions, rows: Sequence[Sequence[float]], cuts: Sequence[float] = (0.5, 0.5)
) -> Predictions:
    """Predictions that also rank two codes of the study: one under a domain, one of none."""
    return replace(found, own=OwnCodes((CHILD, CULTURE), np.array(rows), tuple(cuts)))
