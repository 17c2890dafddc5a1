"""What the blind audit says of the machine: precision, recall, and codings it misses.

The audit is asked in the order of the utterances' chances, so whatever has chances up to where it
has come is a simple random sample of the study, but for what was skipped, or came into the study
later and was not asked yet. A passage's chance to be among the answers is therefore that part of
the chances times the share of its transcript's due passages that were answered; passages count by
the inverse (Horvitz and Thompson 1952, as ratios: Hajek 1971).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import reliability as rel
from ..framework import DOMAINS
from ..resampling import interval, resample, totals
from ..store import Pool
from .answers import NONE, Answers, Bools, Ints, bits
from .comparison import REPEATS
from .results import UNDEFINED, Against, Audit, Estimate, estimate

Array = npt.NDArray[np.float64]
FEW = 10
"""Under so many answers nothing is said of one domain."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The audit's answers, one row an answer.

    Attributes
    ----------
    columns : array of int, shape (m,)
        Passage of each, as a column of ``Answers``.
    given : array of bool, shape (m, 15)
        Domains given, the last for none.
    weights : array, shape (m,)
        How many passages of the study each stands for.
    copies : array of int, shape (m,)
        How many coders answered its passage.
    people : array of int, shape (m,)
        Participant of each.
    before : array of int, shape (m,)
        Newest run at the time.
    size : int
        Passages in the study.
    due : int
        Passages with chances up to where the audit has come.
    """

    columns: Ints
    given: Bools
    weights: Array
    copies: Ints
    people: Ints
    before: Ints
    size: int
    due: int


def sample(answers: Answers, pool: Pool) -> Sample:
    """Take the audit's answers out and weigh them; several coders of a passage share its weight."""
    audited = answers.audited & (answers.independent.sets > 0)
    coders, columns = np.nonzero(audited)
    places = np.searchsorted(pool.ids, answers.ids[columns])
    reached = pool.chances[places].max(initial=0.0)
    due = pool.chances <= reached if len(columns) else np.zeros(len(pool.ids), dtype=bool)
    sources, numbers = np.unique(pool.transcripts, return_inverse=True)
    asked = np.bincount(numbers[due], minlength=len(sources))
    heard = np.bincount(numbers[np.unique(places)], minlength=len(sources))
    share = rel.ratio(heard, asked)[numbers[places]]
    copies = audited.sum(axis=0)[columns]
    weights = 1 / (share * copies)
    weights *= len(pool.ids) / max(weights.sum(), 1)
    return Sample(
        columns,
        bits(answers.independent.sets[coders, columns]),
        weights,
        copies,
        answers.people[columns],
        answers.before[coders, columns],
        len(pool.ids),
        int(due.sum()),
    )


def audit(
    drawn: Sample,
    guess: Bools,
    decisions: npt.NDArray[np.str_],
    against: Against,
    random_state: int,
) -> Iterator[Audit]:
    """Hold the machine against the audit, over all domains and for each given or suggested.

    Parameters
    ----------
    drawn : Sample
    guess : array of bool, shape (m, 15)
        The machine's answers, one for each of the sample.
    decisions : array of str, shape (m,)
        "" where there was no run; those are left out.
    against, random_state
        As in ``compare``.
    """
    there = decisions != ""
    if not there.any():
        return
    clusters = resample(drawn.people[there], REPEATS, random_state)
    events = _events(drawn.given, guess, decisions)[there]
    weights, copies = drawn.weights[there], drawn.copies[there]
    sums = totals(clusters, events * weights[:, None, None])
    counts = events.sum(axis=0)
    # Answers of several coders on one passage share its weight and are no passages of their own.
    squares = (events * (weights**2 * copies)[:, None, None]).sum(axis=0)
    effective = rel.ratio(sums[0] ** 2, squares)
    names = (None, *DOMAINS)
    used = counts[:, _SUGGESTED] + counts[:, _CODED] > 0
    for place in (0, *np.flatnonzero(used[1:]) + 1):
        shares = _Shares(sums[:, place], effective[place], weights.sum())
        few = FEW if place else 1
        suggests, codes = (counts[place, which] >= few for which in (_SUGGESTED, _CODED))
        yield Audit(
            against,
            names[place],
            len(np.unique(drawn.columns[there])),
            clusters.draws.shape[1],
            int(counts[place, _SUGGESTED]),
            int(counts[place, _CODED]),
            precision=_share(shares, _RIGHT, _SUGGESTED) if suggests else UNDEFINED,
            recall=_share(shares, _RIGHT, _CODED) if codes else UNDEFINED,
            first_guess=_share(shares, _FIRST, _CODED) if codes else UNDEFINED,
            missed=_number(shares, _MISSED) if codes else UNDEFINED,
            abstained=_number(shares, _ABSTAINED) if codes else UNDEFINED,
            wrong=_number(shares, _WRONG) if codes else UNDEFINED,
        )


_ALL, _SUGGESTED, _RIGHT, _CODED, _FIRST, _MISSED, _ABSTAINED, _WRONG = range(8)


def _events(given: Bools, guess: Bools, decisions: npt.NDArray[np.str_]) -> Array:
    """Say what happened with each answer: shape (m, 15, 8), all domains first, then each."""
    suggests, abstains = (decisions[:, None] == one for one in ("suggest", "abstain"))
    given, guess = given[:, :NONE], guess[:, :NONE]
    hit = given & guess

    def over_all(each: Bools) -> Bools:
        return np.hstack([each.any(axis=1, keepdims=True), each])

    coded, right = over_all(given), over_all(hit & suggests)
    events = {
        _ALL: np.ones_like(coded),
        _SUGGESTED: over_all(guess & suggests),
        _RIGHT: right,
        _CODED: coded,
        _FIRST: over_all(hit),
        _MISSED: coded & (abstains | suggests) & ~right,
        _ABSTAINED: coded & abstains,
        _WRONG: coded & suggests & ~right,
    }
    return np.stack([events[which] for which in sorted(events)], axis=-1).astype(float)


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """Weighted sums of events over resamples, their effective numbers, and the passages meant."""

    sums: Array
    effective: Array
    covered: float


def _share(shares: _Shares, part: int, whole: int) -> Estimate:
    """Give a share with the wider of two intervals: over people, and Wilson's.

    Resampling people knows that passages of one person are alike, and fails where all are right
    or all wrong; Wilson's does not fail there.
    """
    values = rel.ratio(shares.sums[:, part], shares.sums[:, whole])
    value = float(values[0])
    low, high = interval(values[1:])
    ends = rel.wilson_interval(value, float(shares.effective[whole]))
    return estimate(value, float(np.fmin(low, ends[0])), float(np.fmax(high, ends[1])))


def _number(shares: _Shares, part: int) -> Estimate:
    """Give how many passages of the study there are of a kind."""
    share = _share(shares, part, _ALL)
    ends = (share.value, share.low, share.high)
    return Estimate(*(None if one is None else one * shares.covered for one in ends))
