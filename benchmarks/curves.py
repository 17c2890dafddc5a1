"""What data and steps are worth, and the plots of the quality benchmark.

Plots are told apart by dashes and markers as well as by colour (Okabe and Ito's, safe for the
colour-blind), so that they read in grey.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tdfnlp.classifier import Proba
from tdfnlp.embedding import Encoder
from tdfnlp.items import Item
from tdfnlp.metrics import risk_coverage

from .exams import Exam
from .ladder import Steps, by_study, refitted
from .marks import best_guess, top_1
from .report import RESULTS

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
DRAWS = 2
ABLATIONS = {
    "all steps": Steps(),
    "without centring": Steps(centred=False),
    "without the question": Steps(asked=False),
    "without second-best labels": Steps(also=False),
    "without domain weights": Steps(weighted=False),
}

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 3)))
_MARKERS = "os^Dv<>"
_PER_BIN = 35
"""Passages of a bin, at least: under that a bin says nothing."""
_STEADY = 10
"""Passages under which the share wrong among the surest is noise, and not drawn."""
_POINTS = 100

Predictions = Mapping[str, Sequence[Proba]]
"""System to its scores on each pooled set."""


def learning_curve(
    encoder: Encoder, seen: Sequence[Item], pooled: Sequence[Exam]
) -> list[dict[str, Any]]:
    """Fit heads on ever more of the seen topics; every share is drawn twice, but for all."""
    topics = sorted({item.topic for item in seen})
    points = []
    for share in SHARES:
        for draw in range(DRAWS if share < 1 else 1):
            rng = random.Random(draw)  # noqa: S311
            some = set(rng.sample(topics, k=max(1, round(share * len(topics)))))
            train = [item for item in seen if item.topic in some]
            scores = _top_1s(encoder, Steps(), train, pooled)
            points.append({"topics": len(some), "items": len(train), "draw": draw, **scores})
    return points


def ablations(
    encoder: Encoder, seen: Sequence[Item], pooled: Sequence[Exam]
) -> dict[str, dict[str, list[float]]]:
    """Fit heads with one step left out at a time."""
    return {name: _top_1s(encoder, steps, seen, pooled) for name, steps in ABLATIONS.items()}


def _top_1s(
    encoder: Encoder, steps: Steps, train: Sequence[Item], pooled: Sequence[Exam]
) -> dict[str, list[float]]:
    predict = refitted(encoder, steps)(train)
    return {one.name: top_1(by_study(predict, one.items), one) for one in pooled}


def plot_reliability(predictions: Predictions, pooled: Sequence[Exam]) -> None:
    """Accuracy against confidence in bins of equal size; bars are Wilson's 95 % intervals."""
    figure, panels = _panels(pooled)
    for place, (panel, one) in enumerate(zip(panels, pooled, strict=True)):
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1, zorder=0)
        for style, (name, scores) in enumerate(predictions.items()):
            confidence, right = best_guess(scores[place], one)
            count = max(3, min(10, len(right) // _PER_BIN))
            bins = np.array_split(np.argsort(confidence, kind="stable"), count)
            shown = np.array([confidence[rows].mean() for rows in bins])
            shares = np.array([right[rows].mean() for rows in bins])
            panel.errorbar(
                shown,
                shares,
                yerr=_wilson(shares, np.array([len(rows) for rows in bins])),
                label=name,
                **_style(style, marker=True),
                elinewidth=0.7,
            )
        panel.set_xlabel("confidence")
        panel.set_aspect("equal")
        panel.set_xlim(0, 1)
    _finish(figure, panels, "share right", "reliability")


def plot_risk_coverage(predictions: Predictions, pooled: Sequence[Exam]) -> None:
    """Share wrong among the surest against the share answered."""
    figure, panels = _panels(pooled)
    for place, (panel, one) in enumerate(zip(panels, pooled, strict=True)):
        for style, (name, scores) in enumerate(predictions.items()):
            coverage, risk = risk_coverage(*best_guess(scores[place], one))
            start = int(np.searchsorted(coverage, _STEADY / one.coded.sum()))
            shown = np.unique(np.linspace(start, len(risk) - 1, _POINTS).astype(int))
            panel.plot(coverage[shown], risk[shown], label=name, **_style(style))
        panel.set_xlabel("share answered, surest first")
        panel.set_xlim(0, 1)
    _finish(figure, panels, "share wrong", "risk_coverage")


def plot_learning_curve(points: Sequence[Mapping[str, Any]], pooled: Sequence[Exam]) -> None:
    """First domain right against the topics fitted on: every draw, and a line through the means."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3.6), layout="constrained")
    panel = figure.subplots()
    counts = sorted({point["topics"] for point in points})
    for style, one in enumerate(pooled):
        draws = [(point["topics"], point[one.name][0]) for point in points]
        means = [np.mean([top for topics, top in draws if topics == count]) for count in counts]
        looks = _style(style)
        panel.plot(counts, means, label=one.name, **looks)
        across, up = zip(*draws, strict=True)
        panel.scatter(across, up, color=looks["color"], marker=_MARKERS[style], s=16)
    panel.set_xscale("log", base=2)
    panel.set_xticks(counts, [str(count) for count in counts])
    panel.minorticks_off()
    panel.set_xlabel("topics fitted on")
    _finish(figure, [panel], "first domain right", "learning_curve")


def _panels(pooled: Sequence[Exam]) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure  # drawn by Agg, without a display

    figure = Figure(figsize=(3.2 * len(pooled), 3.9), layout="constrained")
    panels = list(figure.subplots(1, len(pooled), sharey=True, squeeze=False)[0])
    for panel, one in zip(panels, pooled, strict=True):
        panel.set_title(f"{one.name} (n = {one.coded.sum():,})", fontsize=10)
    return figure, panels


def _style(place: int, *, marker: bool = False) -> dict[str, Any]:
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "linestyle": _DASHES[place % len(_DASHES)],
        "linewidth": 1.5,
        "marker": _MARKERS[place % len(_MARKERS)] if marker else None,
        "markersize": 4,
    }


def _finish(figure: Any, panels: Sequence[Any], label: str, name: str) -> None:
    """Write results/<name>.png."""
    panels[0].set_ylabel(label)
    for panel in panels:
        panel.set_ylim(0, 1)
        panel.grid(color="0.92", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    RESULTS.mkdir(exist_ok=True)
    # No version of matplotlib in the file: it changes where a picture changes.
    options = {"metadata": {"Software": None}, "pil_kwargs": {"optimize": True}}
    figure.savefig(RESULTS / f"{name}.png", dpi=100, **options)


def _wilson(shares: npt.NDArray[Any], counts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """How far the 95 % interval reaches down and up from each share, shape (2, n)."""
    z2 = 1.96**2
    middle = (shares + z2 / (2 * counts)) / (1 + z2 / counts)
    half = np.sqrt(z2 * shares * (1 - shares) / counts + (z2 / (2 * counts)) ** 2)
    half /= 1 + z2 / counts
    reach: npt.NDArray[Any] = np.clip([shares - (middle - half), middle + half - shares], 0, None)
    return reach
