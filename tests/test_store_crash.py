"""Nothing that was acknowledged is ever lost: many coders at once, kill -9, a full disk."""

import contextlib
import os
import resource
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from disks import disk
from postgres import Server
from studies import many

from tdfnlp.errors import StoreError
from tdfnlp.store import Given, Label, Store, Wanted

LABELS = (Label(("Knowledge",), "Knowledge", "barrier"),)

# Coders in threads; each says a token once the study has called it stored.
CODERS = """
import sys, threading
from tdfnlp.store import Given, Label, Store, Wanted
place, number, *coders = sys.argv[1:]
store = Store.open(place)
ids = store.pool().ids.tolist()
wanted = [Wanted(one, False, "margin", slots=2 if one % 10 == 0 else 1) for one in ids]
labels = (Label(("Knowledge",), "Knowledge", "barrier"),)
def work(coder):
    while held := store.assign(coder, wanted, int(number)):
        given = [Given(one.utterance, labels, token=f"{coder}-{one.utterance}") for one in held]
        for start in range(0, len(given), 10):
            told = store.answer(coder, *given[start : start + 10])
            sys.stdout.write("".join(one.token + "\\n" for one in told))
            sys.stdout.flush()
threads = [threading.Thread(target=work, args=(coder,)) for coder in coders]
for one in threads:
    one.start()
for one in threads:
    one.join()
"""

# One coder, one answer at a time, who tries again with the same token when the study fails.
PATIENT = """
import sys, time
from tdfnlp.errors import StoreError
from tdfnlp.store import Given, Store
store = Store.open(sys.argv[1])
for number in range(int(sys.argv[2])):
    while True:
        try:
            store.answer("Ana", Given(1, token=f"t{number}"))
            break
        except StoreError:
            print("failed", flush=True)
            time.sleep(0.05)
    print(f"t{number}", flush=True)
"""


def start(script: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def test_eight_coders_answer_two_thousand_items_at_once(place: str) -> None:
    with Store.open(place) as store:
        ids = many(store, 2000)
    coders = [f"C{number}" for number in range(8)]
    running = [start(CODERS, place, 50, *coders[at : at + 4]) for at in range(0, 8, 4)]
    told = [line for one in running for line in one.communicate()[0].splitlines()]
    assert [one.returncode for one in running] == [0] * 2
    with Store.open(place) as store:
        record = store.record()
        assert sorted(one.token for one in record) == sorted(told) and len(set(told)) == len(told)
        heard: dict[int, list[str]] = {one: [] for one in ids}
        for one in record:
            heard[one.utterance].append(one.coder)
        assert all(len(set(who)) == len(who) for who in heard.values())
        assert all(len(who) == (2 if unit % 10 == 0 else 1) for unit, who in heard.items())
        assert [one.id for one in record] == list(range(1, 2201))
        assert all(one.answered for one in store.assignments())
        assert len({one.coder for one in record}) > 1


def test_kill_in_the_middle_loses_nothing_that_was_acknowledged(place: str) -> None:
    with Store.open(place) as store:
        ids = many(store, 2000)
    with start(CODERS, place, 10, "Ana", "Ben") as running:
        assert running.stdout
        told = [running.stdout.readline().strip() for _ in range(100)]
        running.kill()
        told += [line for line in running.stdout.read().split("\n")[:-1] if line]
    assert running.returncode == -signal.SIGKILL
    with Store.open(place) as store:
        kept = [one.token for one in store.record()]
        assert set(told) <= set(kept) and len(set(kept)) == len(kept)
        assert len(kept) < 2200, "it was killed too late to show anything"
        # What Ana held is hers still; the other goes on without those.
        pending = {one.utterance for one in store.assignments(pending=True)}
        given = store.assign("Cy", [Wanted(one, False, "margin") for one in ids], 10)
        assert len(given) == 10 and not pending & {one.utterance for one in given}
        assert store.answer("Cy", Given(given[0].utterance, LABELS, token="after"))


def test_a_killed_backend_loses_nothing_and_doubles_nothing(
    postgres: Server, postgres_url: str
) -> None:
    with Store.open(postgres_url) as store:
        many(store, 1)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    busy = f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
    with start(PATIENT, postgres_url, 150) as running:
        assert running.stdout
        told = [running.stdout.readline().strip() for _ in range(30)]
        for (pid,) in postgres.execute(busy):
            assert isinstance(pid, int)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        told += running.stdout.read().split()
    assert running.returncode == 0 and "failed" in told
    with Store.open(postgres_url) as store:
        kept = [one.token for one in store.record()]
    assert kept == [f"t{number}" for number in range(150)]


def fill_up(store: Store, unit: int) -> list[str]:
    """Answer until it fails; give what was acknowledged."""
    told: list[str] = []
    with pytest.raises(StoreError, match=r"full|disk|space|large"):
        while len(told) < 5000:
            token = f"t{len(told)}"
            store.answer("Ana", Given(unit, LABELS, token=token, note=secrets.token_hex(20_000)))
            told.append(token)
    return told


def test_a_full_disk(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "2m") as folder:
        path = folder / "study.db"
        with Store.open(path) as store:
            (unit,) = many(store, 1)
            (folder / "ballast").write_bytes(bytes(200_000))
            told = fill_up(store, unit)
        (folder / "ballast").unlink()
        with Store.open(path) as store:
            assert [one.token for one in store.record()] == told
            (again,) = store.answer("Ana", Given(unit, LABELS, token="after"))
            assert again.id == len(told) + 1 > 10


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with Store.open(path) as store:
        (unit,) = many(store, 1)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        try:
            told = fill_up(store, unit)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert [one.token for one in store.record()] == told and len(told) > 10
        assert store.answer("Ana", Given(unit, LABELS, token="after"))
    with Store.open(path) as store:
        assert len(store.record()) == len(told) + 1


def test_a_full_disk_under_a_server(postgres: Server, tmp_path: Path) -> None:
    with disk(postgres.folder / "disk", "16m"):
        place = postgres.folder / "disk" / "space"
        place.mkdir()
        postgres.own(place)
        try:
            postgres.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            postgres.execute("CREATE DATABASE small TABLESPACE small")
            with Store.open(postgres.url("small")) as store:
                (unit,) = many(store, 1)
                told = fill_up(store, unit)
                assert [one.token for one in store.record()] == told
        finally:
            postgres.execute("DROP DATABASE IF EXISTS small WITH (FORCE)")
            postgres.execute("DROP TABLESPACE IF EXISTS small")
