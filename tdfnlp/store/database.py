"""Opening a study's database: checked before it is touched, migrated, one writer at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..errors import MissingExtraError, StoreError
from .schema import MIGRATIONS, VERSION, meta

FORMAT = "tdfnlp study"
_LOCK = 0x7DF  # of PostgreSQL's advisory locks: one writer at a time, as in SQLite
_WAIT = 60_000


def now() -> str:
    """Date and time in UTC, to the microsecond, so that it sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_url(where: str | Path) -> bool:
    """Whether a study lies in a database server and not in a file."""
    return isinstance(where, str) and "://" in where


def connect(where: str | Path, *, create: bool) -> Engine:
    """Open a study, make or migrate it where needed.

    Raises
    ------
    StoreError
        It is not there, damaged, no study, newer than this program, or cannot be reached.
    MissingExtraError
        PostgreSQL without its driver.
    """
    if is_url(where):
        engine = _postgres(str(where))
    else:
        path = Path(where)
        if path.exists() and path.stat().st_size:
            _check_file(path)
        elif not create:
            raise StoreError(f"There is no study file at {str(path)!r}.")
        engine = _sqlite(path)
    try:
        _prepare(engine, str(where), create)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view."""
    with _explained(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """All or nothing, durable when the block has ended; writers wait for each other."""
    with _explained(), engine.connect() as plain:
        connection = plain.execution_options(writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"isolation_level": None, "timeout": _WAIT / 1000},
        poolclass=NullPool,
    )

    @event.listens_for(engine, "connect")
    def settle(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_WAIT}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and then writes would fail when another has written.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: str) -> Engine:
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise StoreError(f"A study lies in a file or in PostgreSQL, not in {scheme!r}.")
    try:
        return create_engine(f"postgresql+psycopg://{rest}", pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise MissingExtraError("PostgreSQL needs: pip install 'tdfnlp[postgres]'") from error
    except SQLAlchemyError as error:
        raise StoreError("The address is none: postgresql://user@host/name is needed.") from error


def _check_file(path: Path) -> None:
    """Refuse a damaged or foreign file without changing it."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            found = file.execute("PRAGMA quick_check(1)").fetchone()[0]
            names = {row[0] for row in file.execute("SELECT name FROM sqlite_master")}
    except (sqlite3.DatabaseError, OSError) as error:
        raise StoreError(
            f"{path.name} is no study file or is damaged ({error}). It was not changed; "
            "take it from a backup."
        ) from error
    if found != "ok":
        raise StoreError(f"{path.name} is damaged ({found}). It was not changed; use a backup.")
    if names and "meta" not in names:
        raise StoreError(f"{path.name} is a database of another program. It was not changed.")


def _prepare(engine: Engine, name: str, create: bool) -> None:
    with reading(engine) as connection:
        version = _version(connection, name)
    if version == VERSION:
        return
    if not version and not create:
        raise StoreError(f"There is no study in {_shown(name)}.")
    with writing(engine) as connection:
        for step in MIGRATIONS[_version(connection, name) :]:
            step(connection)
        values = {"format": FORMAT, "version": VERSION}
        there = set(connection.scalars(select(meta.c.key)))
        for key, value in values.items():
            row = {"key": key, "value": value}
            change = update(meta).where(meta.c.key == key) if key in there else insert(meta)
            connection.execute(change.values(**row))
        if "created" not in there:
            connection.execute(insert(meta).values(key="created", value=now()))


def _version(connection: Connection, name: str) -> int:
    if not inspect(connection).has_table(meta.name):
        return 0
    columns = {column["name"] for column in inspect(connection).get_columns(meta.name)}
    values: dict[str, object] = {}
    if columns == {"key", "value"}:
        values = dict(connection.execute(select(meta.c.key, meta.c.value)).tuples().all())
    version = values.get("version")
    if values.get("format") != FORMAT or not isinstance(version, int):
        raise StoreError(f"{_shown(name)} is a database of another program. It was not changed.")
    if version > VERSION:
        raise StoreError(
            f"{_shown(name)} is a study of a newer tdfnlp (format {version}; this one reads up to "
            f"{VERSION}). Update tdfnlp; the study was not changed."
        )
    return version


def _shown(name: str) -> str:
    """Give a place without the password that a URL may hold."""
    return name.rpartition("@")[2] if is_url(name) else Path(name).name


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"The study could not be read or written ({str(error.orig).strip()}). What was "
            "acknowledged before is kept; this was not stored."
        ) from error
