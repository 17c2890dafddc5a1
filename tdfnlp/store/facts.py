"""Rows on the study as a whole: how it is coded, and which models were chosen for it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ..errors import InputError
from .database import now
from .records import Settings, Used
from .schema import meta
from .texts import count_units


def read_settings(connection: Connection) -> Settings:
    """Read how the study is coded."""
    return Settings(**(_read(connection, "settings") or {}))


def change_settings(connection: Connection, changes: Mapping[str, float]) -> Settings:
    """Change settings, by name, where they make sense."""
    before = read_settings(connection)
    settings = replace(before, **changes)  # type: ignore[arg-type]
    if not (0 <= settings.audit_share <= 1 and 0 <= settings.double_share <= 1):
        raise InputError("The audit's and the double-coded share lie between 0 and 1.")
    if not settings.lease_minutes > 0:
        raise InputError("A question stays with its coder for some minutes: more than 0.")
    if settings.seed != before.seed and count_units(connection):
        raise InputError("The seed cannot change any more: the study has utterances.")
    _write(connection, "settings", asdict(settings))
    return settings


def use_model(connection: Connection, model: str, folder: str) -> None:
    """Add a model to those that were chosen."""
    used = [*(_read(connection, "models") or []), {"model": model, "folder": folder, "when": now()}]
    _write(connection, "models", used)


def read_models(connection: Connection) -> tuple[Used, ...]:
    """Give the models that were chosen, the last one last."""
    return tuple(Used(**one) for one in _read(connection, "models") or [])


def _read(connection: Connection, key: str) -> Any:
    return connection.scalars(select(meta.c.value).where(meta.c.key == key)).one_or_none()


def _write(connection: Connection, key: str, value: object) -> None:
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=value))
