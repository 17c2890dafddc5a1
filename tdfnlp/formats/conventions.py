"""What reading and writing REFI-QDA projects agree on: names, identifiers, dates, limits."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID, uuid5

from ..coding import Coding
from ..errors import InputError
from ..spelling import meaning
from .elements import MAX_DEPTH

GROUP_GUID = "7b0d5c5e-6f43-5d6c-9a0e-2d1f8f4c7e11"
"""Variable in which tdfnlp's own projects keep ``Transcript.group``."""
ORIGIN = "tdfnlp"
"""How the origin of tdfnlp's own projects begins."""
MACHINE = "tdfnlp "
"""How the names of users begin whose codings a machine made."""
ROOT = "tdfnlp suggestions"
"""Code under which all suggested codes stand."""
MAX_PATH = MAX_DEPTH - 10
"""Deepest code that is written: all elements around it have to be read again too."""
NO_DATE = "2000-01-01T00:00:00Z"
"""Date of a note where nothing is dated: QualCoder stops at one without."""

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_NAMESPACE = UUID("5f0e1c0a-8f53-5b8e-9a35-6f2f3f5f6c21")


def key(guid: str) -> str:
    """One spelling of a GUID, for comparing."""
    return guid.strip().strip("{}").lower()


def guid_of(*parts: str) -> str:
    """Make the GUID that always stands for the same thing."""
    name = "\x1f".join(parts).encode("utf-8", "backslashreplace")  # a name may hold surrogates
    return str(uuid5(_NAMESPACE, name.decode()))


def is_machine(coder: str) -> bool:
    """Whether codings of this user are suggestions of a machine."""
    return coder.startswith(MACHINE)


def date_of(when: str) -> str:
    """Give a date and time as the schema wants it, "" for anything else."""
    if not _DATE.fullmatch(when):
        return ""
    try:
        datetime.fromisoformat(when)
    except ValueError:
        return ""
    return when


def latest(dates: Iterable[str]) -> str:
    """Give the last of some dates, ``NO_DATE`` where none is one."""
    return max(filter(None, map(date_of, dates)), default=NO_DATE)


def unsaid(codings: Iterable[Coding]) -> int:
    """Count codings with a direction that their code does not name."""
    said: dict[tuple[str, ...], str | None] = {}
    count = 0
    for one in codings:
        if one.code not in said:
            names = (meaning(name) for name in reversed(one.code))
            said[one.code] = next((name.valence for name in names if name.directed), None)
        count += one.valence not in (None, said[one.code])
    return count


def check_codings(codings: Iterable[Coding], lengths: Mapping[str, int]) -> None:
    """Refuse codings that no text of these lengths can hold.

    Raises
    ------
    InputError
        A transcript is unknown, a span is empty or outside, or a code has no name or too many
        above it.
    """
    for one in codings:
        if one.transcript not in lengths:
            raise InputError(f"There is no transcript {one.transcript!r} in the project.")
        if not (0 <= one.start < one.end <= lengths[one.transcript] and one.code):
            raise InputError(
                f"A coding {one.start}-{one.end} does not fit {one.transcript!r}, which has "
                f"{lengths[one.transcript]} characters. Use codings of that very text."
            )
        check_path(one.code)


def check_path(path: tuple[str, ...]) -> None:
    """Refuse a code that lies deeper than can be read again."""
    if len(path) > MAX_PATH:
        raise InputError(f"A code lies {len(path)} deep; {MAX_PATH} is the most that is written.")
