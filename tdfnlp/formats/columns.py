"""Columns of tables that are known by their names, and the times in them."""

import re
from collections.abc import Sequence
from types import MappingProxyType

# The first name of a column that a table has is taken.
_NAMES = MappingProxyType(
    {
        "text": "text,content,utterance,quote,quotation,speech,transcript text,segment,excerpt,"
        "verbatim,response,answer,statement,sentence,coded text",
        "speaker": "speaker,speaker name,name,who",
        "role": "role,speaker role",
        "transcript": "transcript,transcript id,interview,interview id,file,file name,filename,"
        "source,document,document name,participant id,participant",
        "group": "group,participant group,document group",
        "begins": "begins,begin,start,start time,time,timespan,timestamp",
        "ends": "ends,end,end time",
        "question": "question,interviewer question,prompt",
    }
)
_SPAN = re.compile(r"\s*[-–/]\s*")  # noqa: RUF001
_TIME = re.compile(r"(?:\d{1,4}:){0,2}\d{1,7}(?:[.,]\d{1,6})?")


def known_columns(head: Sequence[str]) -> dict[str, int]:
    """Position of each column that is known by its name."""
    names = [re.sub(r"[\s_-]+", " ", cell).strip(" *:#").casefold() for cell in head]
    where: dict[str, int] = {}
    for column, synonyms in _NAMES.items():
        known = [names.index(name) for name in synonyms.split(",") if name in names]
        if known:
            where[column] = known[0]
    return where


def has_turns(head: Sequence[str]) -> bool:
    """Whether these are the columns of a list of turns: speech, and a speaker or times."""
    where = known_columns(head)
    return "text" in where and ("speaker" in where or "begins" in where)


def timespan(cell: str) -> tuple[float | None, float | None]:
    """Read ``0:01.0 - 0:05.5``, ``#00:00:01#/#00:00:05#`` or one time alone, in seconds."""
    begins, _, ends = _SPAN.sub("\0", cell.strip()[:60]).partition("\0")
    return seconds(begins), seconds(ends)


def seconds(cell: str) -> float | None:
    """Read ``hh:mm:ss.f``, ``m:s`` or plain seconds, with NVivo's brackets or hash signs."""
    stamp = cell.strip(" \t[]()#")
    if not _TIME.fullmatch(stamp):
        return None
    total = 0.0
    for part in stamp.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total
