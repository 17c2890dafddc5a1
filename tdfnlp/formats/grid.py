"""Whether a table in a document is a list of turns, and which cell is what."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .columns import has_turns, known_columns, timespan
from .labels import Kind
from .names import is_name, key_of, role_of

_HEADINGS = frozenset(
    "speaker,name,who,text,content,transcript,utterance,speech,time,timespan,timestamp,"
    "line,no,no.,#,turn".split(",")
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell is, None where the table says nothing, and when its row begins."""

    kind: Kind | None = None
    begins: float | None = None


def speech_table(rows: Sequence[Sequence[str]]) -> list[list[Cell]] | None:
    """Decide for every cell of a table of turns: label, speech, or neither.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cell texts without white space around them.

    Returns
    -------
    list of list of Cell or None
        None where the first row names no columns of a list of turns, and this is no table with two
        or three columns, one of them speakers' names, the others speech and, optionally, times or
        line numbers.
    """
    if rows and has_turns(rows[0]):
        return _by_heading(rows)
    widths = {len(row) for row in rows}
    if len(widths) != 1 or not widths <= {2, 3}:
        return None
    head = all(cell.casefold() in _HEADINGS for cell in rows[0])
    body = rows[1:] if head else rows
    columns = list(zip(*body, strict=True))
    counts = [all(map(_is_count, column)) and any(column) for column in columns]
    rest = [at for at, count in enumerate(counts) if not count]
    if len(rest) != 2 or not _are_names(columns[rest[0]]):
        return None
    cells = [_cells(row, counts, label=rest[0]) for row in body]
    return [[Cell("skip")] * len(rows[0]), *cells] if head else cells


def _by_heading(rows: Sequence[Sequence[str]]) -> list[list[Cell]]:
    """Go by the names of the columns, in any order and beside others (NVivo's own tables)."""
    where = known_columns(rows[0])
    kinds: dict[int, Kind] = {where["text"]: "text"}
    if "speaker" in where:
        kinds[where["speaker"]] = "label"
    layout = [[Cell("skip")] * len(rows[0])]
    for row in rows[1:]:
        at = where.get("begins", len(row))
        begins = timespan(row[at])[0] if at < len(row) else None
        layout.append([Cell(kinds.get(nth, "skip"), begins) for nth in range(len(row))])
    return layout


def _cells(row: Sequence[str], counts: Sequence[bool], *, label: int) -> list[Cell]:
    stamps = [cell for cell, count in zip(row, counts, strict=True) if count and ":" in cell]
    begins = timespan(stamps[0])[0] if stamps else None
    kinds: list[Kind] = ["skip" if count else "text" for count in counts]
    kinds[label] = "label"
    return [Cell(kind, begins) for kind in kinds]


def _is_count(cell: str) -> bool:
    """Whether a cell is empty, a line number, a time or a span of time."""
    return not cell or (cell.isdecimal() and len(cell) <= 6) or _is_time(cell)


def _is_time(cell: str) -> bool:
    return ":" in cell and len(cell) <= 60 and timespan(cell)[0] is not None


def _are_names(column: Sequence[str]) -> bool:
    names = [cell.rstrip(": ") for cell in column if cell]
    if not names or not all(is_name(name) and len(name) <= 60 for name in names):
        return False
    times = Counter(map(key_of, names))
    return max(times.values()) > 1 or any(role_of(name) != "unknown" for name in names)
