"""The same job on a cluster, as the page on clusters says it, and a cluster that breaks."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import joblib
import pytest
from click.testing import CliRunner
from conftest import ROOT
from corpora import names, table, write_corpus

from tdfnlp.cli import cli
from tdfnlp.corpus import suggest_corpus
from tdfnlp.errors import WorkerError
from tdfnlp.model import Model

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's, of ports that are taken and the like

pytestmark = pytest.mark.usefixtures("small_shards")


@pytest.fixture(scope="module")
def made(tiny: Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("made")
    source = write_corpus(place / "corpus", 24)
    suggest_corpus(source, place / "out.parquet", model=tiny)
    return source, place / "out.parquet"


def blocks(kind: str) -> list[str]:
    page = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


def test_a_local_cluster_gives_the_same_also_when_a_worker_is_killed(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    killed: list[int] = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):

        def kill(stage: str, _done: int, _total: int) -> None:
            if stage == "Encoding" and not killed:
                pid = next(iter(cluster.workers.values())).pid
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

        suggest_corpus(made[0], out, model=tiny, progress=kill)
    assert killed and names(out) == names(made[1])


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def start(command: str, place: Path) -> subprocess.Popen[str]:
    program, *words = command.split()
    assert program == "dask"
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s"}
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1"],
        cwd=place,
        env=environment,
        text=True,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.parametrize("which", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_page_is_right(
    tmp_path: Path,
    started: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    which: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "corpus", 6)
    command, *cluster = (one.strip() for one in blocks("sh"))
    program, *words = command.split()
    assert program == "tdfnlp"
    assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    (tmp_path / "corpus.parquet").rename(tmp_path / "first.parquet")
    for one in cluster if which else ():
        started.append(start(one, tmp_path))
        until = time.monotonic() + 60
        while not (tmp_path / "scheduler.json").exists() and time.monotonic() < until:
            time.sleep(0.1)
    (tmp_path / "code_corpus.py").write_text(blocks("python")[which], "utf-8")
    run_path(str(tmp_path / "code_corpus.py"), run_name="__main__")
    count = table(tmp_path / "first.parquet").num_rows
    assert f"{count} utterances, 0 files not read" in capsys.readouterr().out
    if not which:  # the real cluster's precision may be another
        assert names(tmp_path / "corpus.parquet") == names(tmp_path / "first.parquet")


@pytest.mark.slow
def test_a_scheduler_that_is_killed_ends_the_run_with_one_sentence(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    out = tmp_path / "out.parquet"
    _, scheduler, worker = blocks("sh")
    started.append(start(scheduler.strip(), tmp_path))
    started.append(start(worker.strip(), tmp_path))
    until = time.monotonic() + 60
    while not (tmp_path / "scheduler.json").exists() and time.monotonic() < until:
        time.sleep(0.1)

    def kill(_stage: str, done: int, _total: int) -> None:
        if started[0].poll() is None and done:
            os.killpg(started[0].pid, signal.SIGKILL)

    with distributed.Client(scheduler_file=str(tmp_path / "scheduler.json"), timeout=20) as client:
        client.wait_for_workers(2, timeout=120)
        with joblib.parallel_config(backend="dask"), pytest.raises(WorkerError, match="again"):
            suggest_corpus(made[0], out, model=tiny, progress=kill)
    assert not (out / "_tdfnlp" / "manifest.json").exists()
    suggest_corpus(made[0], out, model=tiny)
    assert names(out) == names(made[1])


def test_a_cluster_without_workers_is_one_sentence(
    made: tuple[Path, Path], tiny: Model, tmp_path: Path
) -> None:
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask", wait_for_workers_timeout=0.3),
        pytest.raises(WorkerError, match="no worker"),
    ):
        suggest_corpus(made[0], tmp_path / "out.parquet", model=tiny)
