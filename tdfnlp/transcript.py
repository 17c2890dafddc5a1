"""Transcripts, their turns and their utterances: text with code-point offsets.

Positions are Unicode code points, first is 0, half-open, as Python slices. For every turn and
every utterance ``transcript.text[x.start:x.end]`` is its text, exactly.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

Role = Literal["interviewer", "participant", "unknown"]
ROLES: tuple[Role, ...] = ("interviewer", "participant", "unknown")


@dataclass(frozen=True, slots=True)
class Turn:
    """Uninterrupted speech of one speaker.

    Attributes
    ----------
    start, end : int
        Span of the spoken text in ``Transcript.text``, without the speaker's label and without
        white space around it.
    speaker : str or None
        The speaker's label as the source has it, None where the source names nobody.
    role : {"interviewer", "participant", "unknown"}
        Interviewer turns are context and are never coded. "unknown" turns are coded.
    begins, ends : float or None
        Time stamps in seconds, where the source has them.
    """

    start: int
    end: int
    speaker: str | None = None
    role: Role = "unknown"
    begins: float | None = None
    ends: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """One source: its exact text and its turns in order.

    Attributes
    ----------
    id : str
        The source's name, unique in a study (the file's stem, or the name a project gives it).
    text : str
        The text that all offsets point into.
    turns : tuple of Turn
        In order, never overlapping.
    group : str or None
        Participant group, where the source, its folder or a table names one.
    source : str or None
        The file it was read from.
    attributes : tuple of (str, str)
        What the source knows of the person or the interview: variable and value, in its order.
    guid : str
        Its identifier in a REFI-QDA project, "" elsewhere.
    """

    id: str
    text: str
    turns: tuple[Turn, ...]
    group: str | None = None
    source: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    guid: str = ""

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Utterance:
    """The unit that gets a label: a stretch of one turn.

    Attributes
    ----------
    transcript : str
        ``Transcript.id``.
    start, end : int
        Span in ``Transcript.text``; ``text`` is that slice.
    text : str
        The words themselves.
    turn : int
        Position of its turn in ``Transcript.turns``.
    speaker, role, group, begins
        As in the turn and its transcript.
    question : str
        The last substantial interviewer turn before it, "" where there is none.
    """

    transcript: str
    start: int
    end: int
    text: str
    turn: int
    speaker: str | None = None
    role: Role = "unknown"
    group: str | None = None
    begins: float | None = None
    question: str = ""
