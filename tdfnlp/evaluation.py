"""How good predictions are on coded units, with intervals over whole people.

What one person said hangs together, so people are resampled and not units (cluster bootstrap).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .classifier import Proba
from .coding import Decision
from .framework import DOMAINS
from .metrics import expected_calibration_error
from .resampling import resample, totals

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval; None where nothing can be said.

    Attributes
    ----------
    value, low, high : float or None
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class DomainFigures:
    """Figures of one domain, or of one of a study's own codes.

    Attributes
    ----------
    domain : str
        Or the code's path joined by " > ".
    units, people : int
        That have it.
    precision, recall, f1 : Figure
        Of the first guess.
    """

    domain: str
    units: int
    people: int
    precision: Figure
    recall: Figure
    f1: Figure


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a model on coded units.

    Attributes
    ----------
    units, coded, people : int
        ``coded`` are the units with a domain.
    top_1, top_3 : Figure
        Share of coded units with one of their domains first, or among the first three.
    right : Figure
        Share of all units whose first guess is right, "no domain" among the guesses.
    macro_f1 : Figure
        Mean F1 of the first guess over the domains that occur.
    kappa : Figure
        Of the first guess, "no domain" among them.
    ece : float
        Calibration error of the first domain of the coded units.
    precision : Figure
        Share right among the suggestions.
    suggested : Figure
        Share of all units for which something is suggested.
    domains : tuple of DomainFigures
        Those that occur.
    own : Figures or None
        The same of the study's own codes, where the model knows some and units have them.
    """

    units: int
    coded: int
    people: int
    top_1: Figure
    top_3: Figure
    right: Figure
    macro_f1: Figure
    kappa: Figure
    ece: float | None
    precision: Figure
    suggested: Figure
    domains: tuple[DomainFigures, ...]
    own: "Figures | None" = None

    def facts(self) -> dict[str, Any]:
        """Give them as a manifest carries them; those of own codes stand apart."""
        return {key: value for key, value in _rounded(asdict(self)).items() if key != "own"}


_NO = Figure(None)
UNMEASURED = Figures(0, 0, 0, _NO, _NO, _NO, _NO, _NO, None, _NO, _NO, ())
"""Of no units."""


def first_right(proba: Proba, truth: Bools) -> Bools:
    """Whether the first guess is right, "no domain" among the guesses; shape (n,)."""
    whole = np.column_stack([truth, ~truth.any(axis=1)])
    return np.asarray(whole[np.arange(len(proba)), proba.argmax(axis=1)])


def measure(
    proba: Proba,
    truth: Bools,
    decisions: Sequence[Decision],
    people: Sequence[str],
    *,
    names: Sequence[str] = DOMAINS,
    random_state: int = 0,
) -> Figures:
    """Measure predictions.

    Parameters
    ----------
    proba : array, shape (n, names + 1)
        In the order of ``names``, none last.
    truth : array of bool, shape (n, names)
    decisions : sequence of {"suggest", "ask", "abstain"}, length n
    people : sequence of str, length n
        Who said each unit.
    names : sequence of str
        Of the domains or codes.
    random_state : int
        Of the bootstrap.
    """
    if not len(proba):
        return UNMEASURED
    persons, who = np.unique(np.asarray(people), return_inverse=True)
    size = len(names)
    if len(persons) == 1:  # all that can be resampled is the units
        who = np.arange(len(proba))
    sums = totals(resample(who, random_state=random_state), _columns(proba, truth, decisions))
    n, coded, top_1, top_3, right, suggested, good = sums[:, :7].T
    parts = np.cumsum([size + 1, size + 1, 1, size])
    guessed, single, both, hits, actual = np.split(sums[:, 7:], parts, axis=1)
    there = np.flatnonzero(actual[0])
    f1 = _share(2 * hits, guessed[:, :size] + actual)
    agreed = both[:, 0] / n
    chance = (guessed * single).sum(axis=1) / n**2
    shown = proba[truth.any(axis=1)][:, :size]
    best = shown.argmax(axis=1)
    correct = truth[truth.any(axis=1)][np.arange(len(best)), best]
    return Figures(
        units=len(proba),
        coded=int(coded[0]),
        people=len(persons),
        top_1=_figure(_share(top_1, coded)),
        top_3=_figure(_share(top_3, coded)),
        right=_figure(right / n),
        macro_f1=_figure(_mean(f1[:, there])),
        kappa=_figure(_share(agreed - chance, 1 - chance)),
        ece=expected_calibration_error(shown.max(axis=1), correct) if len(best) else None,
        precision=_figure(_share(good, suggested)),
        suggested=_figure(suggested / n),
        domains=tuple(
            DomainFigures(
                names[place],
                int(actual[0, place]),
                len(set(np.asarray(people)[truth[:, place]])),
                _figure(_share(hits[:, place], guessed[:, place])),
                _figure(_share(hits[:, place], actual[:, place])),
                _figure(f1[:, place]),
            )
            for place in there.tolist()
        ),
    )


def _columns(proba: Proba, truth: Bools, decisions: Sequence[Decision]) -> Proba:
    """Give each unit's part in every sum that the figures are made of."""
    rows = np.arange(len(proba))
    coded = truth.any(axis=1)
    whole = np.column_stack([truth, ~coded])
    ranked = np.argsort(-proba[:, :-1], axis=1, kind="stable")[:, :3]
    found = np.take_along_axis(truth, ranked, axis=1)
    guess = proba.argmax(axis=1)
    right = first_right(proba, truth)
    single = np.where(right, guess, whole.argmax(axis=1))
    suggested = np.array([one == "suggest" for one in decisions], dtype=bool)
    classes = np.eye(proba.shape[1])
    guessed = classes[guess]
    return np.column_stack(
        [
            np.ones(len(rows)),
            coded,
            found[:, 0],
            found.any(axis=1),
            right,
            suggested,
            suggested & found[:, 0],
            guessed,
            classes[single],
            right,
            guessed[:, :-1] * truth,
            truth,
        ]
    ).astype(np.float64)


def _share(part: Proba, whole: Proba) -> Proba:
    nothing = np.full(np.shape(part), np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0))


def _mean(values: Proba) -> Proba:
    there = ~np.isnan(values)
    return _share(np.where(there, values, 0).sum(axis=1), there.sum(axis=1).astype(float))


def _figure(values: Proba) -> Figure:
    """Make a figure of the value over all, first, and of those over the resamples."""
    if np.isnan(values[0]):
        return Figure(None)
    drawn = values[1:][~np.isnan(values[1:])]
    low, high = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else (values[0], values[0])
    return Figure(float(values[0]), float(low), float(high))


def _rounded(what: Any) -> Any:
    if isinstance(what, dict):
        return {key: _rounded(value) for key, value in what.items()}
    if isinstance(what, list | tuple):
        return [_rounded(one) for one in what]
    return round(what, 3) if isinstance(what, float) else what
