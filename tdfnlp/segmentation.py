"""From turns to utterances: the units that get a label, with exact offsets.

People code passages of one to six sentences, about 30 words in the middle. A turn up to
``WHOLE`` words stays whole. A longer one is cut where the sum of two costs is least: how far each
unit is from ``TARGET`` words, and how bad a place each cut is (a sentence end costs nothing, the
middle of a clause much). That also copes with unpunctuated speech. The search is exact dynamic
programming, linear in the length of the turn (the same idea as Knuth and Plass 1981 on breaking
paragraphs into lines).
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from .transcript import Transcript, Turn, Utterance

if TYPE_CHECKING:
    from spacy.language import Language

TARGET = 30
WHOLE = 45
LONGEST = 70

_SENTENCE, _PAUSE, _COMMA, _LINK, _GAP = 0.0, 0.15, 0.3, 0.4, 1.0
_WORD = re.compile(r"\S+")
_LONG_WORD = 40
_PAUSES = (*";:\N{EM DASH}\N{EN DASH}\N{HORIZONTAL ELLIPSIS}", "...", "--")
_LINKS = frozenset(
    "and but so because cause cos then or if when while whereas although though which um erm uh "
    "well like anyway".split()
)
_BACK_CHANNEL = frozenset(
    "ah aha alright exactly good great hm hmm i lovely mhm mm mmhm no of course oh ok okay "
    "really right see sure thank thanks that's uh uhuh um yeah yep yes you absolutely".split()
)
# spaCy's tokenizer is quadratic on long runs of punctuation; it sees letters in their place.
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG_RUN = re.compile(r"\S{200,}")


def segment(transcripts: Iterable[Transcript]) -> list[Utterance]:
    """Cut the codable speech of transcripts into utterances.

    Interviewer turns are never coded; they are the question of what follows. For every
    utterance ``transcript.text[u.start:u.end] == u.text``. Utterances never overlap, never cross
    a turn, and together cover every character of codable speech but white space.

    Parameters
    ----------
    transcripts : iterable of Transcript

    Returns
    -------
    list of Utterance
        In the order of the transcripts and of their text.

    Examples
    --------
    >>> from tdfnlp.transcript import Transcript, Turn
    >>> text = "How do you decide?  It depends on the day."
    >>> turns = (Turn(0, 18, "I", "interviewer"), Turn(20, 42, "P1", "participant"))
    >>> [(u.text, u.question) for u in segment([Transcript("one", text, turns)])]
    [('It depends on the day.', 'How do you decide?')]
    """
    return [utterance for transcript in transcripts for utterance in _of_transcript(transcript)]


def is_substantial(text: str) -> bool:
    """Whether an interviewer's turn asks or says something, rather than "Mm, okay"."""
    words = [word.strip(".,!?'\N{RIGHT SINGLE QUOTATION MARK}").lower() for word in text.split()]
    return sum(word not in _BACK_CHANNEL and any(map(str.isalnum, word)) for word in words) >= 3


def _of_transcript(transcript: Transcript) -> Iterator[Utterance]:
    question = ""
    for number, turn in enumerate(transcript.turns):
        if turn.role == "interviewer":
            said = transcript.text[turn.start : turn.end]
            question = said if is_substantial(said) else question
            continue
        for start, end in _spans(transcript.text, turn):
            yield Utterance(
                transcript=transcript.id,
                start=start,
                end=end,
                text=transcript.text[start:end],
                turn=number,
                speaker=turn.speaker,
                role=turn.role,
                group=transcript.group,
                begins=turn.begins,
                question=question,
            )


def _spans(text: str, turn: Turn) -> Iterator[tuple[int, int]]:
    words = list(_words(text, turn))
    if not words:
        return
    if len(words) <= WHOLE:
        yield words[0][0], words[-1][1]
        return
    cuts = _best_cuts(_costs(text, turn, words))
    for first, last in pairwise(cuts):
        yield words[first][0], words[last - 1][1]


def _words(text: str, turn: Turn) -> Iterator[tuple[int, int]]:
    """Spans of words; a run of more than 40 characters counts as several."""
    for match in _WORD.finditer(text, turn.start, turn.end):
        start, end = match.span()
        while end - start > _LONG_WORD:
            cut = start + _LONG_WORD
            while cut > start and not _is_safe_cut(text, cut):
                cut -= 1
            if cut == start:  # one letter with very many marks
                cut = start + _LONG_WORD
                while cut < end and not _is_safe_cut(text, cut):
                    cut += 1
                if cut == end:
                    break
            yield start, cut
            start = cut
        yield start, end


def _is_safe_cut(text: str, cut: int) -> bool:
    """Not before a combining mark, a joiner or a low surrogate, nor after a joiner."""
    joiner = "\N{ZERO WIDTH JOINER}"
    return (
        unicodedata.category(text[cut])[0] != "M"
        and not "\udc00" <= text[cut] <= "\udfff"
        and joiner not in text[cut - 1 : cut + 1]
        and not "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}" <= text[cut] <= "\U0001f3ff"
    )


def _costs(text: str, turn: Turn, words: Sequence[tuple[int, int]]) -> list[float]:
    """For each word, what a cut before it costs; the list is one longer than the words."""
    sentence_starts = set(_sentence_starts(text[turn.start : turn.end], turn.start))
    costs = [_SENTENCE]
    for before, word in pairwise(words):
        if before[1] == word[0]:
            costs.append(2 * _GAP)
        elif _holds_one(sentence_starts, before[1], word[0]):
            costs.append(_SENTENCE)
        else:
            costs.append(_clause_cost(text, before, word))
    return [*costs, _SENTENCE]


def _holds_one(starts: set[int], after: int, upto: int) -> bool:
    return any(place in starts for place in range(after, upto + 1))


def _clause_cost(text: str, before: tuple[int, int], word: tuple[int, int]) -> float:
    ahead, said = text[before[0] : before[1]], text[word[0] : word[1]].lower()
    if "\n" in text[before[1] : word[0]] or ahead.endswith(_PAUSES) or ahead == "-":
        return _PAUSE
    if ahead.endswith((",", "\N{ARABIC COMMA}")):
        return _COMMA
    return _LINK if said.strip(",.") in _LINKS else _GAP


def _best_cuts(costs: Sequence[float]) -> list[int]:
    """Positions to cut at, first and last included, of the cheapest way to cut."""
    n = len(costs) - 1
    best = [0.0] + [float("inf")] * n
    came_from = [0] * (n + 1)
    for here in range(1, n + 1):
        for there in range(max(0, here - LONGEST), here):
            cost = best[there] + ((here - there) / TARGET - 1) ** 2 + costs[here]
            if cost < best[here]:
                best[here], came_from[here] = cost, there
    cuts = [n]
    while cuts[-1]:
        cuts.append(came_from[cuts[-1]])
    return cuts[::-1]


def _sentence_starts(text: str, offset: int) -> Iterator[int]:
    clean = _SURROGATE.sub("x", text)
    doc = _pipeline()(_LONG_RUN.sub(lambda run: "x" * len(run[0]), clean))
    for token in doc:
        if token.is_sent_start and not token.is_space:
            start = token.idx
            while start and not text[start - 1].isalnum() and not text[start - 1].isspace():
                start -= 1
            yield offset + start


@lru_cache(maxsize=1)
def _pipeline() -> "Language":
    import spacy

    # English rules keep "Dr." and "e.g." whole; the marks that end sentences cover all scripts.
    pipeline = spacy.blank("en")
    pipeline.max_length = sys.maxsize  # the limit is for parsers; a sentencizer needs no memory
    pipeline.add_pipe("sentencizer")
    return pipeline
