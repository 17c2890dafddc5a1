"""One spelling of a text, with the way back to the positions in the text itself."""

import unicodedata
from array import array
from functools import lru_cache

_SIGNS = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")  # noqa: RUF001
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")  # noqa: RUF001
)


def fold(text: str) -> tuple[str, "array[int]"]:
    """Spell a text in one way, whatever program wrote it.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    folded : str
        Without case, accents, ligatures and invisible characters; with plain quotation marks and
        dashes, and one space for each run of white space.
    starts : array of int
        For each character of `folded` the position in `text` that it comes from.
    """
    parts: list[str] = []
    starts = array("L")
    after_space = True
    for at, char in enumerate(text):
        some = _fold_char(char)
        if some == " ":
            if after_space:
                continue
            after_space = True
        elif some:
            after_space = False
        parts.append(some)
        starts.extend([at] * len(some))
    return "".join(parts), starts


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    if char.isspace():
        return " "
    if unicodedata.category(char) in ("Cf", "Cc"):
        return ""
    plain = unicodedata.normalize("NFKD", char.translate(_SIGNS)).casefold()
    kept = (one for one in plain.translate(_SIGNS) if unicodedata.category(one) != "Mn")
    return "".join(kept).replace(" ", "")


def is_edge(text: str, at: int) -> bool:
    """Whether a position cuts no word."""
    return not (0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum())


def nearest_edge(text: str, at: int) -> int:
    """Go to the nearest end of a word, not further than a long word."""
    steps = (one for far in range(40) for one in (at - far, at + far))
    return next((one for one in steps if 0 <= one <= len(text) and is_edge(text, one)), at)
