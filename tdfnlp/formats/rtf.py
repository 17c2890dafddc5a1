r"""Rich Text, by a tokeniser of our own.

striprtf reads hidden text and tracked deletions as speech, breaks characters outside the first
65,536 into halves, writes tables as one line with bars, and takes quadratic time on fields and
font tables that are never closed (100 kB: seconds). Here each byte is looked at once.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from ..coding import Study
from ..errors import FormatError
from .paragraphs import Flow, joined
from .text import study_of

MAX_TOKENS = 5_000_000
_MAX_DEPTH = 1000

_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,9})? ?|\\'(?P<byte>[0-9A-Fa-f]{2})"
    rb"|\\(?P<sign>[^A-Za-z])|(?P<brace>[{}])|[\r\n\0]+|(?P<run>[^\\{}\r\n\0]+)|.",
    re.DOTALL,
)
# Groups whose text is not the document's; a group that begins with "\*" is left out as well.
_SKIPPED = frozenset(
    "annotation,atnauthor,atnid,author,bkmkend,bkmkstart,colortbl,comment,company,creatim,"
    "doccomm,filetbl,fldinst,footer,footerf,footerl,footerr,footnote,ftncn,ftnsep,ftnsepc,header,"
    "headerf,headerl,headerr,info,keywords,listoverridetable,listtable,listtext,nonesttables,"
    "nonshppict,object,objdata,operator,pict,pntext,private,revtbl,rxe,shp,stylesheet,subject,tc,"
    "template,title,txe,xe".split(",")
)
_SIGNS = MappingProxyType({"~": "\u00a0", "_": "-", "{": "{", "}": "}", "\\": "\\"})
_WORDS = MappingProxyType(
    {
        "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",  # noqa: RUF001
        "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
        "qmspace": " ",
    }
)  # fmt: skip
_ENDS = frozenset({"par", "sect", "page"})
_CHARSETS = MappingProxyType(
    {
        77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "cp950",
        161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
        204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
    }
)  # fmt: skip
_PAGES = MappingProxyType({"mac": "mac_roman", "pc": "cp437", "pca": "cp850"})


@dataclass(frozen=True, slots=True)
class _State:
    """What holds until the end of a group."""

    skipped: bool = False
    fonts: bool = False  # inside the font table
    bold: bool = False
    hidden: bool = False
    deleted: bool = False
    in_table: bool = False
    heading: bool = False
    font: int | None = None
    width: int = 1  # characters that stand in for a "\\u" character


@dataclass(slots=True)
class _Reader:
    """The document so far."""

    flow: Flow
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    page: str = "cp1252"
    default_font: int | None = None
    charsets: dict[int, str] = field(default_factory=dict)
    row: bool = False  # between "\\trowd" and "\\row"
    to_skip: int = 0
    waiting: bytearray = field(default_factory=bytearray)
    high: str = ""  # first half of a surrogate pair


def read(path: Path, data: bytes) -> Study:
    """Read a Rich Text document; its text is its paragraphs, a line each."""
    reader = _Reader(Flow(path))
    for token in _tokens(path, data):
        _take(path, reader, token)
        if not reader.stack:  # the document's own group has ended
            break
    _flush(reader)
    return study_of(path, *joined(reader.flow.finish()))


def _tokens(path: Path, data: bytes) -> Iterator[re.Match[bytes]]:
    at = max(data.find(b"{"), 0)
    for _ in range(MAX_TOKENS):
        token = _TOKEN.match(data, at)
        if token is None:
            return
        at = token.end()
        if token["word"] == b"bin":  # so many bytes that are no text
            at += max(int(token["number"] or 0), 0)
        yield token
    raise FormatError(
        path, "is too large for Rich Text.", hint="Save it as .docx, or without its pictures."
    )


def _take(path: Path, reader: _Reader, token: re.Match[bytes]) -> None:
    kind = token.lastgroup
    if kind == "brace":
        _group(path, reader, token["brace"])
    elif kind in ("word", "number"):
        _word(reader, token["word"].decode("ascii"), token["number"])
    elif kind == "sign":
        _sign(reader, token["sign"].decode("latin-1"))
    elif kind == "byte":
        _bytes(reader, bytes.fromhex(token["byte"].decode("ascii")))
    elif kind == "run":
        _bytes(reader, token["run"])


def _group(path: Path, reader: _Reader, brace: bytes) -> None:
    reader.to_skip = 0
    if brace == b"{":
        if len(reader.stack) >= _MAX_DEPTH:
            raise FormatError(path, f"nests groups more than {_MAX_DEPTH} deep.")
        reader.stack.append(reader.state)
    elif reader.stack:
        _flush(reader)
        reader.state = reader.stack.pop()


def _bytes(reader: _Reader, some: bytes) -> None:
    """Take bytes of text. Those of one stretch wait for each other: a character may need two."""
    skip = min(reader.to_skip, len(some))
    reader.to_skip -= skip
    state = reader.state
    if not (state.skipped or state.fonts or state.hidden or state.deleted):
        reader.waiting += some[skip:]


def _flush(reader: _Reader) -> None:
    if reader.waiting:
        font = reader.state.font if reader.state.font is not None else reader.default_font
        encoding = reader.page if font is None else reader.charsets.get(font, reader.page)
        text = reader.waiting.decode(encoding, "replace")
        reader.waiting.clear()
        reader.high = ""
        reader.flow.add(text.replace("\v", "\n"), bold=reader.state.bold)


def _put(reader: _Reader, text: str) -> None:
    state = reader.state
    if not (state.skipped or state.fonts or state.hidden or state.deleted):
        _flush(reader)
        reader.flow.add(text, bold=state.bold)


def _sign(reader: _Reader, sign: str) -> None:
    if sign == "*":
        reader.state = replace(reader.state, skipped=True)
    elif reader.to_skip:
        reader.to_skip -= 1
    elif sign in "\r\n":
        _end(reader)
    else:
        _put(reader, _SIGNS.get(sign, ""))


def _word(reader: _Reader, word: str, digits: bytes | None) -> None:
    number = None if digits is None else int(digits)
    if word == "u":
        _unicode(reader, number or 0)
    elif reader.to_skip and word in _WORDS:
        reader.to_skip -= 1
    elif word in _WORDS:
        _put(reader, _WORDS[word])
    elif word in _ENDS:
        _end(reader)
    elif word in _SKIPPED:
        reader.state = replace(reader.state, skipped=True)
    elif word in _COMMANDS:
        _flush(reader)
        _COMMANDS[word](reader, number)
    elif word in _PAGES:
        reader.page = _PAGES[word]


def _unicode(reader: _Reader, number: int) -> None:
    """Take a UTF-16 unit; what follows stands in for it in older programs."""
    _flush(reader)
    reader.to_skip = reader.state.width
    unit = chr(number % 0x10000)
    if "\ud800" <= unit <= "\udbff":
        reader.high = unit
    elif "\udc00" <= unit <= "\udfff":
        pair = (reader.high + unit).encode("utf-16-le", "surrogatepass")
        _put(reader, pair.decode("utf-16-le", "replace"))
        reader.high = ""
    else:
        _put(reader, unit)


def _in_cell(reader: _Reader) -> bool:
    return reader.row or reader.state.in_table


def _end(reader: _Reader) -> None:
    if not reader.state.skipped:
        _flush(reader)
        reader.flow.end(heading=reader.state.heading, inside=_in_cell(reader))


def _end_cell(reader: _Reader, _: int | None) -> None:
    if not reader.state.skipped:
        reader.flow.end(inside=True)
        reader.flow.end_cell()


def _end_inner_cell(reader: _Reader, _: int | None) -> None:
    if not reader.state.skipped:
        reader.flow.end(inside=True)


def _end_row(reader: _Reader, _: int | None) -> None:
    if not reader.state.skipped:
        reader.flow.end_row()
        reader.row = False


def _begin_row(reader: _Reader, _: int | None) -> None:
    reader.row = not reader.state.skipped


def _set(name: str) -> Callable[[_Reader, int | None], None]:
    def switch(reader: _Reader, number: int | None) -> None:
        reader.state = replace(reader.state, **{name: number != 0})

    return switch


def _plain(reader: _Reader, _: int | None) -> None:
    reader.state = replace(reader.state, bold=False, hidden=False, deleted=False, font=None)


def _new_paragraph(reader: _Reader, _: int | None) -> None:
    reader.state = replace(reader.state, in_table=False, heading=False)


def _outline(reader: _Reader, number: int | None) -> None:
    reader.state = replace(reader.state, heading=number is not None and number < 9)


def _width(reader: _Reader, number: int | None) -> None:
    reader.state = replace(reader.state, width=min(max(1 if number is None else number, 0), 9))


def _font(reader: _Reader, number: int | None) -> None:
    reader.state = replace(reader.state, font=number or 0)


def _font_table(reader: _Reader, _: int | None) -> None:
    reader.state = replace(reader.state, fonts=True)


def _charset(reader: _Reader, number: int | None) -> None:
    name = _CHARSETS.get(number or 0)
    if name and reader.state.fonts and reader.state.font is not None:
        reader.charsets[reader.state.font] = name


def _code_page(reader: _Reader, number: int | None) -> None:
    name = "utf-8" if number == 65001 else f"cp{number}"
    try:
        codecs.lookup(name)
    except LookupError:
        return
    reader.page = name


def _default_font(reader: _Reader, number: int | None) -> None:
    reader.default_font = number


_COMMANDS: MappingProxyType[str, Callable[[_Reader, int | None], None]] = MappingProxyType(
    {
        "ansicpg": _code_page, "b": _set("bold"), "cell": _end_cell, "deff": _default_font,
        "deleted": _set("deleted"), "f": _font, "fcharset": _charset, "fonttbl": _font_table,
        "intbl": _set("in_table"), "nestcell": _end_inner_cell, "outlinelevel": _outline,
        "pard": _new_paragraph, "plain": _plain, "row": _end_row, "trowd": _begin_row,
        "uc": _width, "v": _set("hidden"),
    }
)  # fmt: skip
