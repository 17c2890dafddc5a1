"""Text that goes into a cell: no formula, nothing that UTF-8 cannot say."""

from io import BytesIO
from pathlib import Path
from typing import Any

CELL_LIMIT = 32_767
"""Characters that a cell of Excel can hold."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_text(value: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula, and clean it.

    Examples
    --------
    >>> as_text("=1+1"), as_text("one")
    ("'=1+1", 'one')
    """
    return as_utf8(f"'{value}" if value.startswith(_FORMULA_STARTS) else value)


def as_utf8(value: str) -> str:
    """Replace lone surrogates, legal in a Python string and nowhere else."""
    return value.encode("utf-8", "replace").decode()


def as_cell(value: str) -> str:
    """Clean a text and cut it to what a cell of Excel can hold."""
    return as_utf8(value)[:CELL_LIMIT]


def write_cell(sheet: Any, place: tuple[int, int], value: str | float | None, style: Any) -> None:
    """Write a cell of an .xlsx as what it is: a text, a number, or nothing."""
    if isinstance(value, str):
        sheet.write_string(*place, as_cell(value), style)
    elif value is None:
        sheet.write_blank(*place, None, style)
    else:
        sheet.write_number(*place, value, style)


def workbook(where: Path | BytesIO) -> Any:
    """Open a new .xlsx in which text stays text, whatever it looks like."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return xlsxwriter.Workbook(where, options)
