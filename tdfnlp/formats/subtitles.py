"""Subtitles and meeting captions: .vtt and .srt.

The parser is our own. webvtt-py drops the second voice of a cue and leaves ``&amp;`` as it is; srt
takes time that grows with the cube of a run of digits, so that 5 kB keep it busy for minutes. A
line-by-line parser needs one pass, serves both formats and knows the line of an error.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from ..coding import Study
from ..errors import FormatError
from ..transcript import Transcript
from .encoding import decode
from .labels import colon_label
from .names import key_of, role_of
from .speakers import Speech, assign_roles, join

_TIME = r"(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}"
_TIMING = re.compile(rf"\s{{0,8}}({_TIME})[ \t]{{0,8}}-->[ \t]{{0,8}}({_TIME})(?:\s.{{0,400}})?")
_NOT_A_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_ID = re.compile(r"[\w.-]{1,80}(?:/[\w.-]{1,40})?")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,80})?[ \t]+([^<>]{0,200})>")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|</?[A-Za-z]>|<\d[\d:.]{0,20}>|\{\\[^{}]{0,40}\}")
_SENTENCE_END = re.compile(r"[.?!…][\"'”’)]?$")  # noqa: RUF001

_MOST = 0.8  # share of cues with a label above which every label counts


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines between blank lines, and the number of the first."""

    line: int
    lines: tuple[str, ...]


def read(path: Path, data: bytes) -> Study:
    """Read subtitles; what one speaker says in cues that follow each other is one turn."""
    text, notes = decode(path, data)
    blocks = list(_blocks(text))
    if path.suffix.lower() == ".vtt":
        blocks = _after_head(path, blocks)
    cues = [speech for cue in _cues(path, blocks) for speech in _voices(cue)]
    if not any(cue.speaker for cue in cues):
        cues = _named(cues)
    whole, turns = join(_merged(cues))
    if not turns:
        raise FormatError(path, "holds no text.", hint="Check that this is the right file.")
    turns, guessed = assign_roles(turns, whole, name=path.stem)
    if not any(turn.speaker for turn in turns):
        guessed = (f"{path.stem}: no cue names a speaker, so each sentence is a turn of nobody.",)
    return Study((Transcript(path.stem, whole, turns),), notes=notes + guessed)


def _blocks(text: str) -> Iterator[_Block]:
    lines = re.split(r"\r\n|\n|\r", text)
    numbered = enumerate(lines, start=1)
    for filled, group in groupby(numbered, key=lambda one: bool(one[1].strip())):
        if filled:
            first, *rest = group
            yield _Block(first[0], (first[1], *(line for _, line in rest)))


def _after_head(path: Path, blocks: Sequence[_Block]) -> list[_Block]:
    first = blocks[0] if blocks else _Block(1, ("",))
    if not re.match(r"WEBVTT(?:\s|$)", first.lines[0]):
        raise FormatError(
            path,
            "lacks the WEBVTT line that every .vtt file begins with.",
            place=f"line {first.line}",
            hint="Export the captions again.",
        )
    # A cue may follow the head without a blank line between them.
    cue = next((at for at, line in enumerate(first.lines) if "-->" in line), None)
    rest = list(blocks[1:])
    return rest if cue is None else [_Block(first.line + cue, first.lines[cue:]), *rest]


def _cues(path: Path, blocks: Sequence[_Block]) -> list[Speech]:
    """Cues in order; a block without times continues the cue before it."""
    cues: list[tuple[Speech, list[str]]] = []
    for block in blocks:
        timing = next((at for at, line in enumerate(block.lines[:2]) if "-->" in line), None)
        if timing is not None:
            cues.append((_cue(path, block, timing), list(block.lines[timing + 1 :])))
        elif _NOT_A_CUE.match(block.lines[0]) or _is_id(block):
            continue
        elif cues:
            cues[-1][1].extend(block.lines)
        else:
            raise _broken(path, block.line)
    return [replace(cue, text="\n".join(lines)) for cue, lines in cues]


def _is_id(block: _Block) -> bool:
    only = block.lines[0].strip()
    return len(block.lines) == 1 and any(map(str.isdigit, only)) and bool(_ID.fullmatch(only))


def _cue(path: Path, block: _Block, timing: int) -> Speech:
    match = _TIMING.fullmatch(block.lines[timing])
    if match is None:
        raise _broken(path, block.line + timing)
    return Speech("", begins=_seconds(match[1]), ends=_seconds(match[2]))


def _broken(path: Path, line: int) -> FormatError:
    return FormatError(
        path,
        "has no readable times where a cue should begin.",
        place=f"line {line}",
        hint="A cue begins with a line like 00:00:01.000 --> 00:00:04.000.",
    )


def _seconds(stamp: str) -> float:
    total = 0.0
    for part in stamp.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def _voices(cue: Speech) -> Iterator[Speech]:
    """Split a cue into its voices and take the markup out."""
    before, *rest = _VOICE.split(cue.text)
    spoken = [("", before), *zip(rest[::2], rest[1::2], strict=True)]
    for name, text in spoken:
        plain = html.unescape(_TAG.sub("", text))
        words = " ".join(plain.split())
        if words:
            speaker = " ".join(html.unescape(name).split()) or None
            yield replace(cue, text=words, speaker=speaker)


def _named(cues: Sequence[Speech]) -> list[Speech]:
    """Take ``Name: text`` apart (Zoom); a cue without a name continues the one before it."""
    labels = [colon_label(cue.text, 0, len(cue.text)) for cue in cues]
    keys = [key_of(label.name) if label else "" for label in labels]
    times = Counter(keys)
    most = len(keys) - times[""] > _MOST * len(keys)
    named: list[Speech] = []
    speaker: str | None = None
    for cue, label, key in zip(cues, labels, keys, strict=True):
        text = cue.text
        if label and (most or times[key] > 1 or role_of(label.name) != "unknown"):
            speaker, text = label.name, text[label.speech :]
        named.append(replace(cue, text=text, speaker=speaker))
    return named


def _merged(cues: Sequence[Speech]) -> Iterator[Speech]:
    """Join cues that follow each other: one speaker's to a turn, nobody's to a sentence."""
    groups: list[list[Speech]] = []
    for cue in (cue for cue in cues if cue.text.strip()):
        last = groups[-1][-1] if groups else None
        if last is None or last.speaker != cue.speaker or _is_over(last):
            groups.append([])
        groups[-1].append(cue)
    for group in groups:
        yield replace(group[0], text=" ".join(cue.text for cue in group), ends=group[-1].ends)


def _is_over(cue: Speech) -> bool:
    return cue.speaker is None and bool(_SENTENCE_END.search(cue.text))
