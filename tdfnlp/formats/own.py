"""Files that tdfnlp itself wrote: they are results, not transcripts."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import FormatError
from .conventions import MACHINE, ORIGIN
from .encoding import decode
from .package import Package

SUFFIXES: tuple[str, ...] = (".qdpx", ".xlsx", ".csv", ".tsv")
"""Of files that tdfnlp could have written: others need not be opened to know."""
TABLES: tuple[frozenset[str], ...] = (
    frozenset(["transcript", "decision", "confidence", "valence_confidence", "model"]),
    frozenset(["source", "coder", "how", "code", "start", "end", "text"]),
)
"""Columns by which the tables of suggestions and of codings are known."""

_ORIGIN = re.compile(rf'<Project\b[^<>]*\sorigin="{ORIGIN}\b')
_USER = re.compile(rf'<User\b[^<>]*\sname="{MACHINE}')


def is_own(path: Path, data: bytes) -> bool:
    """Whether tdfnlp wrote a file: a project, suggestions or codings."""
    try:
        return _is_table(path, data) or bool(_ORIGIN.search(_xml(path, data)))
    except FormatError:
        return False


def is_result(path: Path, data: bytes) -> bool:
    """Whether tdfnlp wrote a file, and a machine's suggestions or a table of codings are in it."""
    return is_own(path, data) and (
        path.suffix.lower() != ".qdpx" or bool(_USER.search(_xml(path, data)))
    )


def _xml(path: Path, data: bytes) -> str:
    if path.suffix.lower() != ".qdpx":
        return ""
    package = Package(path, data)
    return package.read(package.main()).decode("utf-8", "replace")


def _is_table(path: Path, data: bytes) -> bool:
    suffix = path.suffix.lower()
    head: Sequence[str] = ()
    if suffix == ".xlsx":
        from .sheet import sheets  # openpyxl is slow to import

        head = next((row for rows in sheets(path, data) for row in rows[:1]), ())
    elif suffix in (".csv", ".tsv"):
        first = decode(path, data[:2000])[0].partition("\n")[0]
        head = next(csv.reader([first]), [])
    names = {cell.strip().replace(" ", "_") for cell in head}
    return any(table <= names for table in TABLES)
