"""Plain text and Markdown, and what every reader of running text does at the end."""

from collections.abc import Sequence
from pathlib import Path

from ..coding import Study
from ..errors import FormatError
from ..transcript import Transcript
from . import nvivo, table
from .encoding import decode
from .labels import Line
from .speakers import find_turns, split_lines


def read(path: Path, data: bytes) -> Study:
    """Read a text file; its text is kept exactly, line ends included, unless it is a table."""
    text, notes = decode(path, data)
    if table.is_table(text):  # NVivo writes its own transcripts so
        return table.read(path, data)
    return study_of(path, text, split_lines(text), notes=notes)


def study_of(path: Path, text: str, lines: Sequence[Line], *, notes: tuple[str, ...] = ()) -> Study:
    """Make a study of running text: an NVivo code export where it is one, else one transcript."""
    if nvivo.is_export(text):
        return nvivo.study_of(path, text, notes=notes)
    spoken = find_turns(text, lines, name=path.stem)
    if not spoken.turns:
        raise FormatError(path, "holds no text.", hint="Check that this is the right file.")
    transcript = Transcript(path.stem, text, spoken.turns, spoken.group)
    return Study((transcript,), notes=notes + spoken.notes)
