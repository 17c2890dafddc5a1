"""Themes on the page: what they hold, and what coders do to them."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable

from .. import themes
from ..framework import DOMAINS, VALENCES
from ..identifiers import find_identifiers
from ..themes import Passage, Theme, person
from .context import pieces
from .desk import Desk
from .incoming import Change

Json = dict[str, object]
_WORD = re.compile(r"\w+")


def themes_view(desk: Desk, coder: str, domain: str | None) -> Json:
    """Tell the themes of a domain (the first that has any), and how many the others have.

    Passages that the coder may still be asked to code are counted but not shown: others' codes
    must not be known before one's own.
    """
    found, confirmed = themes.with_passages(desk.store)
    counts = Counter(one.domain for one in found)
    chosen = domain or next((one for one in DOMAINS if one in counts), None)
    shown = [one for one in found if one.domain == chosen]
    held: dict[int, list[Passage]] = defaultdict(list)
    for one in confirmed:
        if one.domain == chosen:
            held[one.number].append(one)
    unseen = desk.unseen(coder, held)
    return {
        "domains": [
            {
                "name": name,
                "themes": counts[name],
                "passages": len({one.number for one in confirmed if one.domain == name}),
            }
            for name in DOMAINS
            if name in counts
        ],
        "domain": chosen,
        "kept": all(one.kept for one in found),
        "themes": [_theme(one, held, unseen) for one in shown],
    }


def change_themes(desk: Desk, coder: str, change: Change, domain: str | None) -> Json:
    """Change themes, and tell them as they are then."""
    with desk.themes:
        told = _DO[change.kind](desk, coder, change)
    return themes_view(desk, coder, domain) | told


def _theme(theme: Theme, held: dict[int, list[Passage]], unseen: set[int]) -> Json:
    said = [_meant(theme, held[number]) for number in theme.members]
    sides = Counter(one.valence for one in said)
    # A proposed wording may be a clause of a passage: then it is not shown before that is.
    told = not theme.by and any(
        _words(theme.name) in _words(one.utterance.text) for one in said if one.number in unseen
    )
    return {
        "key": theme.key,
        "name": "Wording not shown yet" if told else theme.name,
        "worded": not told,
        "by": theme.by,
        "code": theme.code is not None,
        "people": len({person(one.utterance) for one in said}),
        "sides": {side: sides[side] for side in VALENCES if sides[side]},
        "count": len(said),
        "unseen": sum(one.number in unseen for one in said),
        "passages": [_passage(one) for one in said if one.number not in unseen],
    }


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _meant(theme: Theme, given: list[Passage]) -> Passage:
    """Give the coding that put an utterance into a theme."""
    return next((one for one in given if one.code == theme.code), given[0])


def _passage(one: Passage) -> Json:
    text = one.utterance.text
    return {
        "utterance": one.number,
        "pieces": pieces(text, 0, len(text), find_identifiers(text)),
        "transcript": one.utterance.transcript,
        "speaker": one.utterance.speaker,
        "valence": one.valence,
        "movable": one.code is None,
    }


def _keep(desk: Desk, coder: str, _change: Change) -> Json:
    themes.keep(desk.store, coder)
    return {}


def _name(desk: Desk, coder: str, change: Change) -> Json:
    themes.rename(desk.store, coder, change.theme, change.name, token=change.token)
    return {"done": change.theme}


def _merge(desk: Desk, coder: str, change: Change) -> Json:
    themes.merge(desk.store, coder, [change.theme], change.into, token=change.token)
    return {"done": change.into}


def _split(desk: Desk, coder: str, change: Change) -> Json:
    new = themes.split(
        desk.store, coder, change.theme, change.members, change.name, token=change.token
    )
    return {"done": new}


def _move(desk: Desk, coder: str, change: Change) -> Json:
    themes.move(desk.store, coder, change.members, change.into, token=change.token)
    return {"done": change.into}


def _undo(desk: Desk, coder: str, change: Change) -> Json:
    undone = themes.undo(desk.store, coder, token=change.token)
    return {"undone": undone.kind if undone else None}


_DO: dict[str, Callable[[Desk, str, Change], Json]] = {
    "keep": _keep,
    "name": _name,
    "merge": _merge,
    "split": _split,
    "move": _move,
    "undo": _undo,
}
