"""Text that goes into a cell: no formula, nothing that UTF-8 cannot say."""

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
