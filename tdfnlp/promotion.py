"""Whether a new model may take the place of the one in use.

A new model replaces the old one only where it is not worse beyond noise: on the same units, each
said by a person whom the new one did not learn from, and none of them learnt by the old one. The
old one stays and can be put back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .assessment import predict_lessons
from .coding import Decision
from .embedding import Encoder
from .errors import ModelMismatchError
from .evaluation import UNMEASURED, Bools, Figures, first_right, measure
from .model import Model
from .owncodes import unknown
from .refusals import fresh
from .resampling import resample, totals
from .retraining import Trained
from .thresholds import decide

MARGIN = 0.05
"""By how much a new model may seem worse: one unit in twenty."""

_CHANCE = 0.05
_EXACT = 12  # people up to whom all sign changes are tried
_REPEATS, _PART = 10_000, 500
_FEWEST = 30
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
    by_person = np.column_stack([gains, counts])
    shifted = gains + margin * counts
    p = _chance_of(shifted, rng)
    sums = totals(resample(np.arange(len(names)), random_state=random_state), by_person)
    low, high = np.percentile(sums[:, 0] / sums[:, 1], [2.5, 97.5])
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


def _chance_of(gains: npt.NDArray[np.float64], rng: np.random.Generator) -> float:
    """Share of all arrangements of signs with a sum as high; what was seen is one of them."""
    least, people = gains.sum() - 1e-9, len(gains)
    if people <= _EXACT:
        signs = 1 - 2 * ((np.arange(2**people)[:, None] >> np.arange(people)) & 1)
        return float((signs @ gains >= least).mean())
    high = 1
    for _ in range(_REPEATS // _PART):  # in parts: everyone in a file of quotes may be a person
        signs = 1 - 2 * rng.integers(0, 2, size=(_PART, people), dtype=np.int8)
        high += int((signs @ gains >= least).sum())
    return high / (_REPEATS + 1)


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

    Where the one in use learnt from confirmed units itself, only units first coded since are
    compared; if these are too few, the shipped model takes its place. Units that were asked for
    because a model was unsure of them make that model look worse than it is, so others are
    compared alone where there are enough. A model that learnt own codes alone takes over if it
    leaves domains as they are in the one in use, and knows its codes from no fewer units.

    Parameters
    ----------
    trained : Trained
    rival : Model, optional
        The one in use; where left out, the one that training started from.
    random_state : int
    """
    lost = unknown(rival, trained.own) if rival else 0
    rival = rival or trained.base
    if not trained.lessons.units:
        return _unmeasured(trained, rival)
    notes = [f"{lost} codes of your own that {rival.id} knows are not in it."] if lost else []
    before = _learnt(rival)
    keep = fresh(trained.lessons, rival)
    apart = not keep.all() and not _enough(trained, keep)
    if apart:
        shipped = Model.load()
        notes.append(
            f"{rival.id} learnt from confirmed units itself, and fewer than {_FEWEST} units of "
            f"{_FEWEST_PEOPLE} people were confirmed since, so the comparison is with {shipped.id}."
        )
        rival, keep = shipped, np.ones(len(keep), dtype=bool)
    sought = np.array([one.sought for one in trained.lessons.units])
    if _enough(trained, keep & ~sought):
        keep &= ~sought
    elif (keep & sought).any():
        notes.append(
            "Most of these units were asked for because a model was unsure, where another model "
            f"looks better than it is. From {_FEWEST} units of the blind audit from "
            f"{_FEWEST_PEOPLE} people on, these alone decide."
        )
    encoder = _encoder(rival, trained.encoder)
    proba, truth = predict_lessons(trained.lessons, rival, encoder)
    decisions = decide(proba, rival.thresholds)
    verdict = judge(
        first_right(trained.proba, truth)[keep],
        first_right(proba, truth)[keep],
        trained.people[keep].tolist(),
        random_state=random_state,
    )
    if apart and before > _learnt(trained.model):
        verdict = _kept(verdict, before, _learnt(trained.model))

    def both(some: Bools) -> tuple[Figures, Figures]:
        sides: Any = ((trained.proba, trained.decisions), (proba, decisions))
        first, second = (_measured(side, trained, some, random_state) for side in sides)
        return first, second

    new, old = both(keep)
    audited = keep & np.array([one.audit for one in trained.lessons.units])
    audit = both(audited) if audited.sum() >= _FEWEST_AUDITED else None
    return Comparison(verdict, new, old, audit, rival.id, tuple(notes))


def _unmeasured(trained: Trained, rival: Model) -> Comparison:
    """Judge a model that learnt own codes alone: its domains are those of its base."""
    same = np.array_equal(trained.model.domain_head.coef, rival.domain_head.coef)
    sentence = (
        "It learnt codes of your own and no domains; domains are suggested as before."
        if same
        else "It learnt codes of your own and no domains; these are suggested as "
        f"{trained.base.id} does, unlike the one in use, which stays."
    )
    verdict = Verdict(same, 0.0, 0.0, 0.0, 1.0, 0, 0, sentence)
    before, lost = _learnt(rival), unknown(rival, trained.own)
    if same and lost:
        more = f" {lost} codes that the one in use knows are not in it, so the one in use stays."
        verdict = replace(verdict, promote=False, sentence=sentence + more)
    elif same and rival.own and before > _learnt(trained.model):
        verdict = _kept(verdict, before, _learnt(trained.model))
    return Comparison(verdict, UNMEASURED, UNMEASURED, None, rival.id, ())


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


def _learnt(model: Model) -> int:
    """How many confirmed units a model learnt from."""
    return int(model.facts.get("learnt", {}).get("units", 0))


def _kept(verdict: Verdict, before: int, now: int) -> Verdict:
    """Keep a model that learnt from more, where the two cannot be compared."""
    more = (
        f" The model in use learnt from {before} units, this one from {now}, and the two cannot be "
        "compared, so the one in use stays."
    )
    return replace(verdict, promote=False, sentence=verdict.sentence + more)


def _enough(trained: Trained, keep: Bools) -> bool:
    people = set(trained.people[keep].tolist())
    return int(keep.sum()) >= _FEWEST and len(people) >= _FEWEST_PEOPLE
