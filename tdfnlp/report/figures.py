"""Figures of the report: the same data give the same bytes, readable in grey and in any sight."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from ..framework import DOMAINS
from .evidence import Evidence, count
from .parts import Figure
from .relevance import Relevance, together
from .saturation import Saturation
from .text import short

_DARK, _LIGHT, _MIDDLE = "#1f4e79", "#f2b25c", "#9a9a9a"
_INK = "#222222"
_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": "#666666",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
    "hatch.color": "white",
    "svg.hashsalt": "tdfnlp",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a group may be called "$"
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_DPI = 200
_WIDTH = 6.7  # inches: the text width of an A4 page
_GROUPS = 12


def as_svg(figure: Figure) -> bytes:
    """Draw a figure as SVG; text stays text."""
    data = _drawn(figure, format="svg", metadata={"Date": None, "Creator": "tdfnlp"})
    return data.replace(b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, Arial, sans-serif")


def as_png(figure: Figure) -> bytes:
    """Draw a figure as PNG, fine enough for print."""
    return _drawn(figure, format="png", dpi=_DPI, metadata={"Software": "tdfnlp"})


def _drawn(figure: Figure, **options: Any) -> bytes:
    with _quiet():
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=(_WIDTH, figure.height), layout="constrained")
        figure.paint(canvas.add_subplot())
        data = BytesIO()
        canvas.savefig(data, **options)
    return data.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Use our style and nobody else's; a letter that the font lacks becomes a box."""
    import warnings

    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        warnings.filterwarnings("ignore", message="Glyph")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def direction_figure(found: Sequence[Relevance]) -> Figure:
    """Draw barriers to the left, facilitators to the right, mixed ones across the middle."""
    order = {domain: place for place, domain in enumerate(DOMAINS)}
    rows = sorted(found, key=lambda one: order[one.domain])
    left = max([1.0, *(one.barriers + one.mixed / 2 for one in rows)])
    right = max([1.0, *(one.facilitators + one.mixed / 2 for one in rows)])

    def paint(axes: Any) -> None:
        places = np.arange(len(rows))
        mixed = np.array([one.mixed for one in rows])
        against = np.array([one.barriers for one in rows])
        for_it = np.array([one.facilitators for one in rows])
        axes.barh(places, -against, left=-mixed / 2, color=_DARK, hatch="////", label="Barrier")
        axes.barh(places, mixed, left=-mixed / 2, color=_MIDDLE, label="Mixed")
        axes.barh(
            places,
            for_it,
            left=mixed / 2,
            color=_LIGHT,
            edgecolor=_INK,
            linewidth=0.5,
            label="Facilitator",
        )
        axes.axvline(0, color=_INK, linewidth=0.8)
        gap = (left + right) * 0.01
        for place, one in enumerate(rows):
            if one.barriers:
                axes.text(
                    -one.barriers - one.mixed / 2 - gap,
                    place,
                    one.barriers,
                    ha="right",
                    va="center",
                    size=8,
                )
            if one.facilitators:
                axes.text(
                    one.facilitators + one.mixed / 2 + gap,
                    place,
                    one.facilitators,
                    ha="left",
                    va="center",
                    size=8,
                )
        axes.set_yticks(places, [one.domain for one in rows])
        axes.invert_yaxis()
        axes.set_xlim(-left - 6 * gap, right + 6 * gap)
        axes.set_xticks([])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, borderpad=0
        )

    alt = "; ".join(
        f"{one.domain}: {one.barriers} barriers, {one.facilitators} facilitators, {one.mixed} mixed"
        for one in rows
        if one.passages
    )
    title = (
        "Passages in each domain: barriers (left), facilitators (right), mixed (across the line); "
        "neutral ones and those without a direction are not drawn"
    )
    return Figure("directions", title, alt, paint, 4.4)


