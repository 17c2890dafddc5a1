"""What a study file holds, as values: answers, runs, settings, the pool of the queue."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..framework import Valence
from ..transcript import Utterance

Verdict = Literal["accept", "correct", "code", "none", "skip", "undo"]
"""accept: the suggested domain as it was; correct: others; code: without having seen one; none: no
code applies; skip: not decided; undo: takes the coder's earlier answer back."""

How = Literal["page", "blind audit", "imported", "adjudication"]


@dataclass(frozen=True, slots=True)
class Label:
    """A code on an utterance, with its direction.

    Attributes
    ----------
    code : tuple of str
        Path; a domain alone is ``("Knowledge",)``.
    domain : str or None
        TDF domain of that code, None outside the framework.
    valence : {"barrier", "facilitator", "mixed", "neutral"} or None
    """

    code: tuple[str, ...]
    domain: str | None
    valence: Valence | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of the append-only record of what a coder said.

    Attributes
    ----------
    id, token : int, str
        Number in the file; key by which a repeated request is known.
    utterance : int
    coder : str
    verdict : str
        One of ``Verdict``.
    labels : tuple of Label
        Empty for none, skip and undo.
    note : str
    how : {"page", "blind audit", "imported", "adjudication"}
    run : int or None
        Whose suggestion was shown, None where none was.
    strategy : str
        Which query strategy put the question ("audit", "margin", ...), "chosen" where the coder
        went to it.
    probability : float or None
        Chance that a passage of the study came into the audit by then; None for others.
    undoes : int or None
        The answer that an undo takes back.
    when : str
        ISO 8601, UTC.
    """

    id: int
    token: str
    utterance: int
    coder: str
    verdict: Verdict
    labels: tuple[Label, ...] = ()
    note: str = ""
    how: How = "page"
    run: int | None = None
    strategy: str = "chosen"
    probability: float | None = None
    undoes: int | None = None
    when: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An utterance handed to a coder.

    Attributes
    ----------
    utterance : int
    slot : int
        0, or 1 for the second coder of a double-coded one.
    coder : str
    blind : bool
        No suggestion is shown before the coder's own answer.
    strategy : str
    probability : float or None
        As in ``Answer``.
    until : str
        ISO 8601, UTC: when an unanswered one may go to somebody else.
    answered : bool
    """

    utterance: int
    slot: int
    coder: str
    blind: bool
    strategy: str
    probability: float | None
    until: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One model's suggestions for (part of) the study.

    Attributes
    ----------
    id : int
        0 for one not in a file yet.
    model : str
        ``Model.id``.
    encoder : str
        Fingerprint of the encoder.
    codebook : str
        Hash of the codebook.
    thresholds, facts : dict
        As the model has them.
    made : str
        ISO 8601, UTC.
    """

    id: int
    model: str
    encoder: str
    codebook: str
    thresholds: dict[str, object]
    facts: dict[str, object]
    made: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The whole study as arrays, row by row in the order of the utterances: what a queue reads.

    Attributes
    ----------
    ids : array of int, shape (n,)
        Utterance ids.
    transcripts : array of int, shape (n,)
        Transcript ids.
    chances : array of float, shape (n,)
        Uniform in [0, 1), fixed for each utterance.
    proba : array, shape (n, 15)
        Of the run; rows of zeros for utterances without a suggestion.
    decisions : array of str, shape (n,)
        "" for utterances without a suggestion.
    """

    ids: npt.NDArray[np.int64]
    transcripts: npt.NDArray[np.int64]
    chances: npt.NDArray[np.float64]
    proba: npt.NDArray[np.float32]
    decisions: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a study is coded; fixed for the study, in its file.

    Attributes
    ----------
    audit_share : float
        Share of questions that are random and blind, 0 to 1.
    double_share : float
        Share of utterances that a second coder gets too.
    lease_minutes : float
        How long a question stays with the coder who got it.
    seed : int
        Of the utterances' chances.
    """

    audit_share: float = 0.2
    double_share: float = 0.1
    lease_minutes: float = 30.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """A model that was chosen for a study.

    Attributes
    ----------
    model : str
        ``Model.id``.
    folder : str
        Where it lay, or a shipped model's name.
    when : str
        ISO 8601, UTC.
    """

    model: str
    folder: str
    when: str


@dataclass(frozen=True, slots=True)
class Added:
    """What ``Store.add_transcripts`` did: how many were new, and how many were there already."""

    new: int
    known: int


@dataclass(frozen=True, slots=True)
class Unit:
    """An utterance of the study, by its number.

    Attributes
    ----------
    id : int
    utterance : Utterance
    """

    id: int
    utterance: Utterance


def code_key(path: tuple[str, ...]) -> str:
    """Spell a code's path so that it can be compared in the database."""
    return "\x1f".join(path)
