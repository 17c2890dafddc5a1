"""The vector cache: exact, private, bounded, and never in the way."""

import logging
import multiprocessing
import os
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tdfnlp.cache import VectorCache, default_folder

Vectors = dict[bytes, npt.NDArray[np.float32]]

D = 384
TEXT = "Zyxomma waits beside the turquoise harbour."


def made(cache: VectorCache, texts: list[str], fingerprint: str = "one") -> Vectors:
    """A vector of its own for each text."""
    keys = cache.keys(texts, fingerprint)
    rng = np.random.default_rng(len("".join(texts)))
    return dict(zip(keys, rng.normal(size=(len(keys), D)).astype(np.float32), strict=True))


def held(cache: VectorCache, vectors: Vectors) -> set[bytes]:
    return set(cache.get(list(vectors), D))


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def spoil(path: Path, start: int) -> None:
    data = bytearray(path.read_bytes())
    data[start:] = b"\xa5" * (len(data) - start)
    path.write_bytes(data)


def test_round_trip_bit_for_bit(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    vectors = made(cache, [f"text {number}" for number in range(1300)])
    special = np.array([np.nan, -0.0, np.inf, 1e-45, *[1 / 3] * (D - 4)], dtype=np.float32)
    vectors |= dict.fromkeys(cache.keys(["special"], "one"), special)
    cache.put(vectors)
    found = VectorCache(tmp_path).get(list(vectors), D)
    assert {key: one.tobytes() for key, one in found.items()} == {
        key: one.tobytes() for key, one in vectors.items()
    }
    assert {one.dtype for one in found.values()} == {np.dtype(np.float32)}


def test_only_what_is_there_is_found(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    there, missing = made(cache, ["a", "b"]), made(cache, ["c", "d"])
    assert cache.get(list(there), D) == {}
    assert not cache.path.exists()  # looking makes no file
    cache.put(there)
    assert held(cache, there | missing) == set(there)
    assert cache.get([], D) == {}


def test_another_encoder_or_another_width_misses(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(made(cache, ["a"], "one"))
    assert cache.get(cache.keys(["a"], "two"), D) == {}
    assert cache.get(cache.keys(["a"], "one"), D - 1) == {}
    assert len(cache.get(cache.keys(["a"], "one"), D)) == 1


def test_keys_are_stable_and_of_one_text_each(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    texts = ["a", "A", "a ", "", "ä", "a\0"]
    keys = cache.keys(texts, "one")
    assert len(set(keys)) == len(texts)
    assert {len(key) for key in keys} == {16}
    assert cache.keys(texts, "one") == keys
    assert cache.keys(["\ud800 alone"], "one") != cache.keys(["alone"], "one")


def test_no_text_is_stored(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.put(made(cache, [TEXT], "fingerprint-of-the-encoder"))
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir()).lower()
    assert b"sqlite" in stored
    words = [*TEXT.lower().rstrip(".").split(), "fingerprint"]
    assert [word for word in words if len(word) > 3 and word.encode() in stored] == []
    assert [w for w in words if len(w) > 3 and w.encode("utf-16-le") in stored] == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        cache = VectorCache(tmp_path / "tdfnlp")
        cache.put(made(cache, ["a"]))
    finally:
        os.umask(before)
    assert stat.S_IMODE(cache.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.path.parent.stat().st_mode) == 0o700


def test_size_limit_holds_and_the_newest_stay(tmp_path: Path) -> None:
    limit = 200_000
    cache = VectorCache(tmp_path, limit=limit)
    puts = [made(cache, [f"{number} {part}" for part in range(20)]) for number in range(40)]
    for vectors in puts:
        cache.put(vectors)
        assert on_disk(tmp_path) <= limit
        assert held(cache, vectors) == set(vectors)
    assert held(cache, puts[0]) == set()
    # Three quarters of what fits is kept, so a full cache is far from empty.
    assert sum(len(held(cache, vectors)) for vectors in puts) * 4 * D > limit / 3


def test_nothing_is_dropped_below_the_limit(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    vectors: Vectors = {}
    for number in range(30):
        more = made(cache, [f"{number} {part}" for part in range(20)])
        cache.put(more)
        vectors |= more
    assert held(cache, vectors) == set(vectors)


def test_putting_again_changes_nothing(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    vectors = made(cache, ["a", "b"])
    cache.put(vectors)
    cache.put(vectors)
    assert held(cache, vectors) == set(vectors)


def test_purge_deletes_everything_and_says_how_much(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    vectors = made(cache, [f"text {number}" for number in range(50)])
    cache.put(vectors)
    (tmp_path / "other.txt").write_text("not ours")
    size = cache.path.stat().st_size
    assert size > 50 * 4 * D
    assert cache.purge() == size
    assert [file.name for file in tmp_path.iterdir()] == ["other.txt"]
    assert held(cache, vectors) == set()
    assert cache.purge() == 0
    cache.put(vectors)
    assert held(cache, vectors) == set(vectors)


def test_purge_where_there_is_no_folder(tmp_path: Path) -> None:
    assert VectorCache(tmp_path / "nowhere").purge() == 0


@pytest.mark.parametrize("start", [4096, 150])
def test_a_file_damaged_inside_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, start: int
) -> None:
    cache = VectorCache(tmp_path)
    vectors = made(cache, [f"text {number}" for number in range(200)])
    cache.put(vectors)
    spoil(cache.path, start)
    assert cache.get(list(vectors), D) == {}
    check_warned(caplog, "damaged")
    cache.put(vectors)
    assert held(cache, vectors) == set(vectors)


@pytest.mark.parametrize("first", ["get", "put"])
def test_a_file_that_is_no_database_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, first: str
) -> None:
    cache = VectorCache(tmp_path)
    vectors = made(cache, ["a", "b"])
    cache.path.write_bytes(b"no database " * 1000)
    if first == "get":
        assert cache.get(list(vectors), D) == {}
    else:
        cache.put(vectors)
    check_warned(caplog, "damaged")
    cache.put(vectors)
    assert held(cache, vectors) == set(vectors)


@pytest.mark.parametrize("in_the_way", ["file for folder", "folder for file"])
def test_where_it_cannot_be_written_the_work_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, in_the_way: str
) -> None:
    cache = VectorCache(tmp_path / "cache")
    vectors = made(cache, [TEXT])
    if in_the_way == "file for folder":
        cache.path.parent.write_text("a file")
    else:
        cache.path.mkdir(parents=True)
    cache.put(vectors)
    assert cache.get(list(vectors), D) == {}
    check_warned(caplog, "going on without")


def check_warned(caplog: pytest.LogCaptureFixture, word: str) -> None:
    records = [record for record in caplog.records if record.name == "tdfnlp.cache"]
    assert records
    assert {record.levelno for record in records} == {logging.WARNING}
    assert any(word in record.getMessage() for record in records)
    assert not any("Zyxomma" in record.getMessage() for record in records)


def test_folder_is_the_users_unless_the_variable_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDFNLP_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    assert VectorCache().path == tmp_path / "vectors.sqlite"
    monkeypatch.delenv("TDFNLP_CACHE")
    assert default_folder() != tmp_path
    assert "tdfnlp" in default_folder().parts


WRITES, EACH = 20, 20


def write_many(folder: Path, name: str, together: Barrier) -> None:
    """Write and look up at the same time as another process."""
    cache = VectorCache(folder)
    together.wait(60)
    for number in range(WRITES):
        vectors = made(cache, [f"{name} {number} {part}" for part in range(EACH)])
        cache.put(vectors)
        if held(cache, vectors) != set(vectors):
            raise SystemExit(3)


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    processes = [
        context.Process(target=write_many, args=(tmp_path, name, together)) for name in ("a", "b")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    cache = VectorCache(tmp_path)
    for name in ("a", "b"):
        for number in range(WRITES):
            vectors = made(cache, [f"{name} {number} {part}" for part in range(EACH)])
            found = cache.get(list(vectors), D)
            assert {key: one.tobytes() for key, one in found.items()} == {
                key: one.tobytes() for key, one in vectors.items()
            }
