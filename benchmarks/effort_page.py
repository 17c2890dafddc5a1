"""Tables and picture of the last effort run, put into docs/effort.md: nobody types them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .card import fill, table
from .report import RESULTS, ROOT
from .summary import EARLY, PRECISION, RANDOM

_MARK = "<!-- {}: from benchmarks/results/effort.json by `python -m benchmarks effort --tables` -->"
_LOOKS = {
    ("shipped", "mixed"): ("#0072B2", "-"),
    ("shipped", RANDOM): ("#56B4E9", "--"),
    ("nothing", "mixed"): ("#D55E00", "-."),
    ("nothing", RANDOM): ("#000000", ":"),
}

Figure = Sequence[float | None]
Results = Mapping[str, Any]


def write(results: Results) -> None:
    """Write the tables and the picture anew."""
    tables = {
        "run": _run(results),
        "saved": _saved(results),
        "against random": _against_random(results),
        "answers": _answers(results),
        "top-1": _top_1(results),
        "left": _left(results),
    }
    fill(ROOT / "docs" / "effort.md", tables, _MARK)
    _plot(results)


def _run(results: Results) -> str:
    rows = [
        [
            _title(name, one),
            f"{one['passages']}",
            f"{one['coded']}",
            f"{one['people'] or 'not known'}",
            f"{one['pool']}",
            *(_share(one["final"][start]["macro_f1"]) for start in ("shipped", "nothing")),
        ]
        for name, one in results["studies"].items()
    ]
    header = ("study", "passages", "with a domain", "people", "answers to be had")
    finals = ("macro-F1 with all of them, from the shipped model", "from nothing")
    said = f"{results['seeds']} seeds; model `{results['model']}`; {results['machine']['date']}."
    return f"{said}\n\n{table((*header, *finals), rows)}"


def _saved(results: Results) -> str:
    names = ("random from nothing", "mixed, from nothing", RANDOM, "mixed")
    rows = [
        [
            _title(name, study),
            f"{goal}: {line['target'][0]:.2f}",
            *(_count(line[one]) for one in names),
            _percent(line["mixed, saved"], never=line["random from nothing"][0] is None),
        ]
        for name, study in results["studies"].items()
        for goal, line in study["saved"].items()
    ]
    header = ("study", "90 % of the macro-F1", "random order, from nothing", "mixed, from nothing")
    more = ("random order, from the shipped model", "mixed, from the shipped model", "saved")
    return table((*header, *more), rows)


def _against_random(results: Results) -> str:
    gains = {
        (one["start"], one["strategy"], one["audit"]): one["gain"] for one in results["verdicts"]
    }
    names = dict.fromkeys(strategy for _, strategy, _ in gains if strategy != RANDOM)
    shares = (results["audit"], 0)
    rows = [
        [
            name,
            *(
                _gain(gains.get((start, name, share)))
                for start in ("shipped", "nothing")
                for share in shares
            ),
        ]
        for name in names
    ]
    header = [
        f"from {start}, {'with' if share else 'without'} the audit"
        for start in ("the shipped model", "nothing")
        for share in shares
    ]
    return f"Mean macro-F1 over the first {EARLY} answers, less that of random order.\n\n" + table(
        ("strategy", *header), rows
    )


def _answers(results: Results) -> str:
    parts = []
    for name, study in results["studies"].items():
        ways = {(one["start"], one["strategy"], one["audit"]): one for one in study["ways"]}
        rows = [
            [
                strategy,
                *(
                    _count(_way(ways, start, strategy, results)[what])
                    for start in ("shipped", "nothing")
                    for what in ("answers_own", "answers_precision")
                ),
                _gain(
                    _way(ways, "shipped", strategy, results)["gain"] if strategy != RANDOM else None
                ),
            ]
            for strategy in dict.fromkeys(strategy for _, strategy, _ in ways)
        ]
        header = [
            f"{what}, from {start}"
            for start in ("the shipped model", "nothing")
            for what in ("90 % of its final macro-F1", f"precision {PRECISION} in the surer half")
        ]
        more = "macro-F1 against random, from the shipped model"
        parts.append(f"### {_title(name, study)}\n\n{table(('answers to', *header, more), rows)}")
    return "\n\n".join(parts)


def _way(ways: Mapping[Any, Any], start: str, strategy: str, results: Results) -> Any:
    """Ours with the audit; other packages know none."""
    return ways.get((start, strategy, results["audit"])) or ways[start, strategy, 0]


def _top_1(results: Results) -> str:
    rows = [
        [
            _title(name, study),
            strategy,
            where,
            _share(line["shipped"]),
            _share(line["after"]),
            _gain(line["gain"]),
        ]
        for name, study in results["studies"].items()
        for strategy, found in study["top_1"].items()
        if found
        for where, line in found.items()
    ]
    header = ("study", "order", "measured on", "shipped model", "after 150 answers", "difference")
    return table(header, rows)


def _left(results: Results) -> str:
    rows = []
    for name, study in results["studies"].items():
        for count, line in study["left"]["mixed"].items():
            sets = (line[one] for one in ("product", "0.8", "0.9"))
            rows.append(
                [
                    _title(name, study),
                    count,
                    *(f"{_share(one['share'])}, right {_share(one['precision'])}" for one in sets),
                    *(_share(line[f"hindsight {aim}"]) for aim in (0.8, 0.9)),
                ]
            )
    header = ("study", "answers", "tdfnlp's thresholds", "set anew for .8", "set anew for .9")
    return table((*header, "in hindsight at .8", "in hindsight at .9"), rows)


def _title(name: str, study: Mapping[str, Any]) -> str:
    return f"real, {name}" if study["real"] else f"invented, {name}"


def _count(figure: Figure) -> str:
    """Write answers; None is never."""
    if figure == [None] * 3:
        return "never"
    value, low, high = ("never" if one is None else f"{one:.0f}" for one in figure)
    return value if low == value == high else f"{value} ({low} to {high})"


def _share(figure: Figure) -> str:
    value, low, high = (float(one or 0) for one in figure)
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _percent(figure: Figure, *, never: bool) -> str:
    """Write what is saved; at least so much, where the other way never gets there."""
    if figure[0] is None:
        return "nothing: not reached"
    value, *rest = ("no limit" if one is None else f"{one:.0%}" for one in figure)
    least = "at least " if never and figure[0] < 1 else ""
    return f"{least}{value} ({' to '.join(rest)})"


def _gain(figure: Figure | None) -> str:
    if figure is None:
        return ""
    value, low, high = (float(one or 0) for one in figure)
    shown = f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"**worse** {shown}" if high < 0 else f"better {shown}" if low > 0 else shown


def _plot(results: Results) -> None:
    """Draw macro-F1 against answers, for the product's order and for random order."""
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    studies = results["studies"]
    canvas = Canvas(figsize=(4.2 * len(studies), 3.9), layout="constrained")
    panels = canvas.subplots(1, len(studies), squeeze=False)[0]
    for panel, (name, study) in zip(panels, studies.items(), strict=True):
        _panel(panel, study["ways"], results["audit"])
        panel.set_title(_title(name, study), fontsize=10)
    panels[0].set_ylabel("macro-F1 on people held out")
    lines, names = panels[0].get_legend_handles_labels()
    canvas.legend(lines, names, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    # The same figures give the same file.
    with matplotlib.rc_context({"svg.hashsalt": "tdfnlp", "svg.fonttype": "none"}):
        canvas.savefig(RESULTS / "effort.svg", metadata={"Date": None, "Creator": None})
    print("Picture written into benchmarks/results/effort.svg")


def _panel(panel: Any, ways: Iterable[Mapping[str, Any]], audit: float) -> None:
    for way in ways:
        look = _LOOKS.get((way["start"], way["strategy"]))
        if look and way["audit"] == audit:
            counts, means = zip(*way["curve"], strict=True)
            label = f"{way['strategy']}, from {way['start']}"
            panel.plot(counts, means, label=label, color=look[0], linestyle=look[1])
    panel.set_xlabel("answers")
    panel.set_ylim(0, 1)
    panel.grid(color="0.92", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
