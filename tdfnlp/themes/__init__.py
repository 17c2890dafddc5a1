"""Themes: passages of a domain that say the same sort of thing.

The program groups and words them as a starting point; people name, split, merge and move. What
coders coded more finely than by domain is a theme already, and stays theirs. Every change is
appended to the study and done again when it is read, so nothing is ever lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..codebook import Code
from ..coding import Study
from ..consensus import settle
from ..errors import InputError
from ..store import Store
from .grouping import Vector
from .passages import Passage, Person, outside, passages, person
from .state import Theme, key_of, propose, themes_of

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
]

_LONGEST = 200


def current(store: Store) -> tuple[Theme, ...]:
    """Give the themes of a study as they stand, with proposals for what nobody has grouped."""
    found = passages(store.units(), settle(store.answers()))
    return themes_of(found, store.theme_changes(), vectors_of(store, found))


def vectors_of(store: Store, found: Sequence[Passage]) -> dict[int, Vector]:
    """Vectors of passages by utterance number; zeros where the study has none."""
    numbers = sorted({one.number for one in found})
    return dict(zip(numbers, store.vectors(numbers), strict=True))


def keep(store: Store, coder: str) -> tuple[Theme, ...]:
    """Keep proposals as they are, so that they stay the same while coding goes on.

    Wording stays marked as proposed until somebody names the theme. Every change below does this
    first.
    """
    themes = current(store)
    data = {
        "themes": [
            {
                "key": one.key,
                "domain": one.domain,
                "name": one.name,
                # Codings say what is in a theme that is a code.
                "members": [] if one.code else list(one.members),
                "code": list(one.code) if one.code else None,
            }
            for one in themes
            if not one.kept
        ]
    }
    if data["themes"]:
        store.change_themes(coder, "keep", data, f"{coder}/{key_of('keep', data)}")
    return themes


def rename(store: Store, coder: str, theme: str, name: str, *, token: str) -> None:
    """Give a theme a wording of one's own; the same again takes the proposed one as one's own.

    Raises
    ------
    InputError
        No such theme, one that is a code of the codebook, or no name.
    """
    _own(_found(keep(store, coder), theme))
    store.change_themes(coder, "name", {"theme": theme, "name": _named(name)}, token)


def merge(store: Store, coder: str, themes: Sequence[str], into: str, *, token: str) -> None:
    """Put themes of one domain together under the name of one of them.

    Raises
    ------
    InputError
        No such theme, themes of several domains, or one that is a code (its passages are coded
        anew instead).
    """
    there = keep(store, coder)
    target = _found(there, into)
    for key in themes:
        one = _found(there, key)
        if one.domain != target.domain:
            raise InputError(f"Themes of {one.domain} and {target.domain} cannot be put together.")
        if one.key != into:
            _own(one)
    store.change_themes(coder, "merge", {"themes": list(themes), "into": into}, token)


def split(
    store: Store, coder: str, theme: str, members: Iterable[int], name: str, *, token: str
) -> str:
    """Take passages out of a theme into a new one of that name; gives the new theme's key.

    Raises
    ------
    InputError
        No such theme, one that is a code, passages that are not in it, or all of them.
    """
    old = _own(_found(keep(store, coder), theme))
    moved = sorted(set(members))
    if not moved or not set(moved) < set(old.members):
        raise InputError("Name some of the theme's passages, and not all of them, to split it.")
    data = {"theme": theme, "members": moved, "name": _named(name)}
    data["new"] = key_of("split", theme, moved, token)
    store.change_themes(coder, "split", data, token)
    return str(data["new"])


def move(store: Store, coder: str, members: Iterable[int], into: str, *, token: str) -> None:
    """Move passages into another theme of the same domain.

    Raises
    ------
    InputError
        No such theme, or passages that are in no grouped theme of that domain.
    """
    there = keep(store, coder)
    target = _found(there, into)
    moved = sorted(set(members))
    movable = {
        one
        for theme in there
        if theme.domain == target.domain and theme.code is None
        for one in theme.members
    }
    if not moved or not set(moved) <= movable:
        raise InputError(
            f"Only passages confirmed in {target.domain}, and not coded more finely, can be moved "
            "into this theme."
        )
    store.change_themes(coder, "move", {"members": moved, "into": into}, token)


def as_codes(themes: Iterable[Theme]) -> tuple[Code, ...]:
    """Child codes of the domains for themes that people named; codes of theirs stay as they are."""
    return tuple(
        Code((one.domain, one.name), one.domain) for one in themes if one.code is None and one.by
    )


def themed_study(store: Store) -> Study:
    """Give the study with named themes as child codes: what is exported.

    A coding of a bare domain gets the theme's code where its passage is in a theme that people
    named. Wording that nobody has looked at is not exported as if people had coded it.
    """
    study, themes = store.study(), current(store)
    numbers = store.numbers()
    codes: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = {
        (number, (one.domain,)): (one.domain, one.name)
        for one in themes
        if one.code is None and one.by
        for number in one.members
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


def _found(themes: Iterable[Theme], key: str) -> Theme:
    for one in themes:
        if one.key == key:
            return one
    raise InputError("This theme is no longer there: somebody changed it. Read the themes anew.")


def _own(theme: Theme) -> Theme:
    if theme.code is not None:
        raise InputError("This theme is a code of the codebook: code its passages anew instead.")
    return theme


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not any(map(str.isalnum, name)) or len(name) > _LONGEST:
        raise InputError(f"A theme needs a name of 1 to {_LONGEST} characters.")
    return name
