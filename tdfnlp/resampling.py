"""Whole groups of units drawn again: intervals for any figure that is a function of sums.

Units of one person are not independent, so people are drawn and not units. A bootstrap is then one
matrix product: sums by person, times how often each was drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .reliability import MISSING, Array

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Units in groups that are drawn whole. Make it with ``resample``.

    Attributes
    ----------
    groups : array of int, shape (n,)
        Group of each unit, from 0.
    draws : array, shape (repeats + 1, groups)
        How often each group was drawn; once each in row 0, which is the sample itself.
    """

    groups: Ints
    draws: Array


def resample(groups: npt.ArrayLike, repeats: int = 1000, random_state: int = 0) -> Clusters:
    """Draw groups with replacement, as many as there are; one group alone is never redrawn."""
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    number = len(names)
    draws = np.ones((1, number))
    if number > 1:
        rng = np.random.default_rng(random_state)
        again = rng.multinomial(number, np.full(number, 1 / number), size=repeats)
        draws = np.concatenate([draws, again])
    return Clusters(places.astype(np.int64), draws)


def totals(clusters: Clusters, values: npt.ArrayLike) -> Array:
    """Sum values over the units of each resample: shape (n, ...) to (repeats + 1, ...)."""
    values = np.asarray(values, float)
    width = values[0].size if len(values) else int(np.prod(values.shape[1:]))
    flat = values.reshape(len(values), width)
    sums = np.zeros((clusters.draws.shape[1], width))
    np.add.at(sums, clusters.groups, flat)
    return (clusters.draws @ sums).reshape(len(clusters.draws), *values.shape[1:])


def tallies(clusters: Clusters, codes: npt.NDArray[np.integer], categories: int) -> Array:
    """Count categories in each resample: codes (coders, n) to (repeats + 1, categories)."""
    number = clusters.draws.shape[1]
    places = np.broadcast_to(clusters.groups, codes.shape) * categories + codes
    counts = np.bincount(places[codes != MISSING], minlength=number * categories)
    return clusters.draws @ counts.reshape(number, categories)


def interval(values: Array) -> tuple[Array, Array]:
    """95 % percentile interval of resampled figures, shape (repeats, ...) to twice (...).

    NaN where half of the resamples or more leave the figure undefined, and where the interval has
    no width: that says that the sample is too small or too even to resample, not that the figure
    is certain.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    there = np.isfinite(ordered).sum(axis=0)
    ends = [_percentile(ordered, there, share) for share in (0.025, 0.975)]
    useless = (there * 2 <= len(values)) | (ends[0] == ends[1])
    low, high = (np.where(useless, np.nan, end) for end in ends)
    return low, high


def _percentile(ordered: Array, there: Ints, share: float) -> Array:
    """Interpolate between the two nearest of the first `there` values of each column."""
    if not len(ordered):
        return np.full(ordered.shape[1:], np.nan)
    place = share * np.maximum(there - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(there - 1, 0))
    low, high = (np.take_along_axis(ordered, one[None], axis=0)[0] for one in (below, above))
    between: Array = low + (place - below) * (high - low)
    return between
