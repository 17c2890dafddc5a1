"""A small invented study, and an encoder and a model of a few numbers for it."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from tdfnlp.classifier import Floats, Head
from tdfnlp.embedding import Encoder, Fingerprint
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.lessons import Lesson, Lessons
from tdfnlp.model import Model, encoder_facts
from tdfnlp.thresholds import Thresholds

D = 48
CLUES = ("kettle", "ladder", "magnet", "nutmeg", "orchid", "pebble", "quiver")
"""One for each of the first seven domains."""
MARK = Fingerprint("toy", "ab" * 32, 64, "engine", "f32", "1")


class Words:
    """Adds up a random vector for each word."""

    dimension = D

    def run(self, texts: Sequence[str], out: Floats, progress: Callable[[int], object]) -> None:
        for row, text in enumerate(texts):
            total = sum((vector(word) for word in text.split()), np.zeros(D))
            out[row] = total / max(1e-9, float(np.linalg.norm(total)))
            progress(1)


def vector(word: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    seed = int(hashlib.sha256(word.encode()).hexdigest()[:8], 16)
    return np.random.default_rng(seed).normal(size=D)


def toy_encoder() -> Encoder:
    return Encoder(Words(), MARK, None)


def toy_model(*, knows: Sequence[int] = ()) -> Model:
    """A model that knows the clues of some domains and none of the others."""
    coef = np.zeros((len(DOMAINS) + 1, 2 * D))
    for place in knows:
        coef[place, :D] = 3 * vector(CLUES[place])
    return Model(
        name="toy",
        domain_head=Head(coef, np.zeros(len(coef)), 1.0),
        valence_head=Head(np.zeros((len(VALENCES), 2 * D + len(DOMAINS))), np.zeros(4)),
        mean=np.zeros(D),
        question_mean=np.zeros(D),
        thresholds=Thresholds(0.8, (0.6,) * len(DOMAINS), 0.2, 0.3),
        encoder=encoder_facts(toy_encoder()),
        facts={"items": 1},
    )


def toy_lesson(place: int, number: int, people: int = 10, *, when: str = "") -> Lesson:
    """A unit of a domain (a place in DOMAINS), or of none for -1."""
    rng = np.random.default_rng(number)
    filler = [f"word{n}" for n in rng.integers(30, size=3)]
    direction = VALENCES[number % 2]
    clue = CLUES[place] if place >= 0 else "weather"
    mood = ("never", "always")[number % 2]
    return Lesson(
        " ".join([clue, clue, mood, *filler]),
        "and how is that?" if number % 3 else "",
        f"P{number % people}",
        ((DOMAINS[place], direction),) if place >= 0 else (),
        audit=number % 5 == 0,
        when=when,
    )


def toy_lessons(n: int = 160, people: int = 10, domains: int = 4, *, when: str = "") -> Lessons:
    """Units dealt over some domains and none."""
    units = tuple(
        toy_lesson(number // people % (domains + 1) - 1, number, people, when=when)
        for number in range(n)
    )
    return Lessons(units, (tuple(one.text for one in units),))
