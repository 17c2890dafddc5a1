"""The command line as a user meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import INTERVIEWS, ROOT

from tdfnlp.cli import cli

COMMANDS = sorted(cli.commands)
SPEECH = "Interviewer: How do you go about it?\nP1: We never have the time, honestly.\n"


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_stands_in_the_docs(command: str) -> None:
    done = CliRunner().invoke(cli, [command, "--help"], prog_name="tdfnlp", terminal_width=78)
    assert done.exit_code == 0
    assert f"tdfnlp {command}" in done.output.split("Example:")[1]
    assert done.output.strip() in (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_suggest_writes_and_summarises(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.csv"
    code, text = run("suggest", INTERVIEWS, "-o", out)
    assert code == 0
    assert "6 transcripts" in text and "people decide" in text and str(out) in text
    assert pd.read_csv(out)["transcript"].nunique() == 6
    assert [file.name for file in out.parent.iterdir()] == ["out.csv"]


def test_quiet_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SPEECH, "utf-8")
    code, text = run("suggest", tmp_path, "-o", tmp_path / "out.jsonl", "-q")
    assert (code, text) == (0, "")


def test_bad_files_are_named_the_rest_goes_on_and_the_exit_code_says_so(tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "good.txt").write_text(SPEECH, "utf-8")
    (study / "empty.txt").write_bytes(b"")
    (study / "truncated.docx").write_bytes(b"PK\x03\x04 and no more")
    (study / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    (study / "mislabelled.txt").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    code, text = run("suggest", study, "-o", tmp_path / "out.xlsx")
    assert code == 1
    for name in ("empty.txt", "truncated.docx", "locked.docx", "mislabelled.txt"):
        (line,) = [
            line for line in text.splitlines() if line.startswith("Not read") and name in line
        ]
        assert len(line) > len(name) + 20
    assert (tmp_path / "out.xlsx").is_file()


@pytest.mark.parametrize(
    ("source", "out", "says"),
    [
        ("missing.txt", "out.xlsx", "missing.txt"),
        ("a.txt", "out.pdf", ".xlsx, .csv"),
        ("empty", "out.xlsx", "nothing that can be read"),
        ("silent.txt", "out.xlsx", "No participant speech"),
    ],
)
def test_nothing_done_is_exit_code_two(tmp_path: Path, source: str, out: str, says: str) -> None:
    (tmp_path / "a.txt").write_text(SPEECH, "utf-8")
    (tmp_path / "silent.txt").write_text("Interviewer: Hello?\nInterviewer: Anyone?\n", "utf-8")
    (tmp_path / "empty").mkdir()
    code, text = run("suggest", tmp_path / source, "-o", tmp_path / out)
    assert code == 2
    assert says in text
    assert not (tmp_path / out).exists()


def test_an_unknown_model_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SPEECH, "utf-8")
    code, text = run("suggest", tmp_path, "-o", tmp_path / "o.csv", "--model", "nosuch")
    assert code == 2 and "No model at 'nosuch'" in text


def test_cache_tells_and_purges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDFNLP_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.txt").write_text(SPEECH, "utf-8")
    assert "0.0 MB (limit" in run("cache")[1]
    run("suggest", tmp_path / "a.txt", "-o", tmp_path / "o.csv")
    assert (tmp_path / "cache" / "vectors.sqlite").is_file()
    assert "Freed" in run("cache", "--purge")[1]
    assert list((tmp_path / "cache").iterdir()) == []


# An audit hook sees every socket and process, also those whose failure a library would swallow.
NO_NETWORK = """
import os, sys
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen",
                 "os.posix_spawn", "os.fork", "os.exec"):
        os.write(2, f"{event} {args}".encode())
        os._exit(97)
sys.addaudithook(watch)
sys.argv = ["tdfnlp", "suggest", sys.argv[1], "-o", sys.argv[2], "-q"]
from tdfnlp.cli import main
main()
"""


def test_the_main_job_opens_no_socket_and_starts_no_process(tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, str(INTERVIEWS), str(out)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TDFNLP_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 10_000


def test_help_and_import_stay_light() -> None:
    heavy = "{'torch', 'spacy', 'sklearn', 'numpy', 'openvino', 'pandas', 'transformers'}"
    for code in (
        "import tdfnlp",
        "from tdfnlp.cli import cli; cli(['--help'], standalone_mode=False)",
    ):
        check = f"import sys; {code}; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
        done = subprocess.run(
            [sys.executable, "-c", check], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_python_m_tdfnlp_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tdfnlp", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("tdfnlp, version ")
