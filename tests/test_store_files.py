"""Study files that are old, new, damaged, foreign, locked, or in places where none can be."""

import os
import random
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from disks import disk, read_only
from postgres import Server
from sqlalchemy import Connection, text
from studies import many, predictions, run_of

from tdfnlp.errors import StoreError
from tdfnlp.store import Given, Label, Store, database, shown
from tdfnlp.store.schema import MIGRATIONS, VERSION

# What tdfnlp's first study files were made of.
FIRST = """
CREATE TABLE meta (key TEXT NOT NULL, value JSON, PRIMARY KEY (key));
CREATE TABLE transcripts (id INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
  hash TEXT NOT NULL, "group" TEXT, source TEXT, guid TEXT NOT NULL, attributes JSON NOT NULL,
  turns JSON NOT NULL, PRIMARY KEY (id), UNIQUE (name));
CREATE TABLE utterances (id INTEGER NOT NULL, transcript INTEGER NOT NULL, start INTEGER NOT NULL,
  "end" INTEGER NOT NULL, turn INTEGER NOT NULL, question TEXT NOT NULL, chance FLOAT NOT NULL,
  PRIMARY KEY (id), UNIQUE (transcript, start, "end"),
  FOREIGN KEY(transcript) REFERENCES transcripts (id));
CREATE TABLE codes (id INTEGER NOT NULL, key TEXT NOT NULL, path JSON NOT NULL, domain TEXT,
  definition TEXT NOT NULL, valence TEXT, guid TEXT NOT NULL, colour TEXT NOT NULL,
  codable BOOLEAN NOT NULL, PRIMARY KEY (id), UNIQUE (key));
CREATE TABLE coders (id INTEGER NOT NULL, name TEXT NOT NULL, since TEXT NOT NULL,
  PRIMARY KEY (id), UNIQUE (name));
CREATE TABLE runs (id INTEGER NOT NULL, model TEXT NOT NULL, encoder TEXT NOT NULL,
  codebook TEXT NOT NULL, thresholds JSON NOT NULL, facts JSON NOT NULL, made TEXT NOT NULL,
  PRIMARY KEY (id));
CREATE TABLE suggestions (run INTEGER NOT NULL, utterance INTEGER NOT NULL,
  decision TEXT NOT NULL, proba BLOB NOT NULL, valences BLOB NOT NULL,
  PRIMARY KEY (run, utterance), FOREIGN KEY(run) REFERENCES runs (id),
  FOREIGN KEY(utterance) REFERENCES utterances (id));
CREATE TABLE vectors (utterance INTEGER NOT NULL, encoder TEXT NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY (utterance), FOREIGN KEY(utterance) REFERENCES utterances (id));
CREATE TABLE assignments (utterance INTEGER NOT NULL, slot INTEGER NOT NULL,
  coder INTEGER NOT NULL, blind BOOLEAN NOT NULL, strategy TEXT NOT NULL, probability FLOAT,
  until TEXT NOT NULL, answered BOOLEAN NOT NULL, PRIMARY KEY (utterance, slot),
  UNIQUE (utterance, coder), FOREIGN KEY(utterance) REFERENCES utterances (id),
  FOREIGN KEY(coder) REFERENCES coders (id));
CREATE TABLE answers (id INTEGER NOT NULL, token TEXT NOT NULL, utterance INTEGER NOT NULL,
  coder INTEGER NOT NULL, verdict TEXT NOT NULL, labels JSON NOT NULL, note TEXT NOT NULL,
  how TEXT NOT NULL, run INTEGER, strategy TEXT NOT NULL, probability FLOAT, undoes INTEGER,
  "when" TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (token),
  FOREIGN KEY(utterance) REFERENCES utterances (id), FOREIGN KEY(coder) REFERENCES coders (id),
  FOREIGN KEY(run) REFERENCES runs (id), FOREIGN KEY(undoes) REFERENCES answers (id));
CREATE INDEX answers_by_utterance ON answers (utterance);
CREATE INDEX answers_by_coder ON answers (coder);
INSERT INTO meta VALUES ('format', '"tdfnlp study"'), ('version', '1'), ('created', '"2026"'),
  ('settings', '{"audit_share": 0.3, "double_share": 0.1, "lease_minutes": 30.0, "seed": 7}');
INSERT INTO transcripts VALUES (1, 'N1', 'P: So it is.',
  'f07da2aa8b7ad7e2c75b2f7b0bf0f7d6', NULL, NULL, '', '[]',
  '[[3, 12, "P", "participant", null, null]]');
INSERT INTO utterances VALUES (1, 1, 3, 12, 0, '', 0.25);
INSERT INTO codes VALUES (1, 'Skills', '["Skills"]', 'Skills', '', NULL, '', '', 1);
INSERT INTO coders VALUES (1, 'Ana', '2026');
INSERT INTO answers VALUES (1, 't', 1, 1, 'code',
  '[{"code": ["Skills"], "domain": "Skills", "valence": "barrier"}]', 'a note', 'page', NULL,
  'chosen', NULL, NULL, '2026-01-01T00:00:00.000000Z');
"""


