"""What a report is made of: sections of paragraphs, tables and figures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..spreadsheet import as_utf8

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption.

    Attributes
    ----------
    name : str
        Short name, for files and sheets.
    title : str
        Caption.
    columns : tuple of str
    rows : tuple of tuple
        Strings, numbers, None for an empty cell.
    notes : tuple of str
        What stands under it.
    grouped : bool
        Whether rows of equal first cells stand together under that cell as a heading.
    widths : tuple of float
        Of the columns, relative; equal where left out.
    named : bool
        Whether the first printed cell names its row, for those who hear the table.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    grouped: bool = False
    widths: tuple[float, ...] = ()
    named: bool = True

    def to_pandas(self) -> "pd.DataFrame":
        """Give the rows as a data frame."""
        import pandas as pd

        clean = [
            [as_utf8(one) if isinstance(one, str) else one for one in row] for row in self.rows
        ]
        return pd.DataFrame(clean, columns=list(self.columns))

    def blocks(self) -> list[tuple[Cell, list[tuple[Cell, ...]]]]:
        """Rows under their headings; all of them under None where the table is not grouped."""
        if not self.grouped:
            return [(None, list(self.rows))]
        found: list[tuple[Cell, list[tuple[Cell, ...]]]] = []
        for first, *rest in self.rows:
            if not found or found[-1][0] != first:
                found.append((first, []))
            found[-1][1].append(tuple(rest))
        return found

    def head(self) -> tuple[str, ...]:
        """Columns as they are printed: without the first where it is the headings."""
        return self.columns[1:] if self.grouped else self.columns

    def shares(self) -> tuple[float, ...]:
        """Width of each printed column, adding up to 1."""
        widths = self.widths or (1.0,) * len(self.head())
        return tuple(one / sum(widths) for one in widths)

    def _repr_html_(self) -> str:
        from .html import part_html

        return part_html(self)


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure with its caption, drawn when it is looked at.

    Attributes
    ----------
    name : str
        Short name, for files.
    title : str
        Caption.
    alt : str
        What it shows, for those who cannot see it.
    paint : callable
        Gets matplotlib axes to draw on.
    height : float
        In inches; the width is that of a page.
    svg, png : bytes
        The same data give the same bytes.
    """

    name: str
    title: str
    alt: str
    paint: Callable[[Any], object]
    height: float

    @cached_property
    def svg(self) -> bytes:
        """Draw it as SVG."""
        from .figures import as_svg

        return as_svg(self)

    @cached_property
    def png(self) -> bytes:
        """Draw it as PNG."""
        from .figures import as_png

        return as_png(self)

    def _repr_html_(self) -> str:
        from .html import part_html

        return part_html(self)


Part = str | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it: paragraphs, tables, figures, in order.

    Attributes
    ----------
    title : str
    parts : tuple of str, Table or Figure
    """

    title: str
    parts: tuple[Part, ...]

    def tables(self) -> list[Table]:
        """Give its tables."""
        return [one for one in self.parts if isinstance(one, Table)]

    def figures(self) -> list[Figure]:
        """Give its figures."""
        return [one for one in self.parts if isinstance(one, Figure)]

    def _repr_html_(self) -> str:
        from .html import part_html

        return part_html(self)
