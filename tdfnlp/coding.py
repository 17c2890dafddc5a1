"""Codings that people made, suggestions that a model makes, and the study that holds them."""

from dataclasses import dataclass
from typing import Literal

from .codebook import Code
from .framework import Valence
from .transcript import Transcript, Utterance

Decision = Literal["suggest", "ask", "abstain"]
DECISIONS: tuple[Decision, ...] = ("suggest", "ask", "abstain")


@dataclass(frozen=True, slots=True)
class Coding:
    """A coder applied a code to a span.

    Attributes
    ----------
    transcript : str
        ``Transcript.id``.
    start, end : int
        Span in ``Transcript.text``, code points, half-open.
    code : tuple of str
        The code's path, outermost first: ``("Knowledge", "does not know the criteria")``.
    coder : str
        Who applied it, "" where the source does not say.
    valence : {"barrier", "facilitator", "mixed", "neutral"} or None
        Direction, None where the source does not say.
    how : str
        Where it comes from: "imported", "page", "blind audit", or "suggested" by a machine.
    when : str
        Date and time in ISO 8601, "" where the source does not say.
    guid : str
        Its identifier in a REFI-QDA project, "" elsewhere.
    note : str
        What the coder wrote on it.
    """

    transcript: str
    start: int
    end: int
    code: tuple[str, ...]
    coder: str = ""
    valence: Valence | None = None
    how: str = "imported"
    when: str = ""
    guid: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a model proposes for one utterance.

    Attributes
    ----------
    utterance : Utterance
        What it is about.
    domains : tuple of str
        The three most probable domains, most probable first, whatever the decision.
    confidences : tuple of float
        Calibrated probability of each of ``domains``, 0 to 1.
    valences : tuple of str
        Most probable valence of each of ``domains``, given that domain.
    valence_confidences : tuple of float
        Calibrated probability of each of ``valences``, 0 to 1.
    decision : {"suggest", "ask", "abstain"}
        "suggest": confident enough to propose; "ask": a person should look; "abstain": nothing
        to propose.
    model : str
        Id of the model that said so.
    threshold : float
        Confidence from which the first domain is suggested.
    code : tuple of str
        Path of the most probable of the study's own codes, () where the model knows none.
    code_confidence : float
        Calibrated probability of ``code``, 0 to 1.
    code_suggested : bool
        Whether that is enough to propose it.
    """

    utterance: Utterance
    domains: tuple[str, ...]
    confidences: tuple[float, ...]
    valences: tuple[Valence, ...]
    valence_confidences: tuple[float, ...]
    decision: Decision
    model: str
    threshold: float = 1.0
    code: tuple[str, ...] = ()
    code_confidence: float = 0.0
    code_suggested: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """What was read from one or several sources.

    Attributes
    ----------
    transcripts : tuple of Transcript
        In the order of the sources; ids are unique.
    codings : tuple of Coding
        Codes that people already applied, empty for plain transcripts.
    notes : tuple of str
        What the reading could not carry or had to guess, one sentence each, no transcript text.
    codes : tuple of Code
        Every code that the sources define, used or not, outermost before innermost.
    excerpts : bool
        Whether the transcripts are only the coded passages of longer ones.
    """

    transcripts: tuple[Transcript, ...]
    codings: tuple[Coding, ...] = ()
    notes: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    excerpts: bool = False
