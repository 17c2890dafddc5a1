"""Test sets: topics kept from fitting, whole invented interviews, and real quotes.

Real quotes coded by published authors are read from ``../shared/evaluation`` where that folder is
there; they are measured only, never trained on. All other text is invented.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tdfnlp.formats import find, read
from tdfnlp.framework import DOMAINS
from tdfnlp.items import Item, domain_labels, is_unseen, item_files, read_items
from tdfnlp.segmentation import is_substantial
from tdfnlp.transcript import Transcript

from .report import ROOT

EVALUATION = ROOT.parent / "shared" / "evaluation"
DATA = ROOT / "training_data"

Kind = Literal["unseen topics", "interviews", "real quotes"]
FEWEST = 10
"""Quotes of a paper under which it is not a set of its own: left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """A test set.

    Attributes
    ----------
    name : str
    kind : str
        What it is pooled with for the curves.
    items : tuple of Item
        An item's topic is its study, which is predicted as a whole.
    groups : tuple of str
        Per item; resampled whole for the intervals.
    truth : array of bool, shape (n, 14)
    first : array of int, shape (n,)
        Place of the first label in ``DOMAINS``, -1 for talk outside the framework.
    """

    name: str
    kind: Kind
    items: tuple[Item, ...]
    groups: tuple[str, ...]
    truth: npt.NDArray[np.bool_]
    first: npt.NDArray[np.intp]

    @property
    def coded(self) -> npt.NDArray[np.bool_]:
        """Which items have a domain, shape (n,)."""
        return self.first >= 0


def exam(name: str, kind: Kind, items: Sequence[Item], groups: Sequence[str]) -> Exam:
    """Make a test set out of coded items."""
    first = [DOMAINS.index(item.domains[0][0]) if item.domains else -1 for item in items]
    return Exam(name, kind, tuple(items), tuple(groups), domain_labels(items), np.array(first))


def split() -> tuple[list[Item], Exam]:
    """Items to fit on, and the topics that neither encoder nor head of a shipped model saw."""
    items = [item for file in item_files(DATA) for item in read_items(file)]
    kept = [item for item in items if is_unseen(item.topic)]
    topics = [item.topic for item in kept]
    seen = [item for item in items if not is_unseen(item.topic)]
    return seen, exam("corpus, unseen topics", "unseen topics", kept, topics)


def real_exams() -> list[Exam]:
    """Build one test set per paper in the evaluation folder; none where it is not there."""
    papers: dict[str, list[Item]] = {}
    for file in sorted(EVALUATION.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            valence = record.get("valence", "neutral")
            domains = tuple((domain, valence) for domain in record["domains"])
            name = f"{file.stem}: {record['paper']}"
            papers.setdefault(name, []).append(
                Item(record["id"], name, record["text"], "", domains)
            )
    return [
        exam(name, "real quotes", items, [item.id for item in items])
        for name, items in papers.items()
        if len(items) >= FEWEST
    ]


def invented_exams() -> list[Exam]:
    """Build the two sets of whole invented interviews, each passage with its question."""
    sample, others = DATA / "sample_study", DATA / "interviews"
    return [
        _interview_exam("sample study", sample / "gold.jsonl", sample / "interviews"),
        _interview_exam("12 interviews", others / "gold.jsonl", others / "transcripts"),
    ]


def _interview_exam(name: str, gold_file: Path, folder: Path) -> Exam:
    """Resampled by person; the sample study is one study, the other interviews one each."""
    gold = [json.loads(line) for line in gold_file.read_text("utf-8").splitlines()]
    transcripts = {one.id: one for file, _ in find([folder]) for one in read(file).transcripts}
    items = []
    for number, record in enumerate(gold):
        asked = _question(transcripts[record["transcript"]], record["start"])
        topic = name if name == "sample study" else record["transcript"]
        domains = tuple(record["domains"].items())
        items.append(Item(str(number), topic, record["text"], asked, domains))
    return exam(name, "interviews", items, [record["transcript"] for record in gold])


def _question(transcript: Transcript, start: int) -> str:
    """Find the last substantial thing that the interviewer said before a passage."""
    asked = ""
    for turn in transcript.turns:
        said = transcript.text[turn.start : turn.end]
        if turn.start > start:
            break
        if turn.role == "interviewer" and is_substantial(said):
            asked = said
    return asked


def pools(exams: Sequence[Exam]) -> list[Exam]:
    """Put the sets of each kind together, in their order."""
    kinds: dict[Kind, list[Exam]] = {}
    for one in exams:
        kinds.setdefault(one.kind, []).append(one)
    return [
        exam(
            kind,
            kind,
            [item for one in some for item in one.items],
            [group for one in some for group in one.groups],
        )
        for kind, some in kinds.items()
    ]
