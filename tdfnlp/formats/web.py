"""Web pages: a transcript that was saved as HTML, or NVivo's export of a code.

The text is taken by splitting at "<", which takes linear time on any input; ``html.parser`` does
not promise that.
"""

import html
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..coding import Study
from .content import BOMS
from .encoding import decode
from .paragraphs import Flow, joined
from .text import study_of

_HIDDEN = frozenset({"script", "style", "title", "template", "noscript"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset(
    "address,article,aside,blockquote,body,caption,dd,details,div,dl,dt,fieldset,figcaption,figure,"
    "footer,form,header,hr,html,li,main,nav,ol,p,pre,section,summary,ul".split(",")
)
_TABLES = frozenset({"table", "tr", "td", "th", "tbody", "thead", "tfoot"})
_BOLD = frozenset({"b", "strong"})
_TAG = re.compile(
    r"""(?P<end>/?)(?P<name>[A-Za-z][^\s/>]{0,40})(?:[^>"']|"[^"]*"|'[^']*')*+>"""
)  # possessive: no way back, so linear
_CHARSET = re.compile(
    rb"charset=[\"']?(windows-\d{3,4}|iso-8859-\d{1,2}|macintosh|koi8-r|shift_jis|gbk|big5)", re.I
)


@dataclass(slots=True)
class _Page:
    """The page so far, and the tags that are open."""

    flow: Flow
    hidden: str = ""
    bold: int = 0
    heading: bool = False
    kept: bool = False  # inside "pre", where white space counts
    cells: list[bool] = field(default_factory=list)  # of each open table: whether a cell is open


def read(path: Path, data: bytes) -> Study:
    """Read a web page; its text is its blocks, a line each."""
    text, notes = _decode(path, data)
    page = _Page(Flow(path))
    for piece in ("!>" + text).split("<"):
        _take(page, piece)
    _end_block(page)
    return study_of(path, *joined(page.flow.finish()), notes=notes)


def _decode(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a page, which may itself say in which encoding it is."""
    says = _CHARSET.search(data, 0, 4096)
    marked = any(data.startswith(mark) for mark, _ in BOMS)
    if says and not marked:
        try:
            return decode(path, data.decode(says[1].decode("ascii")).encode("utf-8"))
        except (UnicodeError, LookupError):
            pass  # what it says is wrong
    return decode(path, data)


def _take(page: _Page, piece: str) -> None:
    if page.hidden == "!--" or (not page.hidden and piece.startswith("!--")):
        _, closed, text = piece.partition("-->")
        page.hidden = "" if closed else "!--"
        return _write(page, text)
    tag = _TAG.match(piece)
    name = tag["name"].lower() if tag else ""
    if page.hidden:
        if not tag or not tag["end"] or name != page.hidden:
            return None
        page.hidden = ""
    if tag:
        if name in _HIDDEN and not tag["end"]:
            page.hidden = name
            return None
        _open(page, name) if not tag["end"] else _close(page, name)
        return _write(page, piece[tag.end() :])
    if piece[:1] in ("!", "?", "/"):  # a declaration, or the end of nothing
        return _write(page, piece.partition(">")[2])
    return _write(page, "<" + piece)  # a "<" that opens no tag


def _write(page: _Page, text: str) -> None:
    words = html.unescape(text)
    if not page.kept:
        words = re.sub(r"[ \t\r\n\f]+", " ", words)
        words = words[1:] if words[:1] == " " and page.flow.ends_with_space() else words
    page.flow.add(words.replace("\r\n", "\n").replace("\r", "\n"), bold=page.bold > 0)


def _open(page: _Page, name: str) -> None:
    if name == "br":
        page.flow.add("\n")
    elif name in _BLOCKS:
        _end_block(page)
        page.heading = name in _HEADINGS
        page.kept = name == "pre"
    elif name in _TABLES:
        _table(page, name, opens=True)
    elif name in _BOLD:
        page.bold += 1


def _close(page: _Page, name: str) -> None:
    if name in _BLOCKS:
        _end_block(page, keep=name == "p")  # an empty one is a blank line
        page.heading = page.kept = False
    elif name in _TABLES:
        _table(page, name, opens=False)
    elif name in _BOLD:
        page.bold = max(page.bold - 1, 0)


def _table(page: _Page, name: str, *, opens: bool) -> None:
    """Follow the outermost table; tables inside its cells are blocks of the cell."""
    _end_block(page)
    page.bold = 0
    if name == "table":
        _nest(page, opens=opens)
    elif len(page.cells) == 1:
        if page.cells[0]:
            page.flow.end_cell()
        page.cells[0] = opens and name in ("td", "th")
        if not page.cells[0] and name not in ("td", "th"):
            page.flow.end_row()


def _nest(page: _Page, *, opens: bool) -> None:
    if opens:
        page.cells.append(False)
        if len(page.cells) == 1:
            page.flow.end_table()
    elif page.cells:
        if len(page.cells) == 1:
            page.flow.end_table()
        page.cells.pop()


def _end_block(page: _Page, *, keep: bool = False) -> None:
    if not page.flow.drop_if_blank() or keep:
        inside = bool(page.cells) and page.cells[0]
        page.flow.end(heading=page.heading, inside=inside)
