"""A first wording of themes, out of what participants said: a clause of theirs, by counting."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

_BREAK = re.compile(r"[.,;:!?\u2026()\[\]\"\u201c\u201d]+|\s[-\u2013\u2014]+\s")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_FEWEST, _MOST = 3, 10  # words of a clause that can be read at a glance
_ENOUGH = 6  # shorter ones get nothing for it
_OPENINGS = frozenset(
    "and but so or because cause cos well oh um uh er yeah yes no okay then".split()
)
_TALK = frozenset(
    """um uh er erm mm hmm yeah yes no okay ok oh ah well like just really actually basically
    obviously literally kind sort bit lot lots thing things stuff something anything everything
    nothing someone somebody anyone everyone everybody people person know think mean guess say said
    says saying tell told get gets getting got gotten go goes going gone went come comes coming came
    want wanted wants need needs needed make makes made making take takes took taken put give given
    gave look looks looking see seen saw do does doing done did don't doesn't didn't can't couldn't
    won't wouldn't isn't aren't wasn't weren't haven't hasn't hadn't shouldn't i'm i've i'd i'll
    you're you've you'd you'll we're we've we'd we'll they're they've they'd they'll it's it'll
    that's there's what's he's she's let's who's where's here's maybe probably perhaps always never
    sometimes usually quite pretty much many way ways day days time times one ones two three four
    five first back still even though right good bad big little new old sure able try trying tried
    used use using work works working worked different whatever whether else also would could
    should will can may might must shall anyway somewhere cause cos gonna wanna sort-of half thought
    laughs laughing och aye gosh honest
    honestly asked ask feel felt find found
    keep kept start started year years week weeks month months
    """.split()
)


def name_groups(groups: Sequence[Sequence[str]]) -> list[str]:
    """Word each group by a clause out of it, in quotation marks: what a coder calls in vivo.

    It is the clause whose words say most about the group, weighted by class-based TF-IDF
    (Grootendorst 2022): how many of a group's texts hold a word, times how seldom it is elsewhere.
    Clauses of typical texts count most.

    Parameters
    ----------
    groups : sequence of sequence of str
        Texts of each group, the most typical first.

    Returns
    -------
    list of str
        A clause for each, "" where a group has none.

    Examples
    --------
    >>> name_groups([["The form. Well, the form takes ages."], ["Um, yeah."]])
    ['“the form takes ages”', '']
    """
    stop = _stop_words()
    found = [[_stems(_WORD.findall(text), stop) for text in texts] for texts in groups]
    everywhere = Counter(stem for texts in found for some in texts for stem in some)
    number = sum(map(len, groups))
    wordings = []
    for texts, stems in zip(groups, found, strict=True):
        here = Counter(stem for some in stems for stem in some)
        weights = {
            # What a single text says, says little of a theme.
            stem: count * math.log(1 + number / everywhere[stem]) * (1 if count > 1 else 0.3)
            for stem, count in here.items()
        }
        wordings.append(_best(texts, weights, stop))
    return wordings


def clauses(text: str) -> Iterator[list[str]]:
    """Give the words of each clause of three to ten words, without "and", "well" before it."""
    for part in _BREAK.split(text):
        words = _WORD.findall(part)
        while words and words[0].lower() in _OPENINGS:
            del words[0]
        if _FEWEST <= len(words) <= _MOST:
            yield words


def _best(texts: Sequence[str], weights: dict[str, float], stop: frozenset[str]) -> str:
    best, chosen = 0.0, ""
    for place, text in enumerate(texts):
        for words in clauses(text):
            stems = _stems(words, stop)
            said = sum(weights[stem] for stem in sorted(stems))
            # Of a long clause one has to read more; with one full word it says next to nothing.
            fair = (
                said
                / (1 + math.sqrt(max(len(words), _ENOUGH)))
                / (1 + place / 4)
                / (2 if len(stems) < 2 else 1)
            )
            if fair > best:
                best, chosen = fair, " ".join(words)
    return f"\u201c{chosen}\u201d" if chosen else ""


def _stems(words: Iterable[str], stop: frozenset[str]) -> set[str]:
    lower = (word.lower().replace("\u2019", "'").removesuffix("'s") for word in words)
    return {
        word[:-1] if word.endswith("s") and not word.endswith("ss") else word
        for word in lower
        if len(word) > 2 and word not in stop and "'" not in word and not word.isdecimal()
    }


def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words: Iterable[str] = ENGLISH_STOP_WORDS
    return frozenset(words) | _TALK
