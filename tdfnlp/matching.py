"""Quotes found again: the references of a code export, at their places in the transcripts.

NVivo's export of a code has no positions. Each quote is looked for in the transcript of the same
name: as it stands, then without regard to white space, signs, accents and case, then by likeness.
"""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from .coding import Coding, Study
from .folding import fold, is_edge, nearest_edge
from .transcript import Transcript

How = Literal["exact", "normalised", "fuzzy"]

CUTOFF = 90.0
"""Least likeness, 0 to 100: share of characters that a quote and its place have in common."""

_SHORTEST, _LONGEST, _END = 15, 1000, 400  # characters of a quote that likeness is asked about
_BUDGET = 2 * 10**10  # quote times transcript, in characters: some seconds of looking for likeness
_MOST_PLACES = 1000
_VOTES = 5
_SNUG, _NEAR = 12, 40


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a quote stands, and how it was found."""

    start: int
    end: int
    how: How
    score: float = 100.0

    @property
    def note(self) -> str:
        return f"matched: {self.how}" + (f" {self.score:.0f}" if self.how == "fuzzy" else "")


@dataclass(slots=True)
class _Budget:
    left: int = _BUDGET


@dataclass
class _Page:
    """A transcript, with what is worked out once for all quotes."""

    transcript: Transcript
    budget: _Budget
    verbatim: dict[str, tuple[_Place, ...]] = field(default_factory=dict)
    alike: dict[str, tuple[_Place, ...]] = field(default_factory=dict)

    @cached_property
    def folded(self) -> tuple[str, "array[int]"]:
        return fold(self.transcript.text)


def locate(exports: Study, transcripts: Sequence[Transcript]) -> Study:
    """Find the quotes of an export again.

    Parameters
    ----------
    exports : Study
        What ``formats.read`` makes of a code export: transcripts that consist of the quotes, and
        codings whose spans are the quotes, in the order of the document.
    transcripts : sequence of Transcript
        The transcripts themselves, with unique ids.

    Returns
    -------
    Study
        The transcripts, and a coding for each quote that was found; its note says how. A source
        without a transcript stays what it was, after the transcripts. A quote
        that stands at several places goes where the order of its code's references puts it, else
        to the first. Notes say, per source, what was found, how, and what was not.
    """
    quotes = {one.id: one.text for one in exports.transcripts}
    budget = _Budget()
    pages = [_Page(one, budget) for one in transcripts]
    sources: dict[str, list[Coding]] = {}
    for coding in exports.codings:
        if coding.transcript in quotes:
            sources.setdefault(coding.transcript, []).append(coding)
    codings: list[Coding] = []
    notes = list(exports.notes)
    left: list[str] = []
    for name, some in sources.items():
        page = _page_of(name, [quotes[name][one.start : one.end] for one in some], pages)
        title = f"{name} ({', '.join(dict.fromkeys(' > '.join(one.code) for one in some))})"
        if page is None:
            left.append(name)
            codings += some
            notes.append(f"{title}: no transcript has this name or its quotes; these stand in.")
            continue
        placed, said = _place_all(title, some, quotes[name], page)
        codings += placed
        notes += said
    if budget.left <= 0:
        notes.append(
            "So many quotes differ from the transcripts that likeness was not asked for all of "
            "them. Check that export and transcripts belong together."
        )
    kept = [one for one in exports.transcripts if one.id in left]
    return Study((*transcripts, *kept), tuple(codings), tuple(notes), exports.codes)


def _key(name: str) -> str:
    """One spelling of a source's name: without folder, suffix, number of a copy, and signs."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", re.split(r"[/\\]", name)[-1])
    stem = re.sub(r" \(\d{1,4}\)$", "", stem)
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", stem).casefold()))


def _page_of(name: str, quotes: Sequence[str], pages: Sequence[_Page]) -> _Page | None:
    """Find the transcript of a source: by its name, else by where its longest quotes stand."""
    named = [page for page in pages if page.transcript.id == name]
    named = named or [page for page in pages if _key(page.transcript.id) == _key(name)]
    longest = sorted(dict.fromkeys(quotes), key=len, reverse=True)[:_VOTES]
    for some in (named, pages):
        votes = [sum(bool(_verbatim(page, quote)) for quote in longest) for page in some]
        if any(votes):
            return some[votes.index(max(votes))]
    return named[0] if named else None


def _place_all(
    title: str, codings: Sequence[Coding], quotes: str, page: _Page
) -> tuple[list[Coding], list[str]]:
    sequences: dict[tuple[str, ...], list[int]] = {}
    for at, coding in enumerate(codings):
        sequences.setdefault(coding.code, []).append(at)
    places: dict[int, _Place] = {}
    unsure = 0
    for ats in sequences.values():
        some = [codings[at] for at in ats]
        chosen, doubts = _choose(some, [_find(page, quotes[one.start : one.end]) for one in some])
        unsure += doubts
        places |= {at: place for at, place in zip(ats, chosen, strict=True) if place}
    placed = [_moved(codings[at], place, page) for at, place in sorted(places.items())]
    return placed, list(_report(title, page.transcript.id, len(codings), places.values(), unsure))


def _moved(coding: Coding, place: _Place, page: _Page) -> Coding:
    note = "; ".join(filter(None, (coding.note, place.note)))
    return replace(
        coding, transcript=page.transcript.id, start=place.start, end=place.end, note=note
    )


