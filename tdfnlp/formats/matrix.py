"""NVivo's matrix coding query as a workbook: how often each code was applied to each case."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FormatError

_ROW = re.compile(r"\s*\d{1,6}\s*:\s*(?P<name>\S.*)", re.DOTALL)
_COLUMN = re.compile(r"\s*[A-Z]{1,3}\s*:\s*(?P<name>\S.*)", re.DOTALL)
_COUNT = re.compile(r"\d{1,9}")
MAX_CELLS = 10**7


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a matrix: so many references of a code in a case.

    Attributes
    ----------
    code, case : str
        What the row and the column are called, without NVivo's numbering.
    count : int
        What the cell says, 0 where it is blank.
    """

    code: str
    case: str
    count: int


def is_matrix(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table has the shape ``"" | A : case | ...`` over ``1 : code | 3 | ...``."""
    if len(rows) < 2 or len(rows[0]) < 2 or rows[0][0].strip():
        return False
    return all(map(_COLUMN.fullmatch, rows[0][1:])) and all(
        row and _ROW.fullmatch(row[0]) for row in rows[1:]
    )


def read_matrix(path: Path, data: bytes) -> tuple[Cell, ...]:
    """Read a matrix coding query that NVivo exported.

    Parameters
    ----------
    path : Path
        The file, for messages.
    data : bytes
        A workbook (.xlsx).

    Returns
    -------
    tuple of Cell
        Every cell, row by row. NVivo lets a user swap the two sides of the query; what stands in
        rows is taken as the code.

    Raises
    ------
    FormatError
        It is no workbook, no sheet is a matrix, or a cell holds something that is no count.
    """
    from .sheet import sheets  # openpyxl is slow to import

    for rows in sheets(path, data):
        if is_matrix(rows):
            return tuple(_counts(path, rows))
    raise FormatError(
        path,
        "holds no matrix of codes and cases.",
        hint="Export the result of a matrix coding query from NVivo as it is.",
    )


def _counts(path: Path, rows: Sequence[Sequence[str]]) -> list[Cell]:
    cases = [_name(_COLUMN, cell) for cell in rows[0][1:]]
    if len(cases) * len(rows) > MAX_CELLS:
        raise FormatError(path, f"has more than {MAX_CELLS} cells.", hint="Split the query.")
    counts: list[Cell] = []
    for at, row in enumerate(rows[1:], start=2):
        code = _name(_ROW, row[0])
        cells = [*row[1:], *[""] * len(cases)]
        for case, cell in zip(cases, cells, strict=False):
            counts.append(Cell(code, case, _number(path, cell.strip(), at)))
    return counts


def _name(pattern: re.Pattern[str], cell: str) -> str:
    match = pattern.fullmatch(cell)
    return match["name"].strip() if match else ""


def _number(path: Path, cell: str, row: int) -> int:
    if cell and not (_COUNT.fullmatch(cell) and cell.isascii()):
        raise FormatError(
            path,
            "has a cell that is no count.",
            place=f"row {row}",
            hint="Show coding references in the query, and not summaries or percentages.",
        )
    return int(cell or 0)
