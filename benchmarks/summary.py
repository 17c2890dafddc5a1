"""Courses of many simulated codings, summed up with intervals over the seeds.

A figure is a list of value, low and high (95 %, bootstrap over seeds; the same resamples for all
ways, so that ratios and differences are paired). None stands for "never".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .simulation import CHECKS, LATE, LATE_STEP, STEP, Check, Course, Way

RANDOM = "random"
SHARE = 0.9
"""Of the final macro-F1 that is to be reached."""
PRECISION = 0.8
"""Among the surer half of the passages that is to be reached."""
EARLY = 200
"""Answers up to which strategies are compared: later, little is left to choose from."""

_REPEATS = 500
_TOLD = ("mixed", RANDOM)
_AFTER = 150

Array = npt.NDArray[np.float64]
Courses = Mapping[Way, Sequence[Course]]


def summarise(courses: Courses) -> dict[str, Any]:
    """Sum up one study: a figure of each kind by way, and the goals."""
    first = next(iter(courses.values()))
    grid = _grid(first)
    draws = _draws(len(first))
    curves = {way: _curves(some, grid) for way, some in courses.items()}
    finals = {
        start: np.array([one.figures[-1] for one in some])
        for start, some in (
            (start, next(some for way, some in courses.items() if way.start == start))
            for start in ("shipped", "nothing")
        )
    }
    targets = {start: SHARE * _over(final[:, 0], draws) for start, final in finals.items()}
    ways = []
    for way, some in curves.items():
        levels = {
            "answers_own": (0, targets[way.start]),
            "answers_same": (0, targets["nothing"]),
            "answers_precision": (2, np.full(len(draws), PRECISION)),
        }
        ways.append(
            {
                "start": way.start,
                "strategy": way.strategy,
                "audit": way.audit,
                **{
                    name: _span(_answers(some[:, :, which], grid, target, draws))
                    for name, (which, target) in levels.items()
                },
                "gain": _span(
                    _over(_early(some, grid) - _early(curves[_random(way)], grid), draws)
                ),
                "curve": _drawn(some, grid) if way.strategy in _TOLD else None,
            }
        )
    return {
        "pool": int(grid[-1]),
        "final": {
            start: {
                name: _span(_over(final[:, which], draws))
                for which, name in enumerate(("macro_f1", "top_1", "precision_surer_half"))
            }
            for start, final in finals.items()
        },
        "ways": ways,
        "saved": _saved(curves, grid, targets, draws),
        "top_1": {name: _top_1(courses[_product(courses, name)], draws) for name in _TOLD},
        "left": {name: _left(courses[_product(courses, name)], draws) for name in _TOLD},
    }


def verdicts(studies: Sequence[Courses]) -> list[dict[str, Any]]:
    """Compare each way with random order over several studies, paired by seed."""
    draws = _draws(len(next(iter(studies[0].values()))))
    found = []
    for way in studies[0]:
        gains = []
        for courses in studies:
            grid = _grid(courses[way])
            base = _curves(courses[_random(way)], grid)
            gains.append(_early(_curves(courses[way], grid), grid) - _early(base, grid))
        gain = _span(_over(np.mean(gains, axis=0), draws))
        found.append(
            {"start": way.start, "strategy": way.strategy, "audit": way.audit, "gain": gain}
        )
    return found


def _grid(courses: Sequence[Course]) -> Array:
    """List the counts of answers that all seeds reached."""
    least = min(one.counts[-1] for one in courses)
    counts = [*range(0, LATE, STEP), *range(LATE, 10_000, LATE_STEP)]
    return np.array([count for count in counts if count <= least], dtype=np.float64)


def _curves(courses: Sequence[Course], grid: Array) -> Array:
    """Give figures by seed and count, shape (seeds, counts, figures)."""
    return np.array(
        [
            np.column_stack(
                [np.interp(grid, one.counts, each) for each in zip(*one.figures, strict=True)]
            )
            for one in courses
        ]
    )


def _draws(seeds: int) -> npt.NDArray[np.intp]:
    """Resample seeds; the first draw is the seeds themselves."""
    rng = np.random.default_rng(0)
    return np.vstack([np.arange(seeds), rng.integers(seeds, size=(_REPEATS, seeds))])


def _over(values: Array, draws: npt.NDArray[np.intp]) -> Array:
    return np.asarray(values[draws].mean(axis=1))


def _span(values: Array) -> list[float | None]:
    """Value and interval; what is never reached is infinite and becomes None."""
    low, high = np.percentile(values[1:], [2.5, 97.5], method="nearest")
    return [round(float(one), 4) if np.isfinite(one) else None for one in (values[0], low, high)]


def _answers(curves: Array, grid: Array, targets: Array, draws: npt.NDArray[np.intp]) -> Array:
    """Count answers until the mean curve is at a target, by draw.

    The curve is made to rise (isotonic regression), so that no lucky point counts.
    """
    from scipy.optimize import isotonic_regression

    found = np.full(len(draws), np.inf)
    for place, (some, target) in enumerate(zip(draws, targets, strict=True)):
        rising = isotonic_regression(curves[some].mean(axis=0)).x
        at = int(np.searchsorted(rising, target))
        if at < len(grid):
            found[place] = grid[at]
        if 0 < at < len(grid):
            part = (target - rising[at - 1]) / (rising[at] - rising[at - 1])
            found[place] = grid[at - 1] + part * (grid[at] - grid[at - 1])
    return found


def _early(curves: Array, grid: Array) -> Array:
    """Mean macro-F1 of each seed over the first answers."""
    return np.asarray(curves[:, (grid > 0) & (grid <= EARLY), 0].mean(axis=1))


def _random(way: Way) -> Way:
    return Way(way.start, RANDOM, way.audit)


def _drawn(curves: Array, grid: Array) -> list[list[float]]:
    """Mean macro-F1 by count, for the picture."""
    means = curves[:, :, 0].mean(axis=0)
    return [[int(at), round(float(mean), 4)] for at, mean in zip(grid, means, strict=True)]


def _product(known: Mapping[Way, Any], strategy: str) -> Way:
    """Give the way of the product: from the shipped model, with the audit."""
    return next(w for w in known if w.start == "shipped" and w.audit and w.strategy == strategy)


def _saved(
    curves: Mapping[Way, Array],
    grid: Array,
    targets: Mapping[str, Array],
    draws: npt.NDArray[np.intp],
) -> dict[str, Any]:
    """Share of answers saved against random order from nothing, at the same macro-F1."""
    base = curves[Way("nothing", RANDOM, 0)]
    own = {name: curves[_product(curves, name)] for name in _TOLD}
    own["mixed, from nothing"] = curves[
        next(w for w in curves if w.start == "nothing" and w.strategy == "mixed")
    ]
    saved: dict[str, Any] = {}
    for start, target in targets.items():
        needed = _answers(base[:, :, 0], grid, target, draws)
        line: dict[str, Any] = {"target": _span(target), "random from nothing": _span(needed)}
        for name, some in own.items():
            mine = _answers(some[:, :, 0], grid, target, draws)
            line[name] = _span(mine)
            # What is never reached took all answers there are, at least.
            ends = np.where(np.isfinite(needed), needed, grid[-1])
            share = 1 - np.where(np.isfinite(mine), mine, np.inf) / np.maximum(ends, 1)
            line[f"{name}, saved"] = _span(share)
        saved[f"final from {start}"] = line
    return saved


def _top_1(courses: Sequence[Course], draws: npt.NDArray[np.intp]) -> dict[str, Any] | None:
    """Compare top-1 after 150 answers with the shipped model's, on the same passages."""
    if any(_AFTER not in one.counts for one in courses):
        return None
    places = [one.counts.index(_AFTER) for one in courses]
    after = np.array([one.figures[at][1] for one, at in zip(courses, places, strict=True)])
    before = np.array([one.figures[0][1] for one in courses])
    rest = np.array([one.rest[at] for one, at in zip(courses, places, strict=True)])
    pairs = {"held out": (after, before), "not answered": (rest[:, 0], rest[:, 1])}
    return {
        name: {
            "shipped": _span(_over(old, draws)),
            "after": _span(_over(new, draws)),
            "gain": _span(_over(new - old, draws)),
        }
        for name, (new, old) in pairs.items()
    }