def _report(
    title: str, page: str, total: int, places: Iterable[_Place], unsure: int
) -> Iterator[str]:
    ways = Counter(place.how for place in places)
    found = sum(ways.values())
    yield (
        f"{title}: {found} of {total} quotes were found in {page}: {ways['exact']} as they stand, "
        f"{ways['normalised']} but for spacing and signs, {ways['fuzzy']} by likeness "
        f"({CUTOFF:.0f} of 100 or more)."
    )
    if found < total:
        yield f"{title}: {total - found} quotes were not found in {page} and were left out."
    if unsure:
        yield (
            f"{title}: {unsure} quotes stand at several places in {page}; the first that fits the "
            "order of the references was taken."
        )


def _choose(
    codings: Sequence[Coding], found: Sequence[tuple[_Place, ...]]
) -> tuple[list[_Place | None], int]:
    """Choose a place for each reference of one code, which are in the order of the document.

    The first place that is not before the last one keeps most choice for those that follow.
    Returns the places, and for how many the order left a doubt.
    """
    sure = [places[0].start for places in found if len(places) == 1]
    ordered = sure == sorted(sure)
    left = Counter(places for places in found if len(places) > 1)
    limits = _limits(found)
    chosen: list[_Place | None] = []
    taken: set[_Place] = set()
    last = unsure = 0
    for at, places in enumerate(found):
        left[places] -= 1
        if at and codings[at] == codings[at - 1]:  # one reference, several coders
            chosen.append(chosen[-1])
            continue
        fits = [p for p in places if last <= p.start <= limits[at] and p not in taken]
        pick = fits[0] if ordered and fits else next(iter(places), None)
        chosen.append(pick)
        if pick:
            taken.add(pick)
            last = max(last, pick.start)
        if len(places) > 1:
            unsure += not (ordered and 1 <= len(fits) <= left[places] + 1)
    return chosen, unsure


def _limits(found: Sequence[tuple[_Place, ...]]) -> list[float]:
    """For each reference, where the next one begins that stands at a single place."""
    limits: list[float] = []
    limit = float("inf")
    for places in reversed(found):
        limits.append(limit)
        if len(places) == 1:
            limit = places[0].start
    return limits[::-1]


def _find(page: _Page, quote: str) -> tuple[_Place, ...]:
    """All places of a quote, in order; of the likest one only where it stands nowhere."""
    found = _verbatim(page, quote)
    if not found and quote not in page.alike:
        place = _likest(page, fold(quote)[0].strip())
        page.alike[quote] = (place,) if place else ()
    return found or page.alike[quote]


def _verbatim(page: _Page, quote: str) -> tuple[_Place, ...]:
    if quote not in page.verbatim:
        page.verbatim[quote] = _every_place(page, quote)
    return page.verbatim[quote]


def _every_place(page: _Page, quote: str) -> tuple[_Place, ...]:
    text, quote = page.transcript.text, quote.strip()
    exact = [_Place(at, at + len(quote), "exact") for at in _occurrences(quote, text)]
    if not exact:
        folded, starts = page.folded
        words = fold(quote)[0].strip()
        exact = [
            _Place(starts[at], starts[at + len(words) - 1] + 1, "normalised")
            for at in _occurrences(words, folded)
        ]
    whole = [place for place in exact if is_edge(text, place.start) and is_edge(text, place.end)]
    return tuple(whole or exact)


def _occurrences(quote: str, text: str) -> Iterator[int]:
    at = text.find(quote) if quote else -1
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        yield at
        at = text.find(quote, at + len(quote))


def _likest(page: _Page, words: str) -> _Place | None:
    """Find the place that is most like a quote; of a long quote its two ends are looked for."""
    if len(words) < _SHORTEST:
        return None
    if len(words) <= _LONGEST:
        span = _aligned(page, words)
    else:
        first, last = _aligned(page, words[:_END]), _aligned(page, words[-_END:])
        if not first or not last or not 0.8 < (last[1] - first[0]) / len(words) < 1.25:
            return None
        span = first[0], last[1], min(first[2], last[2])
    if span is None:
        return None
    text, starts = page.transcript.text, page.folded[1]
    start = nearest_edge(text, starts[span[0]])
    end = nearest_edge(text, starts[span[1] - 1] + 1)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].rstrip())
    return _Place(start, end, "fuzzy", span[2]) if start < end else None


def _aligned(page: _Page, words: str) -> tuple[int, int, float] | None:
    from rapidfuzz.fuzz import partial_ratio_alignment

    text = page.folded[0]
    page.budget.left -= len(words) * len(text)
    if page.budget.left <= 0 or len(text) < len(words):
        return None
    found = partial_ratio_alignment(words, text, score_cutoff=CUTOFF)
    if found is None or found.dest_start == found.dest_end:
        return None
    return *_snug(page, words, found.dest_start, found.dest_end), found.score


def _snug(page: _Page, words: str, start: int, end: int) -> tuple[int, int]:
    """Move the ends to where the quote's own first and last characters stand nearby.

    The window that likeness gives is as long as the quote, also where words were added or left out.
    """
    text, size = page.folded[0], min(_SNUG, len(words) // 2)
    first = text.find(words[:size], max(start - _NEAR, 0), start + _NEAR + size)
    last = text.rfind(words[-size:], max(end - _NEAR - size, 0), end + _NEAR)
    start = first if first >= 0 else start
    return start, last + size if last + size > start and last >= 0 else end
