r"""NVivo's export of one code's references, in any format of running text, by source.

    Files\\Nurses\\N04 - § 2 references coded [4.06% Coverage]

    Reference 1 - 3.90% Coverage

    What was said.

The code's name is nowhere in it: it is the file's name. There are no offsets either, so the
references themselves, in their order, are the text.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from ..coding import Coding, Study
from ..errors import FormatError
from ..transcript import Transcript, Turn
from .labels import Label, find_labels
from .names import role_of
from .speakers import cut, split_lines

_HEAD_END = re.compile(r"\s*\d+\s+references?\s+coded\s*\[\s*\d+(?:[.,]\d+)?\s*%\s+Coverage\]")
_REF = re.compile(
    r"References?\s+(?P<a>\d{1,6})(?:\s*[-–]\s*(?P<b>\d{1,6}))?\s+[-–]\s+\d+(?:[.,]\d+)?\s*%\s+"  # noqa: RUF001
    r"Coverage"
)
_ROOT = re.compile(r"<?(?:Files|Internals|Externals|Memos|Cases|Nodes)\\")
_REGION = re.compile(r"Page\s+\d+\s*:\s*\(\d+,\s*\d+\)\s*[-–]\s*\(\d+,\s*\d+\)")  # noqa: RUF001
_MAX_CODERS = 50
_MANY = 5000  # above this, overlaps are not searched for: time grows with the square
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class _Reference:
    """One quoted span, how many coders it comes from, and its number in the export."""

    source: str
    quote: str
    coders: int = 1
    number: str = ""


def is_export(text: str) -> bool:
    """Whether a text has the heading of a source and of a reference."""
    if "§" not in text or "Coverage" not in text:
        return False
    lines = list(_lines(text))
    return any(map(_head, lines)) and any(_REF.fullmatch(line) for line in lines)


def begins_heading(line: str) -> bool:
    """Whether a line is a reference's number or begins to name a source."""
    return _REF.fullmatch(line) is not None or _ROOT.match(line) is not None


def is_cut_heading(line: str) -> bool:
    """Whether a line names a source but breaks off before the end of the heading."""
    return _ROOT.match(line) is not None and len(line) < 500 and not line.endswith("Coverage]")


def study_of(path: Path, text: str, *, notes: tuple[str, ...] = ()) -> Study:
    """Make a study of an export: a transcript per source, a coding per reference.

    Parameters
    ----------
    path : Path
        The file; its stem is the code.
    text : str
        The export as text.
    notes : tuple of str
        What is already known about the file.

    Returns
    -------
    Study
        Overlapping references once as text, every one of them as a coding.
    """
    found = list(_references(text))
    regions = sum(not reference.quote for reference in found)
    if regions:
        notes += (f"{path.name}: {regions} references without text (PDF regions) were skipped.",)
    sources: dict[str, list[_Reference]] = {}
    for reference in found:
        if reference.quote:
            sources.setdefault(reference.source, []).append(reference)
    if not sources:
        raise FormatError(path, "holds no text.", hint="Export the references as text from NVivo.")
    transcripts: list[Transcript] = []
    codings: list[Coding] = []
    for name, (source, references) in zip(_names(sources), sources.items(), strict=True):
        starts = _starts(references)
        whole = _BETWEEN.join(starts)
        transcripts.append(Transcript(name, whole, _turns(starts), _group(source)))
        codings += _codings(name, starts, references, code=path.stem)
    return Study(tuple(transcripts), tuple(codings), notes, excerpts=True)


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in re.split(r"\r\n|\n|\r", text))


def _head(line: str) -> str | None:
    """Path of the source that a heading names: ``<Files\\\\N04> - § 2 references coded [...]``."""
    start, sign, end = line.rpartition("§")
    if not sign or "\\" not in start or not _HEAD_END.fullmatch(end):
        return None
    path = start.strip("\ufeff ").rstrip("-–").strip(" <>")  # noqa: RUF001
    return path or None


def _references(text: str) -> Iterator[_Reference]:
    """Go through the lines: headings set the source, references collect what follows."""
    source, coders, number, quote = "", 0, "", list[str]()
    for line in [*_lines(text), None]:
        head = _head(line) if line else None
        ref = _REF.fullmatch(line) if line else None
        if line is not None and head is None and ref is None:
            quote.append(line)
            continue
        if source and coders:
            yield _Reference(source, _quote(quote), coders, number)
        source = head or source
        coders = _coders(ref) if ref else 0
        number = _number(ref) if ref else ""
        quote = []


def _number(ref: re.Match[str]) -> str:
    return f"references {ref['a']}-{ref['b']}" if ref["b"] else f"reference {ref['a']}"


def _coders(ref: re.Match[str]) -> int:
    """Count the users who coded one span: two for ``References 1-2``."""
    count = int(ref["b"] or ref["a"]) - int(ref["a"]) + 1
    return min(max(count, 1), _MAX_CODERS)


def _quote(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not _REGION.fullmatch(line)).strip()


def _parts(source: str) -> list[str]:
    return [part for part in re.split(r"\\+", source) if part]


def _names(sources: dict[str, list[_Reference]]) -> list[str]:
    """Last part of each path; the folder's name too where two sources would be called the same."""
    last = [_parts(source)[-1:] for source in sources]
    times = Counter(map(tuple, last))
    return [
        "".join(name) if name and times[tuple(name)] == 1 else "/".join(_parts(source)) or source
        for name, source in zip(last, sources, strict=True)
    ]


def _group(source: str) -> str | None:
    parts = _parts(source)
    return parts[-2] if len(parts) > 2 else None


def _starts(references: list[_Reference]) -> dict[str, int]:
    """Where each quote will stand, without those that another one contains."""
    quotes = list(dict.fromkeys(one.quote for one in references))
    if len(quotes) <= _MANY:
        seen, kept = "", set[str]()
        for quote in sorted(quotes, key=len, reverse=True):
            if quote not in seen:
                kept.add(quote)
                seen += "\0" + quote
        quotes = [quote for quote in quotes if quote in kept]
    ends = accumulate(len(quote) + len(_BETWEEN) for quote in quotes)
    return dict(zip(quotes, [0, *ends], strict=False))


def _turns(starts: dict[str, int]) -> tuple[Turn, ...]:
    return tuple(turn for quote, start in starts.items() for turn in _within(quote, start))


def _within(quote: str, offset: int) -> list[Turn]:
    """One quote's turns; what stands before its first label is the coded person's speech too."""
    lines = split_lines(quote)
    labels = find_labels(quote, lines)
    if not labels or labels[0].line > 0:
        labels = [Label(0, "", 0, "inline"), *labels]
    return [
        replace(
            turn,
            start=turn.start + offset,
            end=turn.end + offset,
            speaker=turn.speaker or None,
            role="interviewer" if role_of(turn.speaker or "") == "interviewer" else "participant",
        )
        for turn in cut(quote, lines, labels)
    ]


def _codings(
    name: str, starts: dict[str, int], references: list[_Reference], *, code: str
) -> Iterator[Coding]:
    for reference in references:
        quote = reference.quote
        around = quote if quote in starts else next(one for one in starts if quote in one)
        start = starts[around] + around.index(quote)
        coding = Coding(name, start, start + len(quote), (code,), note=reference.number)
        yield from [coding] * reference.coders
