"""Codebooks: the codes of a study and the TDF domain of each."""

import hashlib
import json
from dataclasses import dataclass

from .framework import TDF, Valence


@dataclass(frozen=True, slots=True)
class Code:
    """One code.

    Attributes
    ----------
    path : tuple of str
        Names from the outermost code to this one.
    domain : str or None
        Its TDF domain, None for a code outside the framework.
    definition : str
        When to use it.
    valence : {"barrier", "facilitator", "mixed", "neutral"} or None
        Direction that the code itself stands for, None where it has none.
    guid : str
        Its identifier in a REFI-QDA file, "" elsewhere.
    colour : str
        ``#RRGGBB``, "" for none.
    codable : bool
        False for a mere folder of codes.
    """

    path: tuple[str, ...]
    domain: str | None = None
    definition: str = ""
    valence: Valence | None = None
    guid: str = ""
    colour: str = ""
    codable: bool = True


@dataclass(frozen=True, slots=True)
class Codebook:
    """The codes of a study, in order.

    Examples
    --------
    >>> len(TDF_CODEBOOK.codes), TDF_CODEBOOK.hash[:8] == Codebook(TDF_CODEBOOK.codes).hash[:8]
    (14, True)
    """

    codes: tuple[Code, ...]

    @property
    def hash(self) -> str:
        """SHA-256 over paths and domains: rewording a definition keeps it."""
        parts = [[list(code.path), code.domain] for code in self.codes]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


TDF_CODEBOOK = Codebook(
    tuple(Code((domain.name,), domain.name, domain.definition) for domain in TDF)
)
"""Version 2 of the framework, one code a domain."""
