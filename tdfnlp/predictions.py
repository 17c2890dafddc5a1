"""What a model says about utterances, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .coding import Decision, Suggestion
from .framework import DOMAINS, VALENCES, Valence
from .transcript import Utterance

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

    def suggestions(
        self, utterances: Sequence[Utterance], model: str, thresholds: Sequence[float]
    ) -> list[Suggestion]:
        """Give each row as a suggestion: the three most probable domains with their directions.

        Parameters
        ----------
        utterances : sequence of Utterance, length n
        model : str
            ``Model.id``.
        thresholds : sequence of float
            Confidence from which each of ``DOMAINS`` is suggested.
        """
        ranked = np.argsort(-self.proba[:, :-1], axis=1, kind="stable")[:, :3]
        confidences = np.take_along_axis(self.proba, ranked, axis=1)
        directions = np.take_along_axis(self.valences, ranked[:, :, None], axis=1)
        valences, sure = directions.argmax(axis=2), directions.max(axis=2)
        return [
            Suggestion(
                utterance=utterance,
                domains=tuple(DOMAINS[place] for place in ranked[row]),
                confidences=tuple(confidences[row].tolist()),
                valences=tuple(VALENCES[place] for place in valences[row]),
                valence_confidences=tuple(sure[row].tolist()),
                decision=self.decisions[row],
                model=model,
                threshold=thresholds[ranked[row, 0]],
            )
            for row, utterance in enumerate(utterances)
        ]
