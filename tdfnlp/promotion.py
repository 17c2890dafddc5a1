"""Whether a new model may take the place of the one in use.

A new model replaces the old one only where it is not worse beyond noise: on the same units, each
said by a person whom neither model learnt from. The old one stays and can be put back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .coding import Decision
from .embedding import Encoder
from .errors import ModelMismatchError
from .evaluation import Bools, Figures, first_right, measure
from .model import Model
from .retraining import Trained, predict_lessons
from .thresholds import decide

MARGIN = 0.05
"""By how much a new model may seem worse: one unit in twenty."""

_CHANCE = 0.05
_EXACT = 12  # people up to whom all sign changes are tried
_REPEATS = 10_000
_FEWEST_FRESH = 30
_FEWEST_PEOPLE = 5  # under them no arrangement of signs is rarer than one in twenty
_FEWEST_AUDITED = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison on the same units gave.

    Attributes
    ----------
    promote : bool
        Not worse beyond noise.
    difference, low, high : float
        Share right of the new model less that of the old, with a 95 % interval over people.
    p : float
        Chance of such a result if the new model were worse by ``MARGIN``.
    units, people : int
    sentence : str
        All that, in words.
    """

    promote: bool
    difference: float
    low: float
    high: float
    p: float
    units: int
    people: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new model beside the one in use.

    Attributes
    ----------
    verdict : Verdict
    new, old : Figures
        On the units that were compared.
    audit : tuple of Figures, or None
        Of both on the blind audit's units, which alone stand for the study; None for too few.
    rival : str
        Id of the model compared with.
    notes : tuple of str
        What else to know, one sentence each.
    """

    verdict: Verdict
    new: Figures
    old: Figures
    audit: tuple[Figures, Figures] | None
    rival: str
    notes: tuple[str, ...]


def judge(
    new: Bools, old: Bools, people: Sequence[str], *, margin: float = MARGIN, random_state: int = 0
) -> Verdict:
    """Test whether new guesses are not worse than old ones beyond noise.

    A sign-flip test over people, one-sided, of non-inferiority: each person's difference plus the
    margin keeps or changes its sign by chance. Exact up to 12 people.

    Parameters
    ----------
    new, old : array of bool, shape (n,)
        Which first guesses are right.
    people : sequence of str, length n
    margin : float
        By how much the new ones may be worse.
    random_state : int

    Examples
    --------
    >>> old = np.arange(60) % 2 > 0
    >>> judge(old | (np.arange(60) % 3 > 0), old, [str(n % 6) for n in range(60)]).promote
    True
    """
    names, who = np.unique(np.asarray(people), return_inverse=True)
    counts = np.bincount(who).astype(np.float64)
    gains = np.bincount(who, weights=new.astype(np.float64) - old)
    rng = np.random.default_rng(random_state)
    shifted = gains + margin * counts
    signs = _signs(len(names), rng)
    p = float(((signs @ shifted) >= shifted.sum() - 1e-9).mean())
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=2000)
    low, high = np.percentile((drawn @ gains) / (drawn @ counts), [2.5, 97.5])
    difference = float(gains.sum() / len(new))
    promote = p <= _CHANCE
    words = (
        f"On {len(new)} units of {len(names)} people, each held out from what the new model learnt,"
        f" it is right in {new.mean():.2f} and the other in {old.mean():.2f} (difference "
        f"{difference:+.2f}, 95 % interval {low:+.2f} to {high:+.2f}). "
    )
    return Verdict(
        promote,
        difference,
        float(low),
        float(high),
        p,
        len(new),
        len(names),
        words + _conclusion(promote, len(names), p, margin, difference),
    )


def _signs(people: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    if people <= _EXACT:
        bits = (np.arange(2**people)[:, None] >> np.arange(people)) & 1
        return np.asarray(bits * 2.0 - 1)
    drawn = rng.integers(0, 2, size=(_REPEATS, people)) * 2.0 - 1
    drawn[0] = 1  # what was seen is one of the arrangements
    return np.asarray(drawn)


def _conclusion(promote: bool, people: int, p: float, margin: float, difference: float) -> str:
    if promote:
        return (
            f"It is not worse beyond noise (if it were worse by {margin:.2f}, a result like this "
            f"would have a chance of {p:.3f})."
        )
    if people < _FEWEST_PEOPLE:
        return f"{people} people are too few to tell; {_FEWEST_PEOPLE} are needed."
    if difference < 0:
        return f"It may be worse, so the other one stays (p = {p:.3f})."
    return (
        f"That is too uncertain to rule out that it is worse by {margin:.2f}, so the other one "
        f"stays (p = {p:.3f}). More confirmed units would tell."
    )


def compare(trained: Trained, rival: Model | None = None, *, random_state: int = 0) -> Comparison:
    """Compare a new model, out of fold, with the one in use.

    Where the one in use learnt from confirmed units itself, only units answered since are compared;
    if these are too few, the shipped model takes its place.

    Parameters
    ----------
    trained : Trained
    rival : Model, optional
        The one in use; where left out, the one that training started from.
    random_state : int
    """
    rival = rival or trained.base
    notes: list[str] = []
    keep = _fresh(trained, rival)
    if not _enough(trained, keep):
        shipped = Model.load()
        notes.append(
            f"{rival.id} learnt from confirmed units itself, and fewer than {_FEWEST_FRESH} units "
            f"of {_FEWEST_PEOPLE} people were confirmed since, so the comparison is with "
            f"{shipped.id}."
        )
        rival, keep = shipped, np.ones(len(keep), dtype=bool)
    encoder = _encoder(rival, trained.encoder)
    proba, truth = predict_lessons(trained.lessons, rival, encoder)
    decisions = decide(proba, rival.thresholds)
    verdict = judge(
        first_right(trained.proba, truth)[keep],
        first_right(proba, truth)[keep],
        trained.people[keep].tolist(),
        random_state=random_state,
    )

    def both(some: Bools) -> tuple[Figures, Figures]:
        sides: Any = ((trained.proba, trained.decisions), (proba, decisions))
        first, second = (_measured(side, trained, some, random_state) for side in sides)
        return first, second

    new, old = both(keep)
    audited = keep & np.array([one.audit for one in trained.lessons.units])
    audit = both(audited) if audited.sum() >= _FEWEST_AUDITED else None
    return Comparison(verdict, new, old, audit, rival.id, tuple(notes))


def _encoder(model: Model, loaded: Encoder) -> Encoder:
    """Give the encoder that is there, if the model fits it; else load its own."""
    try:
        model.check_encoder(loaded)
    except ModelMismatchError:
        return model.load_encoder()
    return loaded


def _measured(
    side: tuple[npt.NDArray[np.float64], Sequence[Decision]],
    trained: Trained,
    some: Bools,
    random_state: int,
) -> Figures:
    proba, decisions = side
    chosen = [one for one, keep in zip(decisions, some, strict=True) if keep]
    people = trained.people[some].tolist()
    return measure(proba[some], trained.truth[some], chosen, people, random_state=random_state)


def _fresh(trained: Trained, rival: Model) -> Bools:
    """Which units the rival cannot have learnt from."""
    units = trained.lessons.units
    if "learnt" not in rival.facts:
        return np.ones(len(units), dtype=bool)
    until = rival.facts["learnt"]["until"]
    return np.array([bool(until) and one.when > until for one in units])


def _enough(trained: Trained, keep: Bools) -> bool:
    if keep.all():
        return True
    people = set(trained.people[keep].tolist())
    return int(keep.sum()) >= _FEWEST_FRESH and len(people) >= _FEWEST_PEOPLE
