"""A tiny model, and invented corpora of any size for it."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from test_tuning import DIRECTIONS, SIGNS, THINGS, tiny_bert

from tdfnlp.classifier import Head
from tdfnlp.embedding import Encoder
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.model import ENCODER, Model, encoder_facts
from tdfnlp.thresholds import Thresholds

WORDS = " ".join([*SIGNS.values(), *THINGS.values(), *DIRECTIONS.values()]).split()
WIDTH = 32


def tiny_model(folder: Path) -> Model:
    """Save a model with random heads that brings its own random encoder."""
    encoder = Encoder.load(tiny_bert(folder / ENCODER), cache=False)
    rng = np.random.default_rng(0)
    n, v = len(DOMAINS), len(VALENCES)
    model = Model(
        name=folder.name,
        domain_head=Head(rng.normal(0, 9, (n + 1, 2 * WIDTH)), np.zeros(n + 1)),
        valence_head=Head(rng.normal(0, 9, (v, 2 * WIDTH + n)), np.zeros(v)),
        mean=rng.normal(0, 0.1, WIDTH),
        question_mean=rng.normal(0, 0.1, WIDTH),
        thresholds=Thresholds(0.8, (0.5,) * n, 0.9),
        encoder={},
        facts={},
    )
    return replace(model, encoder=encoder_facts(encoder)).save(folder)


def interview(seed: int, turns: int = 4) -> str:
    """Invent a transcript: questions and answers of the words that the tiny encoder knows."""
    rng = random.Random(seed)
    said = [
        f"Interviewer: {' '.join(rng.choices(WORDS, k=5))}?\n"
        f"P{seed}: {' '.join(rng.choices(WORDS, k=rng.randint(1, 12)))}.\n"
        for _ in range(turns)
    ]
    return "".join(said)


def write_corpus(folder: Path, count: int, turns: int = 4) -> Path:
    """Write transcripts into two groups; every name is there twice."""
    for number in range(count):
        place = folder / ("north" if number % 2 else "south")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"P{number // 2}.txt").write_text(interview(number, turns), "utf-8")
    return folder


def table(path: Path) -> pa.Table:
    """Read suggestions, a file or a folder of parts, as anyone would."""
    return pq.read_table(path)


def names(output: Path) -> set[str]:
    """Name all that a run left."""
    return {str(file.relative_to(output)) for file in output.rglob("*") if file.is_file()}