def state(path: Path) -> tuple[bytes, list[str]]:
    return path.read_bytes(), sorted(one.name for one in path.parent.iterdir())


def refused(path: Path, says: str, *, create: bool = True) -> None:
    """It is said, and neither the file nor its folder changes."""
    before = state(path)
    with pytest.raises(StoreError, match=says):
        Store.open(path, create=create)
    assert state(path) == before


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "studies" / "study.db"
    with Store.open(path) as store:
        ids = many(store, 300)
        store.add_run(run_of(), ids, predictions(["Goals"] * 300))
        store.answer("Ana", *(Given(one, token=str(one)) for one in ids))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    import hashlib

    path = tmp_path / "old.db"
    digest = hashlib.sha256(b"P: So it is.").hexdigest()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(FIRST.replace("f07da2aa8b7ad7e2c75b2f7b0bf0f7d6", digest))
    return path


def test_an_old_study_is_brought_up_to_date(old: Path, tmp_path: Path) -> None:
    with Store.open(old) as store:
        (one,) = store.answers()
        assert one.labels == (Label(("Skills",), "Skills", "barrier"),) and one.note == "a note"
        assert store.settings().audit_share == 0.3 and store.pool().chances[0] == 0.25
        assert store.transcripts()[0].text == "P: So it is."
        store.answer("Ben", Given(1, token="new"))
        assert store.theme_changes() == ()
    shapes = []
    for path in (old, tmp_path / "fresh.db"):
        Store.open(path).close()
        with closing(sqlite3.connect(path)) as file:
            names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            shapes.append(
                {name: file.execute(f"PRAGMA table_info({name})").fetchall() for (name,) in names}
            )
            assert file.execute("SELECT value FROM meta WHERE key = 'version'").fetchone() == (
                VERSION,
            )
    assert shapes[0] == shapes[1]


def test_a_step_that_fails_leaves_the_study_as_it_was(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(place) as store:
        ids = many(store, 1)

    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        connection.execute(text("SELECT * FROM nowhere"))

    def whole(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))

    steps = MIGRATIONS
    monkeypatch.setattr(database, "VERSION", VERSION + 1)
    monkeypatch.setattr(database, "MIGRATIONS", (*steps, half))
    for _ in range(2):
        with pytest.raises(StoreError, match="nowhere"):
            Store.open(place)
    monkeypatch.setattr(database, "MIGRATIONS", (*steps, whole))
    with Store.open(place) as store:
        assert store.count() == len(ids)
    monkeypatch.undo()
    with pytest.raises(StoreError, match=rf"newer tdfnlp \(format {VERSION + 1}"):
        Store.open(place)


