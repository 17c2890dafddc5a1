"""What breaks during a run over a corpus, and that a rerun gives what an undisturbed run gives."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from corpora import interview, names, table, write_corpus

from tdfnlp.corpus import shards, suggest_corpus
from tdfnlp.errors import OutputError, WorkerError
from tdfnlp.formats import content
from tdfnlp.model import Model

FILES = 48

pytestmark = pytest.mark.usefixtures("small_shards")


@pytest.fixture(scope="module")
def made(tiny: Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus, and an undisturbed run over it that no test touches."""
    place = tmp_path_factory.mktemp("made")
    source = write_corpus(place / "corpus", FILES)
    suggest_corpus(source, place / "out.parquet", model=tiny)
    return source, place / "out.parquet"


@pytest.fixture
def output(made: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[1], tmp_path / "out.parquet"))


@pytest.mark.parametrize("pattern", ["part-*", "_tdfnlp/vectors/*"])
def test_damaged_files_are_made_anew(
    made: tuple[Path, Path], output: Path, tiny: Model, pattern: str
) -> None:
    rng = random.Random(0)
    first, second, third, fourth, *_ = sorted(output.glob(pattern))
    for file in (first, second):  # one bit, anywhere
        data = bytearray(file.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        file.write_bytes(data)
    third.write_bytes(third.read_bytes()[:-9])
    fourth.unlink()
    (output / ".part-00000-abc-x1.part.parquet").write_bytes(b"begun by a run that was killed")
    again = suggest_corpus(made[0], output, model=tiny)
    assert names(output) == names(made[1])
    assert all(
        file.read_bytes() == (made[1] / file.name).read_bytes() for file in output.glob("p*")
    )
    assert again.written == (4 if pattern == "part-*" else 0)


def test_vectors_that_go_between_the_passes_are_said(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"

    def spoil(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("Encoding", total):
            sorted(out.glob("_tdfnlp/vectors/*"))[0].unlink()
            sorted(out.glob("_tdfnlp/vectors/*"))[0].write_bytes(b"spoilt")

    with pytest.raises(OutputError, match="damaged or removed during the run"):
        suggest_corpus(made[0], out, model=tiny, progress=spoil)
    assert not (out / "_tdfnlp" / "manifest.json").exists()
    suggest_corpus(made[0], out, model=tiny)
    assert names(out) == names(made[1])


@pytest.mark.parametrize("what", ["vanishes", "changes"])
def test_a_file_that_vanishes_or_changes_during_the_run(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    source = Path(shutil.copytree(made[0], tmp_path / "corpus"))
    victim = source / "north" / "P7.txt"
    before = victim.read_bytes()
    real = content.load

    def load(path: Path) -> bytes:
        if path == victim:
            if what == "vanishes":
                victim.unlink(missing_ok=True)
            else:
                victim.write_text(interview(77), "utf-8")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(shards, "load", load)
        result = suggest_corpus(source, tmp_path / "out.parquet", model=tiny)
    (failure,) = result.failures
    assert failure.startswith("P7.txt: ")
    assert ("does not exist" if what == "vanishes" else "changed during the run") in failure
    assert result.transcripts == FILES - 1
    victim.write_bytes(before)  # as it was: what was not read must not be taken for read
    assert suggest_corpus(source, tmp_path / "out.parquet", model=tiny).failures == ()
    assert names(tmp_path / "out.parquet") == names(made[1])


def test_a_broken_transcript_among_a_thousand_is_named_once(
    tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_MEAN_SIZE", 16)
    source = write_corpus(tmp_path / "corpus", 999, turns=1)
    (source / "south" / "broken.docx").write_bytes(b"PK\x03\x04 and no more")
    out = tmp_path / "out.parquet"
    for written in (True, False):  # the rerun says it too
        result = suggest_corpus(source, out, model=tiny)
        (failure,) = result.failures
        assert failure.startswith("broken.docx") and len(failure) > 30
        assert (result.written > 0) == written
    assert result.transcripts == 999 and len(set(table(out)["transcript"].to_pylist())) == 999
    facts = json.loads((out / "_tdfnlp/manifest.json").read_text("utf-8"))
    (entry,) = [one for one in facts["files"] if "failure" in one]
    assert entry["file"].endswith("south/broken.docx") and entry["failure"] == failure


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 200 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)  # noqa: S607


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    made: tuple[Path, Path], tiny: Model, small_disk: Path
) -> None:
    out = small_disk / "out.parquet"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    with pytest.raises(OutputError, match="No space left on device"):
        suggest_corpus(made[0], out, model=tiny)
    left = names(out)
    assert not any(".part." in name for name in left)
    ballast.unlink()
    grow = ["mount", "-o", "remount,size=9m", str(small_disk)]
    subprocess.run(grow, check=True)
    suggest_corpus(made[0], out, model=tiny)
    assert names(out) == names(made[1])


def test_a_folder_that_may_not_be_written(tiny: Model) -> None:
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:  # pytest's own can be entered by nobody else
        place = Path(name)
        (place / "a.txt").write_text(interview(1), "utf-8")
        place.chmod(0o555)
        if user == 0:  # root may write anywhere
            os.seteuid(65534)
        try:
            with pytest.raises(OutputError, match=r"out\.parquet.*Permission denied"):
                suggest_corpus(place, place / "out.parquet", model=tiny)
        finally:
            os.seteuid(user)
            place.chmod(0o755)


def test_a_worker_that_is_killed(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    out = tmp_path / "out.parquet"
    killed: list[int] = []

    def kill(_stage: str, _done: int, _total: int) -> None:
        for process in psutil.Process().children():
            with suppress(psutil.ZombieProcess):
                if not killed and "popen_loky" in " ".join(process.cmdline()):
                    process.kill()
                    killed.append(process.pid)

    with pytest.raises(WorkerError, match="Run the same again"):
        suggest_corpus(made[0], out, model=tiny, n_jobs=2, progress=kill)
    assert killed and not (out / "_tdfnlp" / "manifest.json").exists()
    assert suggest_corpus(made[0], out, model=tiny).transcripts == FILES
    assert names(out) == names(made[1])


# Forked after the imports, so that every run begins at once; none of them has loaded OpenVINO.
FORKS = """
import os, random, signal, sys, time
from pathlib import Path
import numpy, pandas, pyarrow.parquet, spacy, tokenizers, safetensors.numpy, joblib
from tdfnlp.corpus import shards, suggest_corpus
import tdfnlp.export, tdfnlp.formats.text, tdfnlp.engine
shards._MEAN_SIZE = 4
source, output, model, kills = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
rng = random.Random(1)
killed = 0
def count():
    return len([*output.rglob("*.npz"), *output.glob("part-*")])
while True:
    child = os.fork()
    if not child:
        suggest_corpus(source, output, model=model)
        os._exit(0)
    if killed < kills:
        before = count()
        # Wait until it does something new, so that every run dies at another place.
        while count() == before:
            if os.waitpid(child, os.WNOHANG)[0]:
                sys.exit(f"finished before kill {killed}")
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        killed += 1
    status = os.waitpid(child, 0)[1]
    if status == 0:
        break
print(killed)
"""


def test_a_run_that_is_killed_again_and_again(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    arguments = [str(made[0]), str(out), str(tiny.folder), "3"]
    done = subprocess.run(
        [sys.executable, "-c", FORKS, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
    assert names(out) == names(made[1])


@pytest.mark.slow
def test_thirty_kills_of_the_command_with_two_workers(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    source = write_corpus(tmp_path / "corpus", 600)
    undisturbed = tmp_path / "undisturbed.parquet"
    command = [sys.executable, "-m", "tdfnlp", "suggest", str(source), "--workers", "2", "-q"]
    command += ["--model", str(tiny.folder), "-o"]
    begin = time.monotonic()
    subprocess.run([*command, str(undisturbed)], check=True)
    whole = time.monotonic() - begin
    rng = random.Random(2)
    for _ in range(30):
        # A group of its own, so that its workers die with it.
        run = subprocess.Popen([*command, str(out)], start_new_session=True)
        time.sleep(rng.random() * whole)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    subprocess.run([*command, str(out)], check=True)
    assert names(out) == names(undisturbed)
    assert table(out).equals(table(undisturbed))