def _left(courses: Sequence[Course], draws: npt.NDArray[np.intp]) -> dict[str, Any]:
    """Tell what share can be left to suggestions, by answers and by how thresholds were set."""
    found: dict[str, Any] = {}
    for count in CHECKS:
        checks = [one.checks[count] for one in courses if count in one.checks]
        if len(checks) < len(courses):
            continue
        sizes = np.array([len(one.right) for one in checks], dtype=np.float64)
        line: dict[str, Any] = {}
        for name in checks[0].suggested:
            given = np.array([one.suggested[name].sum() for one in checks], dtype=np.float64)
            good = np.array([(one.suggested[name] & one.right).sum() for one in checks])
            sums = [values[draws].sum(axis=1) for values in (good, given, sizes)]
            precision = np.divide(sums[0], sums[1], out=np.zeros(len(draws)), where=sums[1] > 0)
            line[name] = {"share": _span(sums[1] / sums[2]), "precision": _span(precision)}
        for aim in (0.8, 0.9):
            line[f"hindsight {aim}"] = _span(
                np.array([_hindsight([checks[place] for place in some], aim) for some in draws])
            )
        found[str(count)] = line
    return found


def _hindsight(checks: Sequence[Check], precision: float) -> float:
    """Largest share, surest first, of which the precision is still reached; knowing the answers."""
    confidence = np.concatenate([one.confidence for one in checks])
    right = np.concatenate([one.right for one in checks])[np.argsort(-confidence, kind="stable")]
    good = np.flatnonzero(np.cumsum(right) / np.arange(1, len(right) + 1) >= precision)
    return float((good[-1] + 1) / len(right)) if len(good) else 0.0
