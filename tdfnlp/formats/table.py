"""Tables of turns: .csv, .tsv and the first fitting sheet of an .xlsx. One row is one turn."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ..coding import Study
from ..errors import FormatError
from ..transcript import Role, Transcript
from .columns import has_turns, known_columns, seconds, timespan
from .encoding import decode
from .matrix import is_matrix
from .names import role_of
from .speakers import Speech, assign_roles, join

_DELIMITERS = ",;\t|"
_HEAD_ROWS = 10  # a title may stand above the column names
_MAX_CELL = 10**7


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row by what they are, "" where there is no such column."""

    text: str = ""
    speaker: str = ""
    role: str = ""
    transcript: str = ""
    group: str = ""
    begins: str = ""
    ends: str = ""
    question: str = ""


def read(path: Path, data: bytes) -> Study:
    """Read a table whose columns are known by their names."""
    rows, notes = _read_rows(path, data)
    transcripts: dict[str, list[_Row]] = {}
    for row in rows:
        if row.text.strip():
            transcripts.setdefault(row.transcript.strip() or path.stem, []).append(row)
    if not transcripts:
        raise FormatError(path, "holds no text.", hint="Check that this is the right file.")
    made = [_transcript(name, some) for name, some in transcripts.items()]
    return Study(
        tuple(transcript for transcript, _ in made),
        notes=notes + tuple(note for _, some in made for note in some),
    )


def _read_rows(path: Path, data: bytes) -> tuple[list[_Row], tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    tables: Iterable[list[list[str]]]
    if path.suffix.lower() == ".xlsx":
        from .sheet import sheets  # openpyxl is slow to import

        tables = sheets(path, data)
    else:
        text, notes = decode(path, data)
        tables = [_delimited(path, text)]
    heads: list[str] = []
    for table in tables:
        if is_matrix(table):
            raise FormatError(
                path,
                "is a matrix of counts (codes by cases), which holds no speech.",
                hint="Read it with tdfnlp.formats.matrix.read_matrix, or give the transcripts.",
            )
        for at, head in enumerate(table[:_HEAD_ROWS]):
            where = known_columns(head)
            if "text" in where:
                return [_row(cells, where) for cells in table[at + 1 :]], notes
        heads += [cell for row in table[:1] for cell in row if cell]
    raise FormatError(
        path,
        f"has no column of text; its columns are {_listed(heads)}.",
        hint="Name the column that holds the speech 'text'.",
    )


def _delimited(path: Path, text: str) -> list[list[str]]:
    first = text.lstrip("\r\n").splitlines()[:1]
    # The delimiter that finds the most known columns; csv.Sniffer goes by commas in the speech.
    delimiter = max(
        _DELIMITERS, key=lambda mark: _score(next(csv.reader(first, delimiter=mark), []))
    )
    # A whole interview may sit in one cell.
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL))
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(reader)
    except csv.Error as error:
        raise FormatError(
            path,
            "is no well-formed table.",
            place=f"line {reader.line_num}",
            hint="Look for a quotation mark that is never closed.",
        ) from error


def is_table(text: str) -> bool:
    """Whether a text begins with the column names of a list of turns."""
    first = text.lstrip("\r\n").partition("\n")[0].strip()
    return len(first) <= 400 and any(has_turns(first.split(mark)) for mark in _DELIMITERS)


def _score(head: Sequence[str]) -> tuple[int, int]:
    return len(known_columns(head)), len(head)


def _listed(heads: Sequence[str]) -> str:
    """Column names for a message; what is long is a cell of speech, not a name."""
    short = [repr(head) for head in heads[:20] if len(head) <= 30]
    return ", ".join(short) or "without names"


def _row(cells: Sequence[str], where: dict[str, int]) -> _Row:
    return _Row(**{name: cells[at] for name, at in where.items() if at < len(cells)})


def _transcript(name: str, rows: Sequence[_Row]) -> tuple[Transcript, tuple[str, ...]]:
    text, turns = join(_speeches(rows))
    turns, notes = assign_roles(turns, text, name=name)
    groups = list(dict.fromkeys(row.group.strip() for row in rows if row.group.strip()))
    if len(groups) > 1:
        notes += (f"{name}: its rows name {len(groups)} groups; the first one was kept.",)
    return Transcript(name, text, turns, groups[0] if groups else None), notes


def _speeches(rows: Sequence[_Row]) -> Iterator[Speech]:
    asked = ""
    for row in rows:
        question = row.question.strip()
        if question and question != asked:
            yield Speech(question, role="interviewer")
        asked = question or asked
        begins, ends = timespan(row.begins)
        role = _role(row.role)
        if role == "unknown" and not row.speaker.strip() and question:
            role = "participant"
        yield Speech(
            row.text,
            speaker=row.speaker.strip().rstrip(":").rstrip() or None,
            role=role,
            begins=begins,
            ends=seconds(row.ends) if row.ends else ends,
        )


def _role(cell: str) -> Role:
    return role_of(cell.strip()) if cell.strip() else "unknown"
