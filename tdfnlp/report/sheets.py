"""The report's figures as a spreadsheet and as .csv: text stays text, numbers are numbers."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from ..spreadsheet import as_cell, as_text, write_cell
from ..spreadsheet import workbook as opened
from .parts import Table

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # the same report has the same bytes
_ROW_LIMIT = 1_048_575
_NAME_LIMIT = 31
_WIDE, _NARROW, _LONG = 30, 12, 60


def csv(table: Table) -> bytes:
    """Write a table for any program; the byte order mark makes Excel read it as UTF-8."""
    import pandas as pd

    rows = [[as_text(one) if isinstance(one, str) else one for one in row] for row in table.rows]
    # As objects: a column with a gap would turn whole numbers into decimals.
    frame = pd.DataFrame(rows, columns=[as_text(one) for one in table.columns], dtype=object)
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8-sig", "replace")


def workbook(tables: Iterable[Table]) -> bytes:
    """Write one sheet for each table."""
    data = BytesIO()
    with opened(data) as book:
        book.set_properties({"created": _EPOCH})
        styles = {
            "head": book.add_format(
                {
                    "bold": True,
                    "text_wrap": True,
                    "valign": "top",
                    "bottom": 1,
                    "bg_color": "#EEF1F4",
                }
            ),
            "cell": book.add_format({"text_wrap": True, "valign": "top"}),
            "title": book.add_format({"bold": True}),
        }
        for table in tables:
            _sheet(book.add_worksheet(_name(table.name)), table, styles)
    return data.getvalue()


def _sheet(sheet: Any, table: Table, styles: dict[str, Any]) -> None:
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, styles["head"])
        sheet.set_column(column, column, _width(table, column))
    for row, cells in enumerate(table.rows[:_ROW_LIMIT], start=1):
        for column, value in enumerate(cells):
            write_cell(sheet, (row, column), value, styles["cell"])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
    for place, note in enumerate(table.notes, start=len(table.rows) + 2):
        sheet.write_string(place, 0, as_cell(note))


def _width(table: Table, column: int) -> int:
    longest = max((len(str(row[column])) for row in table.rows[:200]), default=0)
    return _LONG if longest > 80 else _WIDE if longest > 14 else _NARROW


def _name(name: str) -> str:
    return "".join("-" if one in "[]:*?/\\" else one for one in name)[:_NAME_LIMIT]
