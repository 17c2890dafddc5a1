"""A short run of ``tests.fuzz``; the long one is ``python -m tests.fuzz``."""

import time
from pathlib import Path

import pytest
from fuzz import broken_offsets, mutated, outcome, samples

from tdfnlp.coding import Coding, Study
from tdfnlp.formats import SUFFIXES
from tdfnlp.transcript import Transcript, Turn

COUNT, SECONDS = 200, 1.5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return samples(tmp_path_factory.mktemp("samples"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files(made: dict[str, bytes], suffix: str, tmp_path: Path) -> None:
    names = [name for name in made if name.endswith(suffix)]
    assert names
    began = time.perf_counter()
    for name in names:
        whole = outcome(name, made[name], tmp_path)
        assert whole == ("refused" if name == "matrix.xlsx" else "read")
    for seed in range(COUNT):
        for name in names:
            assert outcome(name, mutated(made[name], seed), tmp_path) in ("read", "refused"), seed
        if time.perf_counter() - began > SECONDS:
            break


def test_what_counts_as_broken() -> None:
    for turns, codings, says in [
        ((Turn(0, 2), Turn(1, 3)), (), "a turn at 1 to 3"),
        ((Turn(0, 3),), (), "a turn at 0 to 3"),
        ((), (Coding("a", 2, 9, ("x",)),), "a coding at 2 to 9"),
        ((Turn(0, 2),), (Coding("a", 0, 2, ("x",)),), ""),
    ]:
        study = Study((Transcript("a", "ab c", turns),), codings)
        assert broken_offsets(study).startswith(says) and bool(broken_offsets(study)) == bool(says)
