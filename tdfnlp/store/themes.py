"""Rows of theme changes: who kept, named, split, merged or moved what; append-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select

from ..errors import InputError
from .answering import coder_name, coder_number
from .database import now
from .schema import coders, theme_changes

Change = Literal["keep", "name", "merge", "split", "move", "undo"]


@dataclass(frozen=True, slots=True)
class ThemeChange:
    """One row of the append-only record of what was done to themes.

    Attributes
    ----------
    id, token : int, str
        Number in the file; key by which a repeated request is known.
    coder : str
    kind : {"keep", "name", "merge", "split", "move", "undo"}
    data : dict
        What `tdfnlp.themes` needs to do it again.
    when : str
        ISO 8601, UTC.
    """

    id: int
    token: str
    coder: str
    kind: Change
    data: dict[str, Any]
    when: str


def add_change(
    connection: Connection, coder: str, kind: Change, data: Mapping[str, Any], token: str
) -> ThemeChange:
    """Append a change; what is there already under its token is given back."""
    if not token:
        raise InputError("A change of themes needs a token of its own.")
    there = _by_token(connection, token)
    if there is not None:
        if (there.coder, there.kind) != (coder_name(coder), kind):
            raise InputError("This change's token belongs to another change.")
        return there
    values = {
        "token": token,
        "coder": coder_number(connection, coder),
        "kind": kind,
        "data": dict(data),
        "when": now(),
    }
    connection.execute(insert(theme_changes).values(**values))
    stored = _by_token(connection, token)
    assert stored is not None  # noqa: S101 - it was inserted above
    return stored


def read_changes(connection: Connection) -> tuple[ThemeChange, ...]:
    """All changes, in the order in which they were made."""
    query = (
        select(theme_changes, coders.c.name)
        .join(coders, coders.c.id == theme_changes.c.coder)
        .order_by(theme_changes.c.id)
    )
    return tuple(_change(row) for row in connection.execute(query))


def _by_token(connection: Connection, token: str) -> ThemeChange | None:
    query = (
        select(theme_changes, coders.c.name)
        .join(coders, coders.c.id == theme_changes.c.coder)
        .where(theme_changes.c.token == token)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _change(row)


def _change(row: Row[Any]) -> ThemeChange:
    return ThemeChange(row.id, row.token, row.name, row.kind, row.data, row.when)
