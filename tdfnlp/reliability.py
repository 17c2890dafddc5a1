"""Statistics of agreement between coders. Counts in, figures out; NaN where a figure is undefined.

Every figure here is a function of sums over units. So the functions take sums with any leading
axes, and ``resampling`` gives the sums of a thousand resamples at once.

Sources
-------
Kappa: Cohen 1960. Specific agreement: Cicchetti and Feinstein 1990. Alpha: Krippendorff 2011,
"Computing Krippendorff's alpha-reliability". MASI: Passonneau 2006. PABAK: Byrt, Bishop and Carlin
1993. AC1: Gwet 2008. Interval of a share: Wilson 1927. ``docs/agreement.md`` has the formulas.
"""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
MISSING = -1
_Z = 1.959963984540054


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> Array:
    """Divide, NaN where there is nothing to divide by."""
    above, below = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    result: Array = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


def kappa(same: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> Array:
    """Agreement of two coders beyond chance (Cohen 1960); NaN where both used one category only.

    Parameters
    ----------
    same : array, shape (...)
        Number of units on which they agree.
    first, second : array, shape (..., categories)
        How often each of them used each category.

    Examples
    --------
    >>> float(kappa(15, [20, 5], [20, 5]))
    -0.25
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    n = first.sum(axis=-1)
    chance = (first * second).sum(axis=-1)
    return ratio(n * np.asarray(same, float) - chance, n * n - chance)


def kappa_of(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa of two coders' categories, unit by unit; NaN for one category only.

    Examples
    --------
    >>> kappa_of(["a", "b", "a", "b"], ["a", "b", "b", "b"])
    0.5
    """
    same = sum(one == other for one, other in zip(first, second, strict=True))
    counts = Counter(first), Counter(second)
    uses = [[one[name] for name in {*first, *second}] for one in counts]
    return float(kappa(same, *uses))


def specific_agreement(both: npt.ArrayLike, one: npt.ArrayLike) -> Array:
    """Share of uses of a category that the other coder shares: 2a / (2a + b + c).

    Positive agreement where the category is "present". It is the F1 score of one coder against
    the other, so it can stand beside a model's.

    Parameters
    ----------
    both : array
        Units to which both gave it (a).
    one : array
        Units to which one of them did (b + c).

    Examples
    --------
    >>> float(specific_agreement(4, 2))
    0.8
    """
    both, one = np.asarray(both, float), np.asarray(one, float)
    return ratio(2 * both, 2 * both + one)


def pabak(observed: npt.ArrayLike) -> Array:
    """Kappa as it would be with both categories equally frequent: 2 x share agreed - 1.

    Examples
    --------
    >>> float(pabak(0.75))
    0.5
    """
    return 2 * np.asarray(observed, float) - 1


def ac1(observed: npt.ArrayLike, prevalence: npt.ArrayLike) -> Array:
    """Gwet's AC1 for a category that is present or absent (Gwet 2008).

    Parameters
    ----------
    observed : array
        Share of pairs of answers that agree.
    prevalence : array
        Mean share of coders who give it.

    Examples
    --------
    >>> float(ac1(0.75, 0.5))
    0.5
    """
    share = np.asarray(prevalence, float)
    chance = 2 * share * (1 - share)
    return ratio(np.asarray(observed, float) - chance, 1 - chance)


def alpha(
    disagreement: npt.ArrayLike, counts: npt.ArrayLike, distance: Array | None = None
) -> Array:
    """Krippendorff's alpha from sums; NaN where all values are the same.

    Parameters
    ----------
    disagreement : array, shape (...)
        Sum over units of ``disagreements``.
    counts : array, shape (..., categories)
        How often each category was used in units that have at least two values.
    distance : array, shape (categories, categories), optional
        Nominal where left out.
    """
    counts = np.asarray(counts, float)
    n = counts.sum(axis=-1)
    near = counts @ distance if distance is not None else n[..., None] - counts
    expected = (near * counts).sum(axis=-1)
    return 1 - ratio((n - 1) * np.asarray(disagreement, float), expected)


def disagreements(codes: npt.NDArray[np.integer], distance: Array) -> Array:
    """Disagreement within each unit, shape (units,): over all pairs of values, by values less one.

    Parameters
    ----------
    codes : array of int, shape (coders, units)
        Each unit has at least two values; ``MISSING`` where a coder has none.
    distance : array, shape (categories, categories)
    """
    there = codes != MISSING
    total: Array = np.zeros(codes.shape[1])
    for one in range(len(codes)):
        for other in range(one):
            pairs = there[one] & there[other]
            total[pairs] += 2 * distance[codes[one, pairs], codes[other, pairs]]
    total /= np.maximum(there.sum(axis=0) - 1, 1)
    return total


def nominal_distance(categories: int) -> Array:
    """0 for the same category, 1 for another."""
    return 1 - np.eye(categories)


def jaccard_distance(sets: npt.NDArray[np.bool_]) -> Array:
    """1 - shared labels / labels in either, between all pairs of sets.

    Parameters
    ----------
    sets : array of bool, shape (k, labels)
        None of them empty: "no label" is a label of its own.
    """
    shared, either, _, _ = _overlaps(sets)
    distance: Array = 1 - shared / either
    return distance


def masi_distance(sets: npt.NDArray[np.bool_]) -> Array:
    """Jaccard's, made stricter by how two sets lie to each other (Passonneau 2006).

    The share of labels in common counts whole for equal sets, 2/3 where one holds the other, 1/3
    where they overlap, 0 where they do not.

    Parameters
    ----------
    sets : array of bool, shape (k, labels)
        None of them empty: "no label" is a label of its own.

    Examples
    --------
    >>> masi_distance(np.array([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=bool))[0, 1].round(3)
    np.float64(0.667)
    """
    shared, either, smaller, larger = _overlaps(sets)
    nested = np.where(shared == smaller, 2 / 3, 1 / 3)
    factor = np.where((shared == smaller) & (shared == larger), 1.0, nested)
    return 1 - factor * shared / either


def _overlaps(sets: npt.NDArray[np.bool_]) -> tuple[Array, Array, Array, Array]:
    numbers = sets.astype(float)
    size = numbers.sum(axis=1)
    shared = numbers @ numbers.T
    smaller = np.minimum.outer(size, size)
    larger = np.maximum.outer(size, size)
    return shared, size[:, None] + size - shared, smaller, larger


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); NaN for no units. Sound near 0 and 1.

    Parameters
    ----------
    share : float
    n : float
        Number of units, or the effective number where they have weights.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(0.0, 10)]
    [0.0, 0.278]
    """
    if not n > 0:
        return np.nan, np.nan
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