def group_figure(evidence: Evidence) -> Figure:
    """Draw the share of each group's people who spoke of each domain."""
    groups = list(evidence.people)[:_GROUPS]
    left = len(evidence.people) - len(groups)
    by_domain = evidence.by_domain()
    people = np.array(
        [
            [
                count(p for p in by_domain[domain] if evidence.group(p.utterance) == group)[0]
                for group in groups
            ]
            for domain in DOMAINS
        ]
    )
    sizes = np.array([len(evidence.people[group]) for group in groups])
    shares = 100 * people / sizes

    def paint(axes: Any) -> None:
        names = [
            f"{short(one, characters=22)}\n(n\u00a0=\u00a0{n})"
            for one, n in zip(groups, sizes, strict=True)
        ]
        image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=100, aspect="auto")
        _write(axes, people, shares / 100)
        _name(axes, names, list(DOMAINS))
        if len(groups) > 4:
            axes.set_xticks(range(len(groups)), names, rotation=30, ha="right")
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("% of the group's people")

    who = "in each group" if evidence.grouped else "of all participants"
    title = f"People {who} who spoke of each domain (figures are counts of people)"
    title += f"; {left} more groups stand in the table" if left else ""
    alt = "; ".join(
        f"{domain}: "
        + ", ".join(f"{g} {n} of {s}" for g, n, s in zip(groups, row, sizes, strict=True))
        for domain, row in zip(DOMAINS, people, strict=True)
    )
    return Figure("domains by group", title, alt, paint, 4.8)


def together_figure(evidence: Evidence) -> Figure | None:
    """Draw how often two domains share a passage; None where they never do."""
    pairs = together(evidence)
    if not pairs:
        return None
    used = [one for one in DOMAINS if any(one in pair for pair in pairs)]
    counts = np.zeros((len(used), len(used)), dtype=int)
    for (first, second), number in pairs.items():
        counts[used.index(second), used.index(first)] = number
    shown = np.ma.masked_equal(np.tril(counts, -1), 0)

    def paint(axes: Any) -> None:
        axes.imshow(shown[1:, :-1], cmap="cividis", vmin=0, vmax=counts.max(), aspect="auto")
        _write(axes, counts[1:, :-1], counts[1:, :-1] / counts.max(), zeros=False)
        _name(axes, used[:-1], used[1:])
        axes.set_xticks(
            range(len(used) - 1), used[:-1], rotation=45, ha="right", rotation_mode="anchor"
        )

    alt = "; ".join(f"{a} and {b}: {n}" for (a, b), n in pairs.most_common())
    title = "How often two domains share a passage"
    return Figure("together", title, alt, paint, max(2.6, 1.6 + 0.32 * len(used)))


def saturation_figure(found: Saturation) -> Figure:
    """Draw new themes as bars and all themes so far as a line, interview by interview."""
    places = np.arange(1, len(found.interviews) + 1)

    def paint(axes: Any) -> None:
        axes.bar(places, found.new, color=_LIGHT, edgecolor=_INK, linewidth=0.5, label="New themes")
        axes.plot(places, found.total, color=_DARK, marker="o", markersize=4, label="Themes so far")
        axes.set_xlabel("Interview, in the order of the study")
        axes.set_ylabel("Themes")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_ylim(0, max([1, *found.total]) * 1.1)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.15), ncols=2)

    alt = "; ".join(
        f"interview {place}: {new} new, {total} in all"
        for place, new, total in zip(places, found.new, found.total, strict=True)
    )
    return Figure("saturation", "New themes interview by interview", alt, paint, 2.8)


def _write(
    axes: Any, figures: npt.NDArray[Any], shades: npt.NDArray[Any], *, zeros: bool = True
) -> None:
    """Write a number on each field, dark on light fields and light on dark ones."""
    for (row, column), figure in np.ndenumerate(figures):
        if figure or zeros:
            colour = "black" if shades[row, column] > 0.55 else "white"
            axes.text(column, row, figure, ha="center", va="center", color=colour, size=8)


def _name(axes: Any, columns: Sequence[str], rows: Sequence[str]) -> None:
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
