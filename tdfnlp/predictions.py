"""What a model says about utterances, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .codebook import Code
from .coding import Decision, Suggestion
from .framework import DOMAINS, VALENCES, Valence
from .transcript import Utterance

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class OwnCodes:
    """What a model says of a study's own codes: child codes, or those of another framework.

    Attributes
    ----------
    codes : tuple of Code
    proba : array, shape (n, codes + 1)
        Probability of each of ``codes``; none of them last.
    suggest : tuple of float
        Confidence from which each is suggested; above 1 for never.
    """

    codes: tuple[Code, ...]
    proba: Floats
    suggest: tuple[float, ...]

    def suggested(self, decisions: Sequence[Decision]) -> npt.NDArray[np.bool_]:
        """Whether the most probable code of each row is to be proposed, shape (n,).

        It must be sure enough and likelier than none of them; where it has a domain, the row must
        not be abstained from.
        """
        top = self.proba[:, :-1].argmax(axis=1)
        sure = self.proba[np.arange(len(top)), top]
        free = np.array([one.domain is None for one in self.codes])[top]
        heard = np.array([one != "abstain" for one in decisions], dtype=bool)
        enough = (sure >= np.array(self.suggest)[top]) & (sure > self.proba[:, -1])
        return np.asarray(enough & (free | heard))


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
    own : OwnCodes or None
        None for a model that knows no codes but the domains.
    """

    proba: Floats
    valences: Floats
    decisions: tuple[Decision, ...]
    vectors: npt.NDArray[np.float32]
    own: OwnCodes | None = None

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
        codes = self._codes()
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
                code=codes[row][0],
                code_confidence=codes[row][1],
                code_suggested=codes[row][2],
            )
            for row, utterance in enumerate(utterances)
        ]

    def _codes(self) -> list[tuple[tuple[str, ...], float, bool]]:
        """Give the most probable own code of each row, how sure it is, and if it is proposed."""
        if self.own is None:
            return [((), 0.0, False)] * len(self.decisions)
        top = self.own.proba[:, :-1].argmax(axis=1)
        sure = self.own.proba[np.arange(len(top)), top]
        proposed = self.own.suggested(self.decisions)
        paths = [self.own.codes[place].path for place in top]
        return list(zip(paths, sure.tolist(), proposed.tolist(), strict=True))
