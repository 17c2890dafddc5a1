"""Themes: passages of a domain that say the same sort of thing.

The program groups and words them as a starting point; people name, split, merge and move. What
coders coded more finely than by domain is a theme already, and stays theirs. Every change is
appended to the study and done again when it is read, so nothing is ever lost.
"""

from collections.abc import Iterable
from dataclasses import replace

from ..codebook import Code
from ..coding import Study
from ..store import Store
from .editing import keep, merge, move, rename, split, undo
from .passages import Passage, Person, outside, passages, person
from .standing import current, vectors_of, with_passages
from .state import Theme, propose, themes_of

__all__ = [
    "Passage",
    "Person",
    "Theme",
    "as_codes",
    "current",
    "keep",
    "merge",
    "move",
    "outside",
    "passages",
    "person",
    "propose",
    "rename",
    "split",
    "themed_study",
    "themes_of",
    "undo",
    "vectors_of",
    "with_passages",
]


def as_codes(themes: Iterable[Theme]) -> tuple[Code, ...]:
    """Child codes of the domains for themes that people named; codes of theirs stay as they are."""
    return tuple(
        Code((one.domain, one.name), one.domain) for one in themes if one.code is None and one.by
    )


def themed_study(store: Store) -> Study:
    """Give the study with named themes as child codes: what is exported.

    A coding of a bare domain gets the theme's code where its passage is in a theme that people
    named, or was moved into one that is a code. Wording that nobody has looked at is not exported
    as if people had coded it.
    """
    study, numbers = store.study(), store.numbers()
    themes, found = with_passages(store)
    bare = {(one.number, one.domain) for one in found if one.code is None}
    codes: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = {
        (number, (one.domain,)): one.code or (one.domain, one.name)
        for one in themes
        if one.by
        for number in one.members
        if (number, one.domain) in bare
    }
    codings = tuple(
        replace(
            one,
            code=codes.get(
                (numbers.get((one.transcript, one.start, one.end), 0), one.code), one.code
            ),
        )
        for one in study.codings
    )
    return replace(study, codings=codings, codes=(*study.codes, *as_codes(themes)))
