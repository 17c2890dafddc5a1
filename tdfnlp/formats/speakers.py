"""Lines to turns, and the role of each speaker."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ..transcript import Role, Turn
from .labels import Label, Line, find_group, find_labels, header_end, is_stamp, seconds
from .names import key_of, role_of

_LINE_END = re.compile(r"\r\n|\n|\r")
_NO_SPEECH = re.compile(
    r"[^\r\n]{1,80} (?:started|stopped) transcription|Transcribed by https?://otter\.ai/?", re.I
)
_QUESTION = re.compile(r"[?？]\W{0,4}$")  # noqa: RUF001

# A guess about who asks needs turns enough, mostly questions, and nobody who comes near.
_ENOUGH_TURNS, _ENOUGH_QUESTIONS, _LEAD = 3, 0.4, 2


@dataclass(frozen=True, slots=True)
class Spoken:
    """What ``find_turns`` found in a text."""

    turns: tuple[Turn, ...]
    group: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Speech:
    """One turn that still has its own text, as subtitles and tables give it."""

    text: str
    speaker: str | None = None
    role: Role = "unknown"
    begins: float | None = None
    ends: float | None = None


def split_lines(text: str) -> list[Line]:
    """Split a text into its lines; blank ones are left out, they end a block."""
    lines: list[Line] = []
    start = block = 0
    for match in chain(_LINE_END.finditer(text), [None]):
        end = match.start() if match else len(text)
        if text[start:end].strip():
            lines.append(Line(start, end, block))
        else:
            block += 1
        start = match.end() if match else end
    return lines


def find_turns(text: str, lines: Sequence[Line], *, name: str) -> Spoken:
    """Find who says what in running text.

    Parameters
    ----------
    text : str
        The whole source.
    lines : sequence of Line
        Its lines in order.
    name : str
        What notes call the source.

    Returns
    -------
    Spoken
        Turns with roles, the group that the header names, and notes on what was guessed. Without
        any label each block is a turn of nobody.
    """
    labels = find_labels(text, lines)
    if not labels:
        first = header_end(text, lines)
        note = f"{name}: no speaker labels were found, so each paragraph is a turn of nobody."
        turns = tuple(_blocks(text, lines[first:]))
        return Spoken(turns, find_group(text, lines[:first]), (note,) if turns else ())
    turns, notes = assign_roles(cut(text, lines, labels), text, name=name)
    return Spoken(turns, find_group(text, lines[: labels[0].line]), notes)


def cut(text: str, lines: Sequence[Line], labels: Sequence[Label]) -> list[Turn]:
    """Cut the lines into one turn per label; empty turns are dropped."""
    stops = [label.line for label in labels[1:]] + [len(lines)]
    turns = []
    for label, stop in zip(labels, stops, strict=True):
        first = replace(lines[label.line], start=label.speech, kind="text")
        begins = label.begins
        if begins is None:
            begins = _stamp_before(text, lines, label.line)
        turn = _turn(text, [first, *lines[label.line + 1 : stop]])
        if turn is not None:
            begins = turn.begins if begins is None else begins
            turns.append(replace(turn, speaker=label.name, begins=begins))
    return turns


def join(speeches: Iterable[Speech], *, between: str = "\n") -> tuple[str, tuple[Turn, ...]]:
    """Write speeches one after the other and point at them; empty ones are dropped."""
    parts: list[str] = []
    turns: list[Turn] = []
    at = 0
    for speech in speeches:
        words = speech.text.strip()
        if words:
            span = at, at + len(words)
            turns.append(Turn(*span, speech.speaker, speech.role, speech.begins, speech.ends))
            parts.append(words)
            at = span[1] + len(between)
    return between.join(parts), tuple(turns)


def assign_roles(
    turns: Sequence[Turn], text: str, *, name: str
) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """Give a role to every turn whose role is unknown.

    Parameters
    ----------
    turns : sequence of Turn
        All turns of one transcript.
    text : str
        What their offsets point into.
    name : str
        What notes call the source.

    Returns
    -------
    turns : tuple of Turn
        With roles by the labels' words; else by who asks, where one speaker clearly does; else
        unknown. Where an interviewer is known, the others are participants.
    notes : tuple of str
        One sentence, where the interviewer was guessed.
    """
    roles = {turn.speaker: role_of(turn.speaker) for turn in turns if turn.speaker}
    # A name's own question mark (Sonal) does not say more than a role that the source states.
    roles |= {turn.speaker: turn.role for turn in turns if turn.speaker and turn.role != "unknown"}
    notes: tuple[str, ...] = ()
    if "interviewer" not in roles.values():
        asks, why = _who_asks(turns, text, {one for one in roles if roles[one] == "unknown"})
        roles |= {one: "interviewer" for one in roles if key_of(one) == asks}
        notes = (f"{name}: {why}",) if why else ()
    if "interviewer" in roles.values():
        roles = {one: "participant" if role == "unknown" else role for one, role in roles.items()}
    return tuple(
        replace(turn, role=roles[turn.speaker]) if turn.speaker and turn.role == "unknown" else turn
        for turn in turns
    ), notes


def _who_asks(turns: Sequence[Turn], text: str, candidates: set[str]) -> tuple[str | None, str]:
    asked: dict[str, list[bool]] = {}
    for turn in turns:
        if turn.speaker:
            question = _QUESTION.search(text, max(turn.start, turn.end - 8), turn.end)
            asked.setdefault(key_of(turn.speaker), []).append(question is not None)
    shares = {key: sum(answers) / len(answers) for key, answers in asked.items()}
    top = max(shares, key=lambda key: shares[key], default="")
    others = [share for key, share in shares.items() if key != top]
    label = next((one for one in sorted(candidates) if key_of(one) == top), None)
    if label is None or not others or len(asked[top]) < _ENOUGH_TURNS:
        return None, ""
    if shares[top] < max(_ENOUGH_QUESTIONS, _LEAD * max(others)):
        return None, ""
    return top, (
        f"{label} is taken as the interviewer because {sum(asked[top])} of {len(asked[top])} turns "
        "end in a question mark and no label says who asks."
    )


def _blocks(text: str, lines: Sequence[Line]) -> Iterable[Turn]:
    blocks: dict[int, list[Line]] = {}
    for line in lines:
        blocks.setdefault(line.block, []).append(line)
    return [turn for block in blocks.values() if (turn := _turn(text, block))]


def _turn(text: str, lines: list[Line]) -> Turn | None:
    """Span of the speech in these lines, without white space and what is no speech at its ends."""
    first, last = 0, len(lines)
    while first < last and _is_silent(text, lines[first]):
        first += 1
    while first < last and _is_silent(text, lines[last - 1]):
        last -= 1
    if first == last:
        return None
    begins = _stamp_before(text, lines, first)
    begins = lines[first].begins if begins is None else begins
    start, end = lines[first].start, lines[last - 1].end
    head = text[start : lines[first].end]
    tail = text[lines[last - 1].start : end]
    start += len(head) - len(head.lstrip())
    return Turn(start, end - len(tail) + len(tail.rstrip()), begins=begins)


def _is_silent(text: str, line: Line) -> bool:
    if line.kind == "skip" or is_stamp(text, line.start, line.end):
        return True
    words = text[line.start : line.end].strip()
    return not words or _NO_SPEECH.fullmatch(words) is not None


def _stamp_before(text: str, lines: Sequence[Line], at: int) -> float | None:
    line = lines[at - 1] if at else None
    if line is not None and is_stamp(text, line.start, line.end):
        return seconds(text[line.start : line.end])
    return None
