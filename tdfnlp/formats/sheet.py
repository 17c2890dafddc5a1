"""Excel sheets as rows of strings."""

import datetime
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ..errors import FormatError
from .archive import open_archive
from .content import MAX_BYTES

MAX_ROWS, MAX_COLUMNS = 2**20, 200  # Excel's own limit; columns past these hold no transcript

# What openpyxl has been seen to raise on damaged workbooks: it trusts them.
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    DefusedXmlException,
    EOFError,
    InvalidFileException,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,  # how both XML parsers report broken XML
    TypeError,
    ValueError,
    ZlibError,
)


def sheets(path: Path, data: bytes) -> Iterator[list[list[str]]]:
    """Read the sheets of a workbook one by one, formulas as their last values."""
    open_archive(path, data).close()
    try:
        with _quiet():
            book = load_workbook(BytesIO(data), read_only=True, data_only=True)
    except _BROKEN as error:
        raise _damaged(path) from error
    try:
        yield from (_rows(path, sheet) for sheet in book.worksheets)
    finally:
        book.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence openpyxl: it warns of styles and the like, which no reader of text misses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _rows(path: Path, sheet: Any) -> list[list[str]]:
    try:
        # Some programs write a wrong dimension, which would hide rows.
        sheet.reset_dimensions()
        with _quiet():
            rows = sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)
            return list(_bounded(path, map(_strings, _filled(rows))))
    except FormatError:
        raise
    except _BROKEN as error:
        raise _damaged(path) from error


def _filled(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    """Leave out missing rows, for all of which openpyxl gives the same empty tuple.

    A row that claims to be the millionth would otherwise cost the time of a million rows.
    """
    last: tuple[object, ...] | None = None
    for row in rows:
        if row is not last and any(value is not None for value in row):
            yield row
        last = row


def _bounded(path: Path, rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Stop at a size: a small file can say the same long shared string a million times."""
    size = 0
    for row in rows:
        size += sum(map(len, row))
        if size > MAX_BYTES:
            raise FormatError(path, "unpacks to more than a table can hold.")
        yield row


def _damaged(path: Path) -> FormatError:
    return FormatError(path, "is no workbook or a damaged one.", hint="Save it again from Excel.")


def _strings(row: Sequence[object]) -> list[str]:
    values = [_string(value) for value in row]
    while values and not values[-1]:
        values.pop()
    return values


def _string(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.timedelta):
        return str(value.total_seconds())
    return str(value)
