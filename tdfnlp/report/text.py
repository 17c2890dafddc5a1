"""Text of a study made fit for print: no control characters, nothing endless."""

import re

# Control characters and lone surrogates cannot stand in XML; bidirectional overrides would turn
# the rest of a line round.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTE_WORDS = 90
_QUOTE_CHARACTERS = 700
_NAME_CHARACTERS = 120


def plain(text: str) -> str:
    r"""Leave out what cannot be printed, and make one line of it.

    Examples
    --------
    >>> plain("We \x07 have\n no time.")
    'We have no time.'
    """
    return " ".join(_SURROGATE.sub("\ufffd", _UNPRINTABLE.sub("", text)).split())


def short(text: str, *, words: int = _QUOTE_WORDS, characters: int = _QUOTE_CHARACTERS) -> str:
    """Cut a long quote at a word, and say so with [...]."""
    parts = plain(text).split(" ")
    kept = " ".join(parts[:words])
    cut = len(parts) > words
    if len(kept) > characters:
        kept, cut = kept[:characters].rpartition(" ")[0] or kept[:characters], True
    return f"{kept} [...]" if cut else kept


def label(text: str) -> str:
    """Name of a speaker, transcript, group or theme, at a length that fits a table."""
    return short(text, words=40, characters=_NAME_CHARACTERS)


def many(count: int, noun: str, plural: str = "") -> str:
    """Say a number with its noun.

    Examples
    --------
    >>> many(1, "person", "people"), many(2, "passage")
    ('1 person', '2 passages')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def percent(part: float, whole: float) -> str:
    """Share in whole percent, "-" of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def listed(names: list[str]) -> str:
    """Join names as a sentence does."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
