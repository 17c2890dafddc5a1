"""What a model says about utterances, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .coding import Decision
from .framework import VALENCES, Valence

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says about utterances, as arrays.

    Attributes
    ----------
    proba : array, shape (n, 15)
        Probability of each of ``DOMAINS``; none last.
    valences : array, shape (n, 14, 4)
        Probability of each of ``VALENCES`` given each domain.
    decisions : tuple of str
        "suggest", "ask" or "abstain", one a row.
    vectors : array, shape (n, d)
        The encoder's.
    """

    proba: Floats
    valences: Floats
    decisions: tuple[Decision, ...]
    vectors: npt.NDArray[np.float32]

    def valence(self, row: int, domain: int) -> Valence:
        """Most probable direction of a row, given a domain (a place in ``DOMAINS``)."""
        return VALENCES[int(self.valences[row, domain].argmax())]
