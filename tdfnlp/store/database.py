"""Opening a study's database: checked before it is touched, migrated, one writer at a time."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..codebook import TDF_CODEBOOK
from ..errors import MissingExtraError, StoreError
from .checking import FORMAT, WAIT, check_file, check_version
from .schema import METADATA, MIGRATIONS, VERSION, meta
from .texts import add_codes

_LOCK = 0x7DF  # of PostgreSQL's advisory locks: one writer at a time, as in SQLite


def now() -> str:
    """Date and time in UTC, to the microsecond, so that it sorts as text."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """Spell a moment as the study does: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_url(where: str | Path) -> bool:
    """Whether a study lies in a database server and not in a file."""
    return isinstance(where, str) and "://" in where


def name_of(where: str | Path) -> str:
    """Give the study's name: the file's, or the database's."""
    return _url(str(where)).database or "study" if is_url(where) else Path(where).stem


def shown(where: str | Path) -> str:
    """Give the place of a study as it may be shown: an address without its password."""
    if not is_url(where):
        return str(where)
    url = _url(str(where))
    query = {key: value for key, value in url.query.items() if "pass" not in key}
    return url.set(drivername="postgresql", query=query).render_as_string(hide_password=True)


def connect(where: str | Path, *, create: bool) -> Engine:
    """Open a study, make or migrate it where needed.

    Raises
    ------
    StoreError
        It is not there, damaged, no study, newer than this program, or cannot be reached.
    MissingExtraError
        PostgreSQL without its driver.
    """
    return _connect_server(_url(str(where)), create) if is_url(where) else _open(where, create)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view."""
    with _explained(), engine.connect() as plain:
        options = {"isolation_level": "REPEATABLE READ"} if _is_postgres(engine) else {}
        connection = plain.execution_options(**options)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """All or nothing, durable when the block has ended; writers wait for each other."""
    with _explained(), engine.connect() as plain:
        connection = plain.execution_options(writes=True)
        with connection.begin():
            if _is_postgres(engine):
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection


def _is_postgres(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def _open(where: str | Path, create: bool) -> Engine:
    path = Path(where)
    try:
        there = path.stat() if path.exists() else None
        if there is None and create:
            _make(path)
    except OSError as error:
        raise StoreError(
            f"{path.name!r} cannot be opened in {str(path.parent)!r}: {error.strerror or error}."
        ) from error
    if there is None and not create:
        raise StoreError(f"There is no study file at {str(path)!r}.")
    version = check_file(path)
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError(
            f"{path.name} or its folder cannot be written, which a study needs also for reading. "
            "Copy it to a folder of yours."
        )
    engine = _sqlite(path)
    if version < VERSION:
        _or_dispose(engine, path.name)
    return engine


def _make(path: Path) -> None:
    """Make a new study beside its place and put it there when it is complete.

    So none is ever seen half-made, also where two programs make it at once. What participants said
    is for nobody else to read, so the file is its owner's alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
        engine = _sqlite(part)
        _or_dispose(engine, path.name)
        engine.dispose()
        try:
            path.hardlink_to(part)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            part.rename(path)


def _or_dispose(engine: Engine, name: str) -> None:
    try:
        _prepare(engine, name)
    except BaseException:
        engine.dispose()
        raise


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": WAIT / 1000},
        poolclass=NullPool,
    )

    @event.listens_for(engine, "connect")
    def settle(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {WAIT}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and then writes would fail when another has written.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _url(where: str) -> URL:
    """Read an address; what it holds is never quoted, since it may be a password."""
    scheme, _, rest = where.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise StoreError(f"A study lies in a file or in PostgreSQL, not in {scheme!r}.")
    if rest.partition("?")[0].count("@") > 1:
        raise StoreError("The address has more than one @; write %40 for one in a password.")
    try:
        return make_url(f"postgresql+psycopg://{rest}")
    except (SQLAlchemyError, ValueError):
        reason = "The address is none: postgresql://user@host/name is needed."
        raise StoreError(reason) from None


def _connect_server(url: URL, create: bool) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise MissingExtraError("PostgreSQL needs: pip install 'tdfnlp[postgres]'") from error
    name = url.database or "study"
    try:
        with reading(engine) as connection:
            version = _version(connection, name)
            foreign = not version and bool(inspect(connection).get_table_names())
        if foreign:
            raise StoreError(f"{name} is a database of another program. It was not changed.")
        if not version and not create:
            raise StoreError(f"There is no study in {name}.")
        if version < VERSION:
            _prepare(engine, name)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _prepare(engine: Engine, name: str) -> None:
    """Make what is missing, or bring it up to date; all of it or nothing."""
    with writing(engine) as connection:
        version = _version(connection, name)  # somebody else may have done it by now
        if version == VERSION:
            return
        if version:
            for step in MIGRATIONS[version - 1 :]:
                step(connection)
            newer = update(meta).where(meta.c.key == "version").values(value=VERSION)
            connection.execute(newer)
            return
        METADATA.create_all(connection)
        values = {"format": FORMAT, "version": VERSION, "created": now()}
        rows = [{"key": key, "value": value} for key, value in values.items()]
        connection.execute(insert(meta), rows)
        add_codes(connection, TDF_CODEBOOK.codes)


def _version(connection: Connection, name: str) -> int:
    """Version of a study, 0 where there is none."""
    if not inspect(connection).has_table(meta.name):
        return 0
    columns = {column["name"] for column in inspect(connection).get_columns(meta.name)}
    values: dict[str, object] = {}
    if columns == {"key", "value"}:
        values = dict(connection.execute(meta.select()).all())
    return check_version(values, name)


@contextmanager
def _explained() -> Iterator[None]:
    """Say what the database says, but not what it was given: that may be what people said."""
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StoreError("The study is damaged; take it from a backup.") from error
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        raise StoreError(
            f"The study could not be read or written ({reason}). What was acknowledged before is "
            "kept; this was not stored."
        ) from error
