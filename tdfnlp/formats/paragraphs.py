"""Paragraphs and tables of a document, whatever its format, as lines of one text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import FormatError
from .encoding import MAX_LINES
from .grid import Cell, speech_table
from .labels import Kind, Line

Piece = tuple[str, bool]  # some text, and whether it is bold


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph's text, and what its layout says of it."""

    text: str
    bold: int = 0
    kind: Kind = "text"
    begins: float | None = None


def paragraph(pieces: Sequence[Piece], *, heading: bool = False) -> Paragraph:
    """Make a paragraph of pieces; one that is bold throughout counts as a heading."""
    text = "".join(piece for piece, _ in pieces)
    bold = 0
    for piece, is_bold in pieces:
        if piece.strip() and not is_bold:
            break
        bold += len(piece)
    all_bold = bool(text.strip()) and bold == len(text)
    return Paragraph(text, bold, "heading" if heading or all_bold else "text")


def table(rows: Sequence[Sequence[Sequence[Paragraph]]]) -> Iterator[Paragraph]:
    """Go through a table cell by cell; in a table of turns the cells know what they are.

    The speaker of a row comes first there, wherever the column stands.
    """
    words = [["\n".join(p.text for p in cell).strip() for cell in row] for row in rows]
    layout = speech_table(words)
    for row, cells in zip(rows, layout or [[Cell()] * len(row) for row in rows], strict=True):
        pairs = zip(row, cells, strict=True)
        for paragraphs, cell in sorted(pairs, key=lambda pair: pair[1].kind != "label"):
            for one in paragraphs:
                yield replace(one, kind=cell.kind or one.kind, begins=cell.begins)


def joined(paragraphs: Sequence[Paragraph]) -> tuple[str, list[Line]]:
    """Write paragraphs one under the other.

    Returns
    -------
    text : str
        The paragraphs, a line end between two.
    lines : list of Line
        Where they stand; a paragraph with line breaks is several lines.
    """
    return "\n".join(one.text for one in paragraphs), list(_lines(paragraphs))


def _lines(paragraphs: Iterable[Paragraph]) -> Iterator[Line]:
    at = 0
    for block, one in enumerate(paragraphs):
        for nth, part in enumerate(one.text.split("\n")):
            bold = one.bold if nth == 0 else 0
            yield Line(at, at + len(part), block, one.kind, bold, one.begins)
            at += len(part) + 1


class Flow:
    """Collects a document that comes as a stream: text, ends of paragraphs, cells and rows.

    Parameters
    ----------
    path : Path
        The file, for the error when there is more than a document can hold.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: list[Paragraph] = []
        self._rows: list[list[list[Paragraph]]] = []
        self._row: list[list[Paragraph]] = []
        self._cell: list[Paragraph] = []
        self._pieces: list[Piece] = []
        self._size = 0

    def add(self, text: str, *, bold: bool = False) -> None:
        """Continue the open paragraph."""
        if text:
            self._pieces.append((text, bold))
            self._count()

    def drop_if_blank(self) -> bool:
        """Forget the open paragraph where it has no words, and say whether it was so."""
        blank = not any(text.strip() for text, _ in self._pieces)
        if blank:
            self._pieces = []
        return blank

    def ends_with_space(self) -> bool:
        """Whether white space added now would stand at a beginning or beside other white space."""
        return not self._pieces or self._pieces[-1][0][-1] in " \n"

    def end(self, *, heading: bool = False, inside: bool = False) -> None:
        """End the open paragraph, which is `inside` a cell or ends any table before it."""
        if not inside:
            self.end_table()
        (self._cell if inside else self._done).append(paragraph(self._pieces, heading=heading))
        self._pieces = []
        self._count()

    def end_cell(self) -> None:
        """End a cell."""
        self._row.append(self._cell)
        self._cell = []
        self._count()

    def end_row(self) -> None:
        """End a row."""
        if self._cell:
            self.end_cell()
        if self._row:
            self._rows.append(self._row)
        self._row = []

    def end_table(self) -> None:
        """End a table, where one is open."""
        self.end_row()
        self._done += table(self._rows)
        self._rows = []

    def finish(self) -> list[Paragraph]:
        """End everything that is open and give the paragraphs in order."""
        if self._pieces:
            self.end()
        self.end_table()
        return self._done

    def _count(self) -> None:
        self._size += 1
        if self._size > MAX_LINES:
            raise FormatError(
                self._path,
                f"has more than {MAX_LINES} pieces of text.",
                hint="Split it into smaller files.",
            )
