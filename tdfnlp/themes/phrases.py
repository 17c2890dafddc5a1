"""Key phrases of themes, out of what participants said: a first wording, made by counting."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|[.,;:!?]")
_LONGEST = 3
_PHRASES = 3
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
    """Word each group by the phrases that set it apart from the others.

    Phrases are runs of up to three words that neither begin nor end with a stop word (after RAKE;
    Rose et al. 2010), weighted by class-based TF-IDF (Grootendorst 2022): how many of a group's
    texts hold one, typical ones counting most, times how seldom it is elsewhere.

    Parameters
    ----------
    groups : sequence of sequence of str
        Texts of each group, the most typical first.

    Returns
    -------
    list of str
        Up to three phrases for each, "" where a group has none.

    Examples
    --------
    >>> name_groups([["The form is long.", "A form in the post."], ["I trust the scan."]])
    ['Form, long, post', 'Trust the scan']
    """
    stop = _stop_words()
    found = [[set(phrases(text, stop)) for text in texts] for texts in groups]
    everywhere = Counter(phrase for texts in found for some in texts for phrase in some)
    mean = sum(map(len, groups)) / max(len(groups), 1)
    return [_wording(texts, everywhere, mean) for texts in found]


def phrases(text: str, stop: frozenset[str]) -> Iterator[str]:
    """Give phrases of one to three words, stop words only between them, in lower case."""
    run: list[str] = []
    for word in (*_WORD.findall(text.lower().replace("\u2019", "'")), "."):
        if word[0].isalpha():
            run.append(word.removesuffix("'s"))
            continue
        yield from _parts(run, stop)
        run = []


def _parts(run: Sequence[str], stop: frozenset[str]) -> Iterator[str]:
    full = [len(word) > 2 and word not in stop and "'" not in word for word in run]
    for start in (place for place, one in enumerate(full) if one):
        for end in range(start + 1, min(start + _LONGEST, len(run)) + 1):
            if full[end - 1]:
                yield " ".join(run[start:end])


def _wording(texts: Sequence[set[str]], everywhere: Counter[str], mean: float) -> str:
    scores: dict[str, float] = defaultdict(float)
    counts = Counter(phrase for some in texts for phrase in some)
    for place, some in enumerate(texts):
        for phrase in some:
            scores[phrase] += 1 / (1 + place / 4)
    for phrase, number in counts.items():
        rare = math.log(1 + mean / everywhere[phrase])
        # A longer phrase says more, but one that only one person used says little of a theme.
        scores[phrase] *= rare * (1 + 0.3 * phrase.count(" ")) * (2 if number > 1 else 1)
    taken: list[str] = []
    used: set[str] = set()
    for phrase in sorted(scores, key=lambda one: (-scores[one], one)):
        stems = {_stem(word) for word in phrase.split()}
        if not stems & used:
            used |= stems
            taken.append(phrase)
        if len(taken) == _PHRASES:
            break
    return _capital(", ".join(taken))


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words: Iterable[str] = ENGLISH_STOP_WORDS
    return frozenset(words) | _TALK
