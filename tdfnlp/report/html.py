"""The report as one web page: no script, nothing loaded from elsewhere, fit to be printed."""

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

from .parts import Cell, Figure, Section, Table

if TYPE_CHECKING:
    from . import Report


def page(report: "Report") -> bytes:
    """Write the page."""
    text: str = _templates().get_template("report.html").render(report=report)
    return text.encode("utf-8", "replace")


def part_html(part: Table | Figure | Section) -> str:
    """Write a part alone, as a notebook shows it."""
    made: str = _templates().get_template("part.html").render(part=part)
    return made


@cache
def _templates() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("tdfnlp.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"cell": shown, "image": _image, "kind": lambda part: type(part).__name__}
    return made


def shown(value: Cell) -> str:
    """Write a cell: numbers with their thousands apart, nothing for None."""
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else value


def _image(data: bytes) -> str:
    return "data:image/svg+xml;base64," + b64encode(data).decode()
