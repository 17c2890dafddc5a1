"""Printing a benchmark's table and keeping it as JSON beside what it ran on."""

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tdfnlp
from tdfnlp.engine import cpu_count, has_bf16

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent


def machine() -> dict[str, Any]:
    """Record what figures depend on besides the code."""
    names = ("numpy", "openvino", "scikit-learn", "sentence-transformers", "torch", "tokenizers")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": cpu_count(),
        "bf16": has_bf16(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "tdfnlp": tdfnlp.__version__,
        **{name: version(name) for name in names},
    }


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a GitHub-flavoured table."""
    print(f"\n## {title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def keep(name: str, content: dict[str, Any]) -> None:
    """Write results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    text = json.dumps({"machine": machine(), **content}, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", "utf-8")
    print(f"\nKept in benchmarks/results/{file.name}")
