"""Themes as they stand: proposals, and over them what people did, done again in order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..framework import DOMAINS
from ..store import ThemeChange
from .grouping import Vector, group, typicality
from .passages import Passage
from .phrases import name_groups

NAMELESS = "No key phrase"


@dataclass(frozen=True, slots=True)
class Theme:
    """Passages of one domain that say the same sort of thing.

    Attributes
    ----------
    key : str
        What it is called in the record; stays when the theme is named anew.
    domain : str
    name : str
        Its wording.
    members : tuple of int
        Numbers of its utterances.
    code : tuple of str or None
        The code's path where coders gave it, None for a theme made by grouping.
    by : str
        Who worded it: "" where the program proposed it, "coders" where it is a code of theirs.
    kept : bool
        Whether it is in the study's record; a proposal that is not may change with more answers.
    """

    key: str
    domain: str
    name: str
    members: tuple[int, ...]
    code: tuple[str, ...] | None = None
    by: str = ""
    kept: bool = False


@dataclass(slots=True)
class _Draft:
    domain: str
    name: str
    members: set[int] = field(default_factory=set)
    code: tuple[str, ...] | None = None
    by: str = ""
    kept: bool = False


def themes_of(
    passages: Sequence[Passage],
    changes: Iterable[ThemeChange],
    vectors: Mapping[int, Vector],
) -> tuple[Theme, ...]:
    """Give the themes that hold now: what was kept and changed, and proposals for the rest.

    In the order of the domains, the largest first. A passage that is no longer confirmed in its
    domain drops out; a theme without passages is left out.
    """
    drafts = _replayed(changes)
    free = {(one.number, one.domain) for one in passages if one.code is None}
    for draft in drafts.values():
        draft.members = {one for one in draft.members if (one, draft.domain) in free}
    _add_codes(drafts, passages)
    held = {(one, draft.domain) for draft in drafts.values() for one in draft.members}
    left = [one for one in passages if (one.number, one.domain) not in held]
    _add_proposals(drafts, propose(left, vectors))
    return _finished(drafts)


def propose(passages: Sequence[Passage], vectors: Mapping[int, Vector]) -> tuple[Theme, ...]:
    """Group passages inside each domain and direction; nothing is kept.

    Mixed, neutral and undirected passages of a domain are grouped together, being few.
    """
    cells: dict[tuple[int, str], list[Passage]] = defaultdict(list)
    for one in passages:
        side = one.valence if one.valence in ("barrier", "facilitator") else "other"
        cells[DOMAINS.index(one.domain), side].append(one)
    groups: list[list[Passage]] = []
    for _, cell in sorted(cells.items()):
        rows = np.stack([vectors[one.number] for one in cell])
        labels = group(rows)
        for label in range(labels.max() + 1):
            (places,) = np.nonzero(labels == label)
            typical = places[np.argsort(-typicality(rows[places]), kind="stable")]
            groups.append([cell[place] for place in typical])
    names = name_groups([[one.utterance.text for one in some] for some in groups])
    return tuple(
        Theme(
            key_of(some[0].domain, [one.number for one in some]),
            some[0].domain,
            name or NAMELESS,
            tuple(sorted(one.number for one in some)),
        )
        for some, name in zip(groups, names, strict=True)
    )


def key_of(*parts: object) -> str:
    """Name a theme after what it was made of, so that the same proposal has the same key."""
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:12]


def holding(changes: Iterable[ThemeChange]) -> tuple[ThemeChange, ...]:
    """Give the changes that hold: not taken back, nor the taking back itself."""
    given = tuple(changes)
    gone = {one.data["undoes"] for one in given if one.kind == "undo"}
    return tuple(one for one in given if one.kind != "undo" and one.id not in gone)


def _replayed(changes: Iterable[ThemeChange]) -> dict[str, _Draft]:
    """Do changes again; one whose theme is gone, as when two coders change it at once, is left."""
    drafts: dict[str, _Draft] = {}
    for change in holding(changes):
        wanted = change.data.get("into") or change.data.get("theme")
        if change.kind == "keep" or wanted in drafts:
            _DO[change.kind](drafts, change.data, change.coder)
    return drafts


def _keep(drafts: dict[str, _Draft], data: Mapping[str, Any], _: str) -> None:
    held = {(one, draft.domain) for draft in drafts.values() for one in draft.members}
    for one in data["themes"]:
        code = tuple(one["code"]) if one["code"] else None
        fresh = _Draft(one["domain"], one["name"], set(), code, "coders" if code else "", True)
        draft = drafts.setdefault(one["key"], fresh)
        draft.members |= {
            number for number in one["members"] if (number, one["domain"]) not in held
        }


def _name(drafts: dict[str, _Draft], data: Mapping[str, Any], coder: str) -> None:
    draft = drafts[data["theme"]]
    draft.name, draft.by = data["name"], coder


def _merge(drafts: dict[str, _Draft], data: Mapping[str, Any], coder: str) -> None:
    into = drafts[data["into"]]
    for key in data["themes"]:
        if key != data["into"] and key in drafts:
            into.members |= drafts.pop(key).members
    into.by = into.by or coder


def _split(drafts: dict[str, _Draft], data: Mapping[str, Any], coder: str) -> None:
    old = drafts[data["theme"]]
    new = _Draft(old.domain, data["name"], set(data["members"]) & old.members, None, coder, True)
    old.members -= new.members
    drafts[data["new"]] = new


def _move(drafts: dict[str, _Draft], data: Mapping[str, Any], coder: str) -> None:
    into = drafts[data["into"]]
    moved = set(data["members"])
    for draft in drafts.values():
        if draft.domain == into.domain:
            draft.members -= moved
    into.members |= moved
    into.by = into.by or coder


_DO = {"keep": _keep, "name": _name, "merge": _merge, "split": _split, "move": _move}


def _add_codes(drafts: dict[str, _Draft], passages: Iterable[Passage]) -> None:
    for one in passages:
        if one.code:
            key = key_of(one.domain, one.code)
            draft = drafts.setdefault(
                key, _Draft(one.domain, one.code[-1], code=one.code, by="coders")
            )
            draft.members.add(one.number)


def _add_proposals(drafts: dict[str, _Draft], proposals: Iterable[Theme]) -> None:
    for one in proposals:
        drafts.setdefault(one.key, _Draft(one.domain, one.name)).members |= set(one.members)


def _finished(drafts: Mapping[str, _Draft]) -> tuple[Theme, ...]:
    order = sorted(
        ((key, draft) for key, draft in drafts.items() if draft.members),
        key=lambda pair: (
            DOMAINS.index(pair[1].domain),
            -len(pair[1].members),
            pair[1].name,
            pair[0],
        ),
    )
    taken: set[tuple[str, str]] = set()
    themes = []
    for key, draft in order:
        name, number = draft.name, 1
        while (draft.domain, name.casefold()) in taken:
            number += 1
            name = f"{draft.name} ({number})"
        taken.add((draft.domain, name.casefold()))
        members = tuple(sorted(draft.members))
        themes.append(Theme(key, draft.domain, name, members, draft.code, draft.by, draft.kept))
    return tuple(themes)
