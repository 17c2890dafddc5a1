"""Nothing leaves the machine, also when the job runs in several processes or on a cluster."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpora import names, write_corpus

from tdfnlp.corpus import suggest_corpus
from tdfnlp.model import Model

# Python runs this at the start of each process that has the folder on its path: workers, nannies.
WATCH = """
import os, socket, sys
LOG = os.environ["WATCH_LOG"]
HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "", None, socket.gethostname())
# By "connecting" a datagram socket Dask asks the kernel for an address of ours; nothing is sent.
ASKED = ("8.8.8.8", "2001:4860:4860::8888")
def note(line):
    with open(LOG, "a") as log:
        log.write(line + "\\n")
def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        made, place = args[0], args[1]
        if made.family not in (socket.AF_INET, socket.AF_INET6) or place is None:
            return
        question = event == "socket.connect" and made.type & socket.SOCK_DGRAM
        bad = place[0] not in HERE and not (question and place[0] in ASKED)
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        bad = host not in (*HERE, *ASKED)
    else:
        return
    if bad:
        note(f"bad {event} {args}")
        os._exit(97)
sys.addaudithook(watch)
note(f"began {os.getpid()}")
"""

ON_DASK = """
import sys
import joblib
from distributed import Client, LocalCluster
from tdfnlp import suggest_corpus
if __name__ == "__main__":
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        suggest_corpus(sys.argv[1], sys.argv[2], model=sys.argv[3])
"""

COMMAND = """
import sys
from tdfnlp.cli import main
sys.argv = ["tdfnlp", "suggest", sys.argv[1], "-o", sys.argv[2], "--model", sys.argv[3], "-q"]
sys.argv += ["--workers", "2"]
main()
"""


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def watched(folder: Path, trap: socket.socket) -> dict[str, str]:
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCH, "utf-8")
    proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
    proxies = {name: proxy for stem in ("http", "https", "all") for name in (f"{stem}_proxy",)}
    return {
        **os.environ,
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        "PYTHONPATH": str(folder / "watch"),
        "WATCH_LOG": str(folder / "log"),
    }


def test_the_watch_itself_works(tmp_path: Path, trap: socket.socket) -> None:
    environment = watched(tmp_path, trap)
    for code in (
        "import socket; socket.create_connection(('192.0.2.1', 9), timeout=0.1)",
        "import socket; socket.getaddrinfo('example.org', 80)",
        "import joblib, socket\n"
        "call = joblib.delayed(socket.create_connection)(('192.0.2.1', 9))\n"
        "joblib.Parallel(2)([call] * 2)",
    ):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, check=False
        )
        assert done.returncode != 0
        assert "bad socket." in (tmp_path / "log").read_text("utf-8")
        (tmp_path / "log").unlink()


@pytest.mark.parametrize("code", [COMMAND, pytest.param(ON_DASK, marks=pytest.mark.slow)])
def test_the_whole_job_in_several_processes_reaches_for_nothing(
    code: str, tiny: Model, tmp_path: Path, trap: socket.socket
) -> None:
    source = write_corpus(tmp_path / "corpus", 40)
    script = tmp_path / "job.py"
    script.write_text(code, "utf-8")
    out = tmp_path / "out.parquet"
    arguments = [str(source), str(out), str(tiny.folder)]
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        env=watched(tmp_path, trap),
        capture_output=True,
        text=True,
        check=False,
    )
    log = (tmp_path / "log").read_text("utf-8")
    assert done.returncode == 0, done.stderr + log
    assert "bad" not in log
    assert log.count("began") >= 3  # this process's child and its two workers
    with pytest.raises(BlockingIOError):
        trap.accept()
    suggest_corpus(source, tmp_path / "here.parquet", model=tiny)
    assert names(out) == names(tmp_path / "here.parquet")


@pytest.mark.slow
def test_the_whole_job_runs_where_there_is_no_network_at_all(tiny: Model, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if os.geteuid() or unshare is None:
        pytest.skip("taking the network away needs root")
    source = write_corpus(tmp_path / "corpus", 40)
    words = ["suggest", str(source), "-o", str(tmp_path / "out.parquet"), "--workers", "2"]
    command = [unshare, "--net", sys.executable, "-m", "tdfnlp", *words]
    subprocess.run([*command, "--model", str(tiny.folder)], check=True)
    suggest_corpus(source, tmp_path / "here.parquet", model=tiny)
    assert names(tmp_path / "out.parquet") == names(tmp_path / "here.parquet")
