r"""Speaker labels at the start of a line, and what is only like one.

Known forms: ``Name: text``, ``Name (00:01:02): text``, ``[00:01:02] Name: text``, ``Name   0:15``
on a line of its own (Otter, Teams), ``[00:01:02] Name`` on its own, ``Name<tab>text``, a bold name
before plain text, a heading that is a name (NVivo 11 and older), a bare name on its own line.
A label that is no known word has to come back before it counts, so that "One thing: ..." stays
speech.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from .names import ABOUT, REPLIES, is_known, is_name, key_of, role_of

Kind = Literal["text", "heading", "label", "skip"]
Form = Literal["table", "heading", "stamped", "inline", "own"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a source, by its span in the text.

    Attributes
    ----------
    start, end : int
        Span, without the line end.
    block : int
        Number of the paragraph it belongs to.
    kind : {"text", "heading", "label", "skip"}
        What the source's layout says of it: "label" is a speaker cell of a table, "skip" is no
        speech.
    bold : int
        How many characters at its start are bold.
    begins : float or None
        Time stamp that the layout gives.
    """

    start: int
    end: int
    block: int = 0
    kind: Kind = "text"
    bold: int = 0
    begins: float | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A speaker's label: on which line, whose, and where the speech begins."""

    line: int
    name: str
    speech: int
    form: Form
    begins: float | None = None


