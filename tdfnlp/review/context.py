"""A passage among its neighbours, cut to what a coder needs to see, with identifiers marked.

Text leaves as pieces, each with the kind of identifier it may be: the page joins them as text, so
that nobody counts characters twice and nothing said can become markup.
"""

import re
from collections.abc import Sequence

from ..identifiers import Identifier, find_identifiers
from ..transcript import Transcript, Utterance

AROUND = 2
"""How many turns before and after are shown."""
WORDS = 80
"""How much is shown of each neighbour, in words."""
_WORD = re.compile(r"\S+")

Piece = dict[str, str | None]


def context(transcript: Transcript, unit: Utterance) -> dict[str, object]:
    """Give a passage, the rest of its turn, the question and the turns around it."""
    before = list(range(max(0, unit.turn - AROUND), unit.turn))
    asked = _asked(transcript, unit)
    far = asked is not None and asked not in before
    if asked is not None and far:
        before.insert(0, asked)
    after = range(unit.turn + 1, min(len(transcript.turns), unit.turn + 1 + AROUND))
    turn = transcript.turns[unit.turn]
    shown = [transcript.turns[place] for place in (*before, unit.turn, *after)]
    marks = [mark for one in shown for mark in _marks(transcript.text, one.start, one.end)]
    text = transcript.text

    def neighbour(place: int) -> dict[str, object]:
        one = transcript.turns[place]
        last = place < unit.turn and place != asked
        cut = _last_words if last else _first_words
        return {
            "speaker": one.speaker,
            "role": one.role,
            "asked": place == asked,
            "gap": far and place == asked,
            "pieces": cut(text, one.start, one.end, marks),
        }

    return {
        "before": [neighbour(place) for place in before],
        "lead": _last_words(text, turn.start, unit.start, marks),
        "pieces": pieces(text, unit.start, unit.end, marks),
        "rest": _first_words(text, unit.end, turn.end, marks),
        "after": [neighbour(place) for place in after],
    }


def pieces(text: str, start: int, end: int, marks: Sequence[Identifier]) -> list[Piece]:
    """Cut a stretch of text where identifiers begin and end."""
    found: list[Piece] = []
    place = start
    for mark in marks:
        low, high = max(mark.start, place), min(mark.end, end)
        if low >= high:
            continue
        found += [_piece(text[place:low]), _piece(text[low:high], mark.kind)]
        place = high
    found.append(_piece(text[place:end]))
    return [one for one in found if one["text"]]


def _piece(text: str, kind: str | None = None) -> Piece:
    return {"text": text, "kind": kind}


def _asked(transcript: Transcript, unit: Utterance) -> int | None:
    """Give the turn that holds the question of a passage."""
    if not unit.question:
        return None
    for place in range(unit.turn - 1, -1, -1):
        turn = transcript.turns[place]
        if turn.role == "interviewer" and transcript.text[turn.start : turn.end] == unit.question:
            return place
    return None


def _marks(text: str, start: int, end: int) -> list[Identifier]:
    return [
        Identifier(one.kind, start + one.start, start + one.end)
        for one in find_identifiers(text[start:end])
    ]


def _first_words(text: str, start: int, end: int, marks: Sequence[Identifier]) -> list[Piece]:
    words = list(_WORD.finditer(text, start, end))
    if len(words) <= WORDS:
        return pieces(text, start, end, marks)
    return [*pieces(text, start, words[WORDS - 1].end(), marks), _piece(" …")]


def _last_words(text: str, start: int, end: int, marks: Sequence[Identifier]) -> list[Piece]:
    words = list(_WORD.finditer(text, start, end))
    if len(words) <= WORDS:
        return pieces(text, start, end, marks)
    return [_piece("… "), *pieces(text, words[-WORDS].start(), end, marks)]