def test_a_newer_study_is_refused(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as file:
        file.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
        file.commit()
    refused(filled, r"newer tdfnlp \(format 99")


def test_foreign_files_are_refused_and_left(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number, table in enumerate(
        ("notes (id)", "meta (key, value)", "meta (key, value, more)", "meta (name)")
    ):
        path = folder / f"{number}.db"
        with closing(sqlite3.connect(path)) as file:
            file.execute(f"CREATE TABLE {table}")
            if table == "meta (key, value)":
                file.execute("INSERT INTO meta VALUES ('format', 'x'), ('version', x'00')")
            file.commit()
        refused(path, "another program")
    (folder / "text.db").write_text("P: Nobody showed us.\n" * 100, "utf-8")
    refused(folder / "text.db", "it is no database")
    (folder / "empty.db").write_bytes(b"")
    refused(folder / "empty.db", "it is empty")
    (folder / "head.db").write_bytes(b"SQLite format 3\0")
    refused(folder / "head.db", "damaged")


def test_a_foreign_database_on_a_server_is_refused(postgres_url: str) -> None:
    import psycopg

    with pytest.raises(StoreError, match="There is no study in"):
        Store.open(postgres_url, create=False)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE meta (name text)")
    with pytest.raises(StoreError, match="another program"):
        Store.open(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("ALTER TABLE meta RENAME TO notes")
    with pytest.raises(StoreError, match="another program"):
        Store.open(postgres_url)


def test_damage_is_said_and_nothing_is_touched(filled: Path) -> None:
    whole = filled.read_bytes()
    size = len(whole)
    for cut in (size // 2, size - 100, 5000, 600):
        filled.write_bytes(whole[:cut])
        refused(filled, "damaged")
    chance = random.Random(0)
    said = 0
    for _ in range(40):
        data = bytearray(whole)
        start = chance.randrange(size - 200)
        data[start : start + 200] = chance.randbytes(200)
        filled.write_bytes(data)
        before = state(filled)
        try:
            with Store.open(filled) as store:  # what lies inside a cell is not seen at once
                store.transcripts(), store.units(), store.record(), store.study(), store.runs()
        except StoreError as error:
            said += 1
            assert "ab cd" not in str(error)
            if "was not changed" in str(error):
                assert state(filled) == before
    assert said > 20


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE transcripts SET text = replace(text, 'ab', 'xy')", "text of 'T0'.*damaged"),
        ("UPDATE transcripts SET turns = '[[1, '", "damaged"),
        ("UPDATE transcripts SET text = CAST(x'ff00' AS TEXT)", "could not be read|damaged"),
    ],
)
def test_damage_inside_a_text_is_seen_when_it_is_read(filled: Path, change: str, says: str) -> None:
    with closing(sqlite3.connect(filled)) as file:
        file.execute(change)
        file.commit()
    with Store.open(filled) as store, pytest.raises(StoreError, match=says) as told:
        store.units()
    assert "ab cd" not in str(told.value) and "xy cd" not in str(told.value)


def test_places_where_no_study_can_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match="no study file at"):
        Store.open(tmp_path / "none.db", create=False)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened in"):
        Store.open(tmp_path / "file" / "study.db")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file"]
    with pytest.raises(StoreError, match="cannot be opened in"):
        Store.open("/proc/study.db")


def test_a_read_only_place_is_said(filled: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "4m") as folder:
        path = Path(shutil.copy(filled, folder / "study.db"))
        with read_only(folder):
            refused(path, r"cannot be written.*Copy it")
            with pytest.raises(StoreError, match="cannot be opened in"):
                Store.open(folder / "new.db")


def test_a_new_study_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "new" / "study.db"
        with Store.open(path) as store:
            many(store, 1)
            with database.writing(store._engine):
                beside = {one.name for one in path.parent.iterdir()}
                modes = {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
        assert beside >= {"study.db", "study.db-wal"} and modes == {0o600}
        assert [one.name for one in path.parent.iterdir()] == ["study.db"]
    finally:
        os.umask(before)


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    with Store.open(tmp_path / "study.db") as store:
        assert len(store.codes()) == 14
    assert [one.name for one in tmp_path.iterdir()] == ["study.db"]


def test_a_study_that_another_program_makes_at_once_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other, link = tmp_path / "study.db", tmp_path / "other.db", Path.hardlink_to
    with Store.open(other) as store:
        many(store, 1)

    def late(here: Path, target: Path) -> None:
        shutil.copy(other, path)
        link(here, target)

    monkeypatch.setattr(Path, "hardlink_to", late)
    with Store.open(path) as store:
        assert store.count() == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other.db", "study.db"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:geheim@h/db", "not in 'mysql'"),
        ("postgresql://u:ge@heim@h/db", "%40"),
        ("postgresql://u:geheim@h:port/db", "The address is none"),
        ("postgresql://u:geheim@/db?host=/nowhere", "could not be read"),
        ("postgresql://u@/db?host=/nowhere&password=geheim", "could not be read"),
        ("postgresql://u:geheim@/db?host=/nowhere&nonsense=1", "could not be read"),
    ],
)
def test_a_password_is_never_said(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as told:
        Store.open(url)
    assert "heim" not in str(told.value)
    for error in (told.value.__cause__, told.value.__context__):
        assert "geheim" not in str(error)


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("a/study.db") == "a/study.db"
    assert shown("postgresql://u:geheim@h/db") == "postgresql://u:***@h/db"
    assert "geheim" not in shown("postgres://h/db?user=u&password=geheim&sslpassword=geheim")


def test_a_wrong_password_is_said_without_it(postgres: Server, postgres_url: str) -> None:
    url = postgres_url.replace("postgres@", "nobody:geheim@")
    with pytest.raises(StoreError, match="nobody") as told:
        Store.open(url)
    assert "geheim" not in str(told.value)


def test_without_the_driver_it_is_said_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    from tdfnlp.errors import MissingExtraError

    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises((MissingExtraError, StoreError), match=r"pip install 'tdfnlp\[postgres\]'"):
        Store.open("postgresql://h/db")
