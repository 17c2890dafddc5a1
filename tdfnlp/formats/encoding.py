"""Bytes to text, whatever program wrote them."""

import re
from pathlib import Path

from charset_normalizer import from_bytes

from ..errors import FormatError
from .content import BOMS, utf16_without_mark

MAX_LINES = 3_000_000  # no study has as many, and each costs a hundred times its byte

_LEGACY = ["cp1252", "cp1250", "mac_roman", "cp1254", "cp1257"]

# What other encodings look like when read as cp1252: a capital with an accent after a small letter
# or after the end of a sentence (Mac quotes), a sign inside a word (Central Europe).
_NOT_CP1252 = re.compile(
    r"[a-zß-öø-ÿ][ŠŒŽŸÀ-ÖØ-Þ]|[?.!,][ŠŒŽŸÀ-ÖØ-Þ]"
    r"|[a-zß-öø-ÿ][¡-§©ª¬¯±-¶¹º¼-¿]|[¡-§©ª¬¯±-¶¹º¼-¿][a-zß-öø-ÿ]"
)


def decode(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a text file.

    Returns
    -------
    text : str
        All of it, line ends as they are, without the byte order mark.
    notes : tuple of str
        Which encoding was guessed, where the file does not say.
    """
    text, notes = _decode(path, data)
    if text.count("\n") + text.count("\r") > MAX_LINES:
        raise FormatError(
            path, f"has more than {MAX_LINES} line ends.", hint="Split it into smaller files."
        )
    return text, notes


def _decode(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _strict(path, data[len(mark) :], encoding), ()
    unmarked = utf16_without_mark(data)
    if unmarked:
        return _strict(path, data, unmarked), (_note(path, unmarked),)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        text, encoding = _guess(data)
    return text, (_note(path, encoding),)


def _strict(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FormatError(
            path,
            f"begins as {encoding} but is damaged.",
            place=f"byte {error.start}",
            hint="Save it again as UTF-8.",
        ) from error


def _guess(data: bytes) -> tuple[str, str]:
    # cp1252 first: on a short Western text the statistics take its neighbours as readily.
    try:
        western = data.decode("cp1252")
    except UnicodeDecodeError:
        western = ""
    if western and not _NOT_CP1252.search(western):
        return western, "cp1252"
    best = from_bytes(data, cp_isolation=_LEGACY).best()
    if best is not None:
        return str(best), best.encoding
    return data.decode("cp1252", "replace"), "cp1252"


def _note(path: Path, encoding: str) -> str:
    return f"{path.name}: the file does not say its encoding; it was read as {encoding}."
