"""A real PostgreSQL for the test run, and studies on it and on SQLite."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tdfnlp.store import Store


def required() -> bool:
    """Whether a test that lacks a program fails rather than being skipped (as in CI)."""
    return os.environ.get("TDFNLP_REQUIRE_ALL") == "1"


def lacking(reason: str) -> None:
    """End a test that cannot run here."""
    if required():
        pytest.fail(f"{reason} (TDFNLP_REQUIRE_ALL is set)")
    pytest.skip(reason)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((one.parent for one in versions), key=lambda one: int(one.parent.name), default=None)


class Server:
    """A PostgreSQL in a folder of its own, on a Unix socket in that folder."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder = programs, folder
        # PostgreSQL does not run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        self.own(folder)

    def own(self, folder: Path) -> None:
        """Give it a folder."""
        if self._user:
            shutil.chown(folder, self._user)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs, as its user."""
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self.folder,
            user=self._user,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        # The machine's power is not cut in a test, so nothing has to be flushed to the disk.
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=40"
        self.run("pg_ctl", "-D", data, "-l", "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        """Address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement outside of any study."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for the whole run."""
    programs = _programs()
    if programs is None:
        lacking("PostgreSQL's server is not installed")
        raise AssertionError
    with tempfile.TemporaryDirectory(prefix="tdfnlp-") as folder:  # a socket's path must be short
        server = Server(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """Address of an empty database."""
    name = f"study_{uuid4().hex[:12]}"
    postgres.execute(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new study can be made, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "study.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """A new study, of each kind."""
    with Store.open(place) as opened:
        yield opened
