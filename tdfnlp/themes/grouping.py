"""Passages of one cell put together by likeness: a first guess at themes."""

import numpy as np
import numpy.typing as npt

from ..errors import InputError

Vector = npt.NDArray[np.float32]

SMALLEST = 6
"""Fewer passages a theme than this, on average, are not split any further."""
MOST = 6
"""Themes of a cell at most: what a person can still name."""
_FEWEST = 3  # a cut that leaves fewer alone is none
_APART = 0.03  # mean silhouette of groups that are no groups
_LIMIT = 2_000  # distances of all pairs are held: the rest goes to the nearest group


def group(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """Group passages by their vectors.

    Ward's method on vectors of length one; as many groups as give the best mean silhouette
    (Rousseeuw 1987), between 1 and ``MOST``. The same vectors give the same groups.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Rows of zeros have no neighbours; they go to the largest group.

    Returns
    -------
    array of int, shape (n,)
        Group of each row; 0 is the largest.

    Examples
    --------
    >>> group(np.repeat(np.eye(2, dtype=np.float32), 6, axis=0)).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    """
    if vectors.ndim != 2:
        raise InputError("Vectors stand in a table, one passage a row.")
    known = np.flatnonzero(np.any(vectors != 0, axis=1))
    labels = np.zeros(len(vectors), dtype=np.intp)
    if len(known) < 2 * SMALLEST:
        return labels
    points = unit(vectors[known])
    few = points[np.linspace(0, len(points) - 1, min(len(points), _LIMIT)).astype(int)]
    found = _cut(few)
    if found is None:
        return labels
    centres = unit(np.stack([few[found == one].mean(axis=0) for one in np.unique(found)]))
    labels[known] = found if len(few) == len(points) else (points @ centres.T).argmax(axis=1)
    return _by_size(labels, known)


def unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale rows to length one; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def typicality(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How like its group's middle each row is: cosine, shape (n,); 0 for rows of zeros."""
    if not vectors.size:
        return np.zeros(len(vectors), dtype=np.float32)
    points = unit(vectors)
    middle = unit(points.mean(axis=0, keepdims=True))
    return (points @ middle.T)[:, 0]


def _cut(points: npt.NDArray[np.float32]) -> npt.NDArray[np.intp] | None:
    """Cut the tree where groups stand apart best, None where they do not."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist, squareform
    from sklearn.metrics import silhouette_score

    apart = pdist(points.astype(np.float64))
    if not apart.any():
        return None
    tree, square = linkage(apart, "ward"), squareform(apart)
    best, chosen = _APART, None
    for wanted in range(2, min(MOST, len(points) // SMALLEST) + 1):
        labels = fcluster(tree, wanted, "maxclust") - 1
        if np.bincount(labels).min() < _FEWEST or len(np.unique(labels)) < 2:
            continue
        score = silhouette_score(square, labels, metric="precomputed")
        if score > best:
            best, chosen = score, labels
    return chosen


def _by_size(labels: npt.NDArray[np.intp], known: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Give groups numbers by size, then first row; rows without a vector come to the first."""
    names, firsts, sizes = np.unique(labels[known], return_index=True, return_counts=True)
    order = names[np.lexsort((firsts, -sizes))]
    rank = np.empty(names.max() + 1, dtype=np.intp)
    rank[order] = np.arange(len(order))
    ranked = np.zeros_like(labels)
    ranked[known] = rank[labels[known]]
    return ranked
