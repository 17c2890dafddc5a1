"""Looking at a file before it is touched: whether it is a study, whole, and not too new."""

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ..errors import StoreError
from .schema import VERSION

FORMAT = "tdfnlp study"
WAIT = 60_000
"""Milliseconds for which a program waits until others have written."""
_META = "SELECT key, value FROM meta WHERE key IN ('format', 'version')"
_MAGIC = b"SQLite format 3\0"
_LOOKS = 20


def check_file(path: Path) -> int:
    """Refuse a damaged, foreign or newer file without changing it; give its version."""
    if path.is_dir():
        raise StoreError(f"{path.name} is a folder; a study is a file in it.")
    found, values = "", dict[str, object]()
    for _ in range(_LOOKS):
        try:
            before = path.stat()
            found, values = _look(path)
        except (sqlite3.Error, OSError) as error:
            found = str(error)
        # While one looks without locks, somebody may write: then what was seen says nothing.
        if found == "ok" or _same(before, path):
            break
    if found != "ok":
        raise StoreError(
            f"{path.name} is damaged or cannot be read ({found}). It was not changed; take it from "
            "a backup."
        )
    return check_version(values, path.name)


def _same(before: os.stat_result, path: Path) -> bool:
    after = path.stat()
    return (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def _look(path: Path) -> tuple[str, dict[str, object]]:
    """Read a file's state and its facts, and leave no trace.

    A log beside it is of a program that has it open, or that was ended hard: then it counts.
    Without one the file is read as it lies, since SQLite would put two files beside it.
    """
    with path.open("rb") as stream:
        begins = stream.read(len(_MAGIC))
    if begins != _MAGIC:
        return ("it is no database" if begins else "it is empty"), {}
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    uri = f"{path.absolute().as_uri()}?{how}"
    with closing(sqlite3.connect(uri, uri=True, timeout=WAIT / 1000)) as file:
        found = file.execute("PRAGMA quick_check(1)").fetchone()[0]
        columns = {row[1] for row in file.execute("PRAGMA table_info(meta)")}
        rows = file.execute(_META).fetchall() if columns == {"key", "value"} else []
    return found, {key: _fact(value) for key, value in rows}


def _fact(value: object) -> object:
    try:
        return json.loads(str(value))
    except ValueError:  # of another program
        return None


def check_version(values: Mapping[str, object], name: str) -> int:
    """Refuse what is no study, or one of a newer program; give its version."""
    version = values.get("version")
    if values.get("format") != FORMAT or not isinstance(version, int):
        raise StoreError(f"{name} is a database of another program. It was not changed.")
    if version > VERSION:
        raise StoreError(
            f"{name} is a study of a newer tdfnlp (format {version}; this one reads up to "
            f"{VERSION}). Update tdfnlp; the study was not changed."
        )
    return version
