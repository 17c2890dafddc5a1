"""The review page on a socket and as a command."""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from reviews import filled as filled
from reviews import seats as seats
from reviews import study as study

from tdfnlp.cli import cli
from tdfnlp.errors import InputError
from tdfnlp.review import Address, Desk, Seats, is_loopback, listen, serve
from tdfnlp.review.server import build
from tdfnlp.store import Store

# ---- where it is -----------------------------------------------------------------------------


def test_beyond_this_machine_only_with_named_coders() -> None:
    with pytest.raises(InputError, match="--coder"):
        listen("198.51.100.7", 0)
    with pytest.raises(InputError, match="every network"):
        listen("0.0.0.0", 0, named=True)  # noqa: S104
    with pytest.raises(InputError, match="every network"):
        listen("::", 0, named=True)
    with pytest.raises(InputError, match="cannot be at"):
        listen("198.51.100.7", 0, named=True)  # no address of this machine


def test_a_taken_port_is_said_and_the_usual_one_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen(port=0).socket as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}"):
            listen(port=port)
        monkeypatch.setattr("tdfnlp.review.server.PORT", port)
        address = listen()
        with address.socket:
            assert address.port != port
            assert address.link("abc") == f"http://127.0.0.1:{address.port}/#token=abc"
            assert f"localhost:{address.port}" in address.hosts
    assert "127.9.9.9:7" in Address(taken, "127.9.9.9", 7).hosts
    assert Address(taken, "ward.example", 80).hosts == ("ward.example:80", "ward.example")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("10.0.0.1", False), ("0.0.0.0", False), ("example.org", False)],  # noqa: S104
)  # fmt: skip
def test_what_loopback_is(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


# ---- the command -----------------------------------------------------------------------------


def test_the_command_lets_one_coder_in_by_a_browser_of_this_machine(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    desks: list[Desk] = []

    def served(desk: Desk, address: Address) -> int:
        address.socket.close()
        desks.append(desk)
        return 1

    monkeypatch.setattr("click.launch", opened.append)
    monkeypatch.setattr("tdfnlp.review.serve", served)
    done = CliRunner().invoke(cli, ["review", str(filled), "--coder", "cy", "--port", "0"])
    assert done.exit_code == 0, done.output
    assert "7 passages" in done.output and "1 answer stored." in done.output
    assert f"/#token={desks[0].seats.token('cy')}\n" in done.output
    once = opened[0].partition("token=")[2]
    assert once not in done.output  # other users of the machine may see what is started
    assert desks[0].seats.enter(once) == "cy" and desks[0].seats.enter(once) is None
    done = CliRunner().invoke(cli, ["review", str(filled), "--no-browser"])
    assert done.exit_code == 0 and desks[1].seats.coders == (getpass.getuser(),)
    several = ["--coder", "cy", "--coder", "di"]
    assert CliRunner().invoke(cli, ["review", str(filled), *several]).exit_code == 0
    monkeypatch.setattr("tdfnlp.review.is_loopback", lambda _: False)
    done = CliRunner().invoke(cli, ["review", str(filled), *several, "--host", "127.0.0.1"])
    assert "not encrypted" in done.output
    assert len(opened) == 1  # each of several coders has a link of their own


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.db"], "no study file"),
        (["STUDY", "--host", "198.51.100.7"], "--coder"),
        (["STUDY", "--coder", "  "], "needs a name"),
    ],
)
def test_what_the_command_cannot_do_is_one_sentence(
    filled: Path, arguments: list[str], says: str
) -> None:
    given = [str(filled) if one == "STUDY" else one for one in arguments]
    done = CliRunner().invoke(cli, ["review", *given])
    assert done.exit_code == 2 and says in done.output and "Traceback" not in done.output


def test_without_a_user_name_the_coder_must_be_named(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("uid 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    done = CliRunner().invoke(cli, ["review", str(filled)])
    assert done.exit_code == 2 and "--coder NAME" in done.output


def test_serving_ends_when_it_is_told_to(study: Store, seats: Seats) -> None:
    with pytest.MonkeyPatch.context() as patch:
        made: list[uvicorn.Server] = []

        def keep(desk: Desk, address: Address) -> uvicorn.Server:
            made.append(build(desk, address))
            return made[0]

        patch.setattr("tdfnlp.review.server.build", keep)
        address = listen(port=0)
        given: list[int] = []
        thread = threading.Thread(target=lambda: given.append(serve(Desk(study, seats), address)))
        thread.start()
        origin = f"http://127.0.0.1:{address.port}"
        with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=30) as client:
            assert client.post("/api/enter", json={"token": seats.token("ben")}).is_success
            own = {"coder": "ben", "study": client.get("/api/study").json()["study"]}
            question = client.post("/api/question", json=own).json()["question"]
            answer = own | {"token": "over-a-real-socket", "utterance": question["utterance"]}
            assert client.post("/api/answer", json=answer).is_success
            assert "server" not in client.get("/").headers
        made[0].should_exit = True
        thread.join(20)
    assert given == [1] and len(study.answers()) == 1


def test_ctrl_c_ends_the_program_with_a_sentence(filled: Path, tmp_path: Path) -> None:
    study = shutil.copy(filled, tmp_path)
    command = [sys.executable, "-m", "tdfnlp", "review", study, "--port", "0", "--no-browser"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as running:
        assert running.stdout
        assert "Ctrl-C" in running.stdout.readline()
        link = running.stdout.readline().split()[-1]
        httpx.get(link.partition("#")[0], timeout=30)  # it is up
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 0 and rest == "Stopped. 0 answers stored.\n"