_STAMP = r"(?:\d{1,3}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_BOXED = rf"(?:[\[(<#] ?{_STAMP} ?[\])>#])"
_SURE = rf"(?:{_BOXED}|\d{{1,3}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,3}})?)"
_STAR = r"(?:\*\*|__|\*|_)?"  # Markdown
_FIRST = r"[^\W\d_]"
_NAME = rf"(?P<name>{_FIRST}[\w .'’/&#()?-]{{0,48}}?)"  # noqa: RUF001
_INDENT = rf"[ \t]{{0,8}}{_STAR}"

_COLON = re.compile(
    rf"{_INDENT}(?:{_SURE} ?[-–]? ?)?{_STAR}{_NAME}{_STAR}[ \t]{{0,4}}{_SURE}?{_STAR}"  # noqa: RUF001
    rf"(?P<colon>[:：])(?!//){_STAR}[ \t]{{0,8}}(?:{_BOXED}[ \t]?)?"  # noqa: RUF001
)
_STAMPED = re.compile(
    rf"{_INDENT}(?P<name>{_FIRST}[\w .,'’/&#()?-]{{0,78}}?)[ \t]{{1,8}}"  # noqa: RUF001
    rf"(?:{_BOXED}|(?<=[ \t][ \t]){_STAMP}|(?<=\t){_STAMP})[ \t]*:?[ \t]*"
)
_STAMP_FIRST = re.compile(rf"{_INDENT}{_SURE}[ \t]{{1,8}}{_NAME}{_STAR}[ \t]*")
_TAB = re.compile(
    rf"{_INDENT}(?:{_SURE}[ \t]{{1,4}}|{_STAMP}\t)?{_NAME}{_STAR} ?\t[ \t]{{0,8}}(?=\S)"
)
_OWN = re.compile(rf"{_INDENT}{_NAME}{_STAR}[ \t]*")
_ONLY_STAMP = re.compile(rf"[ \t]*{_SURE}[ \t]*")
_ANY_STAMP = re.compile(_STAMP)

_GROUP = re.compile(r"\W{0,4}(?:participant )?group\W{0,4}[:：]\W*(\w[^\r\n]{0,79})", re.I)  # noqa: RUF001


def colon_label(text: str, start: int, end: int, *, line: int = 0) -> Label | None:
    """Find the ``Name:`` that this line begins with, whether or not it will count."""
    match = _COLON.match(text, start, end)
    if match is None or not is_name(match["name"]):
        return None
    colon = match.start("colon")
    clock = text[colon - 1].isdigit() and text[colon + 1 : colon + 2].isdigit()
    if clock and (not is_known(match["name"]) or " " in match["name"]):
        return None
    return _label(match, line, "inline")


def seconds(stamp: str) -> float:
    """Read the first ``h:mm:ss``, ``mm:ss.f`` in a string as seconds."""
    match = _ANY_STAMP.search(stamp)
    total = 0.0
    for part in match[0].replace(",", ".").split(":") if match else ():
        total = total * 60 + float(part)
    return total


def is_stamp(text: str, start: int, end: int) -> bool:
    """Whether a line holds a time stamp and nothing else."""
    return end - start <= 40 and _ONLY_STAMP.fullmatch(text, start, end) is not None


def find_labels(text: str, lines: Sequence[Line]) -> list[Label]:
    """Find the labels that count, in order.

    Parameters
    ----------
    text : str
        The whole source.
    lines : sequence of Line
        Its lines.

    Returns
    -------
    list of Label
        Empty where nothing in the text names a speaker.
    """
    found = [one for at, line in enumerate(lines) if (one := _candidate(text, line, at))]
    alone = [one for one in found if one.form == "own"]
    inline = _repeated([one for one in found if one.form != "own"])
    times = Counter(key_of(one.name) for one in alone)
    words = [one for one in alone if _is_word(one.name)]
    if inline:
        words = [one for one in words if times[key_of(one.name)] >= 2]
        return _after_header(text, lines, sorted([*inline, *words], key=lambda one: one.line))
    least = 1 if len(words) >= 2 else 3
    own = [one for one in alone if times[key_of(one.name)] >= (least if _is_word(one.name) else 3)]
    speech = sum(line.end > line.start for line in lines)
    return _after_header(text, lines, own) if least == 1 or len(own) * 10 >= speech else []


def find_group(text: str, lines: Sequence[Line]) -> str | None:
    """Participant group that a ``Group: ...`` line names."""
    for line in lines:
        match = _GROUP.match(text, line.start, line.end)
        if match:
            return match[1].strip(" \t*_") or None
    return None


def header_end(text: str, lines: Sequence[Line]) -> int:
    """Count the lines of a header page: short ``Date: ...`` lines before anyone speaks twice."""
    end = 0
    seen: set[str] = set()
    for at, line in enumerate(lines[:60]):
        key = _key_before_colon(text, line)
        if key in ABOUT:
            end = at + 1
        elif line.end - line.start > 80 or key in seen:
            break
        elif key:
            seen.add(key)
    return end


def _key_before_colon(text: str, line: Line) -> str:
    head, colon, _ = text[line.start : min(line.end, line.start + 60)].partition(":")
    return key_of(head.strip(" \t*_")) if colon else ""


def _label(match: re.Match[str], line: int, form: Form) -> Label:
    stamp = _ANY_STAMP.search(match[0])
    begins = seconds(stamp[0]) if stamp else None
    return Label(line, " ".join(match["name"].split()), match.end(), form, begins)


def _candidate(text: str, line: Line, at: int) -> Label | None:
    if line.kind == "label":
        name = text[line.start : line.end].strip().rstrip(":").rstrip()
        return Label(at, name, line.end, "table", line.begins) if name else None
    if line.kind == "skip":
        return None
    alone = _alone(text, line, at)
    if alone is not None and alone.form == "stamped":
        return alone
    if alone is not None and line.kind == "heading":
        alone = replace(alone, form="heading")
    return colon_label(text, line.start, line.end, line=at) or _beside(text, line, at) or alone


def _alone(text: str, line: Line, at: int) -> Label | None:
    if line.end - line.start > 120:
        return None
    match = _STAMPED.fullmatch(text, line.start, line.end)
    if match is not None and is_name(match["name"], words=8):
        return _label(match, at, "stamped")
    match = _STAMP_FIRST.fullmatch(text, line.start, line.end)
    if match is not None and is_name(match["name"]):
        return _label(match, at, "stamped")
    match = _OWN.fullmatch(text, line.start, line.end)
    if match is None or not is_name(match["name"]) or match["name"].endswith(("?", ".")):
        return None
    return None if key_of(match["name"]) in REPLIES else _label(match, at, "own")


def _beside(text: str, line: Line, at: int) -> Label | None:
    """Find a label that a tab or the end of bold type sets off."""
    match = _TAB.match(text, line.start, line.end)
    if match is not None and is_name(match["name"]):
        return _label(match, at, "inline")
    bold = min(line.start + line.bold, line.end)
    match = _OWN.fullmatch(text, line.start, bold) if bold < line.end else None
    if match is not None and is_name(match["name"]):
        return _label(match, at, "inline")
    return None


def _is_word(name: str) -> bool:
    return len(name) > 1 and is_known(name)


def _repeated(labels: list[Label]) -> list[Label]:
    times = Counter(key_of(one.name) for one in labels)
    stamped = sum(one.form == "stamped" for one in labels)
    return [
        one
        for one in labels
        if one.form == "table"
        or (one.form == "stamped" and stamped >= 2)
        or times[key_of(one.name)] >= 2
        or is_known(one.name)
    ]


def _after_header(text: str, lines: Sequence[Line], labels: list[Label]) -> list[Label]:
    """Drop labels that belong to a header page: ``Interviewer: J. Smith``, said once."""
    start = header_end(text, lines)
    labels = [one for one in labels if one.line >= start] or labels
    times = Counter(key_of(one.name) for one in labels)
    spoken = next((at for at, one in enumerate(labels) if times[key_of(one.name)] > 1), 0)
    head, body = labels[:spoken], labels[spoken:]
    both = {"interviewer", "participant"}
    named = both <= {role_of(one.name) for one in head}
    spoken_by_both = both <= {role_of(one.name) for one in body}
    if named and spoken_by_both and all(_is_brief(text, lines[one.line], one) for one in head):
        return body
    return labels


def _is_brief(text: str, line: Line, label: Label) -> bool:
    words = text[label.speech : line.end].strip()
    return len(words) <= 40 and not words.endswith((".", "?", "!", "…"))
