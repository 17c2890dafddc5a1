"""Themes of a study as they stand in its file."""

from collections.abc import Sequence

from ..consensus import settle
from ..store import Store
from .grouping import Vector
from .passages import Passage, passages
from .state import Theme, themes_of


def current(store: Store) -> tuple[Theme, ...]:
    """Give the themes of a study as they stand, with proposals for what nobody has grouped."""
    return with_passages(store)[0]


def with_passages(store: Store) -> tuple[tuple[Theme, ...], tuple[Passage, ...]]:
    """Give the themes of a study as they stand, and the confirmed passages they are made of."""
    found = passages(store.units(), settle(store.answers()))
    return themes_of(found, store.theme_changes(), vectors_of(store, found)), found


def vectors_of(store: Store, found: Sequence[Passage]) -> dict[int, Vector]:
    """Vectors of passages by utterance number; zeros where the study has none."""
    numbers = sorted({one.number for one in found})
    return dict(zip(numbers, store.vectors(numbers), strict=True))
