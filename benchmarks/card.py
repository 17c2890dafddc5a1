"""Figures of the last quality run, put into README.md and models/README.md: nobody types them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .report import RESULTS, ROOT

_MARK = "<!-- {}: from benchmarks/results/quality.json by `python -m benchmarks card` -->"
_END = "<!-- end -->"
_BESIDE = ("majority", "TF-IDF + LR", "frozen vectors + LR")


def main(_arguments: Sequence[str]) -> None:
    """Rewrite every marked table in the two files."""
    results = json.loads((RESULTS / "quality.json").read_text("utf-8"))
    tables = {
        "accuracy": _accuracy(results),
        "decisions": _decisions(results),
        "domains": _domains(results),
        "models": _models(results),
    }
    for file in (ROOT / "README.md", ROOT / "models" / "README.md"):
        fill(file, tables, _MARK)


def fill(file: Path, tables: Mapping[str, str], mark: str) -> None:
    """Put tables between their marks in a file; `mark` has a gap for the table's name."""
    text = file.read_text("utf-8")
    for name, lines in tables.items():
        begin = mark.format(name)
        pattern = re.escape(begin) + r".*?" + re.escape(_END)
        text = re.sub(pattern, f"{begin}\n{lines}\n{_END}".replace("\\", "\\\\"), text, flags=re.S)
    file.write_text(text, "utf-8")
    print(f"Figures written into {file.relative_to(ROOT)}")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Build a GitHub-flavoured table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _span(figure: Sequence[float] | None) -> str:
    return "" if figure is None else f"{figure[0]:.2f} ({figure[1]:.2f} to {figure[2]:.2f})"


def _plain(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.2f}"


def _name(test: str, n: int) -> str:
    return f"{f'**real**, {test}' if ':' in test else f'invented, {test}'} ({n:,})"


def _accuracy(results: dict[str, Any]) -> str:
    own = results["ladder"]["tdfnlp default"]
    rows = []
    for test, figures in own.items():
        beside = [results["ladder"][name][test] for name in _BESIDE]
        rows.append(
            [
                _name(test, figures["n"]),
                _span(figures["top_1"]),
                _span(figures["top_3"]),
                *(f"{one['top_1'][0]:.2f} / {one['top_3'][0]:.2f}" for one in beside),
                _span(figures["kappa"]),
                _plain(figures["ece"]),
                _span(results["direction"]["default"][test]["direction"]),
            ]
        )
    header = ("measured on (n)", "first domain right", "right one among three")
    beside_names = ("majority, first / three", "TF-IDF + LR", "frozen vectors + LR")
    return table((*header, *beside_names, "kappa", "ECE", "direction right"), rows)


def _decisions(results: dict[str, Any]) -> str:
    rows = [
        [
            _name(test, results["ladder"]["majority"][test]["n"]),
            _plain(one["share suggested"]),
            _span(one["precision of suggestions"]),
            _plain(one["uncoded talk suggested"]),
            _plain(one["coded talk abstained"]),
        ]
        for test, one in results["thresholds"]["default"].items()
    ]
    header = ("measured on (coded)", "share suggested", "of these right")
    return table((*header, "talk outside TDF suggested", "coded talk abstained from"), rows)


def _domains(results: dict[str, Any]) -> str:
    tests = [name for name in results["per_domain"]["default"] if ":" not in name]
    first = results["per_domain"]["default"][tests[0]]
    rows = [
        [domain]
        + [
            f"{one[domain][0]:.2f} / {one[domain][1]:.2f} / {one[domain][2]:.2f} ({one[domain][3]})"
            for one in (results["per_domain"]["default"][test] for test in tests)
        ]
        for domain in first
    ]
    return table(("precision / recall / F1 (n)", *tests), rows)


def _models(results: dict[str, Any]) -> str:
    rows = [
        [name]
        + [_span(value) for value in one.values() if isinstance(value, list)]
        + [f"{one['megabytes']:.0f}", f"{one['utterances_a_second']:,}"]
        for name, one in results["shipped"].items()
    ]
    one = next(iter(results["shipped"].values()))
    pools = [name for name, value in one.items() if isinstance(value, list)]
    return table(("model", *(f"first right, {pool}" for pool in pools), "MB", "utterances/s"), rows)
