"""Damaged files: ``python -m tests.fuzz [count] [suffix]`` mutates a real file of each kind.

Every mutation is read in a worker process with a time limit and a memory limit. Anything but a
``FormatError`` or a study whose offsets hold is a failure; the file is kept and named.
"""

import html
import io
import random
import resource
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # as pytest does

from files import (
    nvivo_text,
    write_docx,
    write_docx_table,
    write_excel,
    write_text,
    write_vtt,
    write_xlsx,
)
from refi import STYLES, coded
from test_formats_odt import p, row, write_odt
from test_formats_pdf import write_pdf
from test_formats_qdc import book
from test_formats_rtf import cells, write_rtf

from tdfnlp.coding import Study
from tdfnlp.errors import FormatError
from tdfnlp.formats import SUFFIXES, read

COUNT, SECONDS, MEMORY = 10_000, 10, 2**30
TALK = [("Interviewer", "Why is that, do you think?"), ("P1", "So. Nobody – told me.")] * 3
TOKENS = [
    b"\0", b"\xff", b"-1", b"99999999999", b"<", b">", b"/>", b"&#0;", b"&x;", b'"', b"\n", b"\\",
    b"{", b"}", b"\\u-1", b"\\bin9", b"\\'e", b"obj", b"endobj", b"stream", b"endstream", b"<<",
    b">>", b"[", b"]", b"/Kids", b"1 0 R", b"PK\3\4", b"PK\1\2", b"<!DOCTYPE x>", b"%", b":",
    b"-->", b"\xe2\x80\xa8", b"\r", b"\x0c", b"\xed\xa0\x80", "§".encode(), b"e", b" ",
]  # fmt: skip


def samples(folder: Path) -> dict[str, bytes]:
    """Make one or more valid files of each kind, by name."""
    lines = [f"{name}: {speech}" for name, speech in TALK]
    export = nvivo_text({"Files\\\\G\\\\N1": [("1", "One."), ("2-3", "I: Two?\nP: So.")]})
    rows = [("speaker", "text", "start"), *((*turn, 1) for turn in TALK)]
    web = "<!DOCTYPE html><html><h1>Talk</h1><table><tr><td>I<td>Why?<tr><td>P1<td>So</table>"
    body = r"{\b I:} Wh\'e9?\par P1: \u8211-\par" + cells("I", "Why?") + cells("P1", "So.")
    matrix: list[list[object]] = [[None, "A : Nurses"], ["1 : Knowledge", 3]]
    write_text(folder / "plain.txt", "\r\n".join(lines))
    write_text(folder / "export.txt", export, "utf-16")
    write_text(folder / "table.txt", "Timespan\tContent\tSpeaker\n0:01 - 0:02\tSo.\tP1\n")
    write_text(folder / "notes.md", "**I:** Why?\n\n**P1:** So.\n")
    write_text(folder / "export.html", "<p>".join(html.escape(export).split("\r\n")))
    write_text(folder / "page.htm", web + "".join(f"<p>{html.escape(one)}</p>" for one in lines))
    write_docx(folder / "plain.docx", lines)
    write_docx_table(folder / "table.docx", TALK)
    write_vtt(folder / "voices.vtt", [f"<v {name}>{speech}" for name, speech in TALK])
    write_text(folder / "names.srt", "1\n00:00:01,000 --> 00:00:02,000\nP1: Well.\n\n" * 3)
    write_text(folder / "comma.csv", "speaker,text,start\nP1,Well.,0:01\nI,Why?,2\n")
    write_text(folder / "tab.tsv", "Timespan\tContent\tSpeaker\n0:01 - 0:02\tSo.\tP1\n")
    write_xlsx(folder / "inline.xlsx", {"S": rows})
    write_excel(folder / "shared.xlsx", rows)
    write_xlsx(folder / "matrix.xlsx", {"S": matrix})
    write_rtf(folder / "plain.rtf", body)
    write_odt(folder / "plain.odt", p(*lines) + f"<table:table>{row('I', 'Why?')}</table:table>")
    write_pdf(folder / "plain.pdf", [[line.replace("–", "-") for line in lines]] * 2)
    write_text(folder / "codes.qdc", book("<Code name='A'><Code name='B' color='#ff0000'/></Code>"))
    for style in ("nvivo", "standard"):
        coded(STYLES[style]).write(folder / f"{style}.qdpx")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def mutated(data: bytes, seed: int) -> bytes:
    """Damage a file in one way or several; the same seed gives the same file."""
    pick = random.Random(seed)
    if data.startswith(b"PK") and pick.random() < 0.7:
        return _in_member(data, pick)
    return _damaged(data, pick)


def _in_member(data: bytes, pick: random.Random) -> bytes:
    """Damage one member and pack the whole again, so that the damage gets past the checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = pick.choice(sorted(members))
    if pick.random() < 0.1:
        del members[name]
    else:
        members[name] = _damaged(members[name], pick)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, some in members.items():
            archive.writestr(one, some)
    return whole.getvalue()


def _damaged(data: bytes, pick: random.Random) -> bytes:
    for _ in range(pick.choice([1, 1, 1, 2, 3, 8])):
        data = pick.choice(_DAMAGES)(data, pick)
    return data


def _flip(data: bytes, pick: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(data), pick.choice([1, 4, 32]))):
        changed[pick.randrange(len(changed))] ^= 1 << pick.randrange(8)
    return bytes(changed)


def _truncate(data: bytes, pick: random.Random) -> bytes:
    return data[: pick.randrange(len(data) + 1)]


def _delete(data: bytes, pick: random.Random) -> bytes:
    at = pick.randrange(len(data) + 1)
    return data[:at] + data[at + pick.choice([1, 2, 8, 100]) :]


def _splice(data: bytes, pick: random.Random) -> bytes:
    here, there = pick.randrange(len(data) + 1), pick.randrange(len(data) + 1)
    return data[:here] + data[there : there + pick.choice([1, 20, 200])] + data[here:]


def _insert(data: bytes, pick: random.Random) -> bytes:
    at = pick.randrange(len(data) + 1)
    return data[:at] + pick.choice(TOKENS) * pick.choice([1, 1, 2, 50, 5000]) + data[at:]


def _number(data: bytes, pick: random.Random) -> bytes:
    """Put a strange number where there is one."""
    where = [at for at, byte in enumerate(data[:50_000]) if 48 <= byte <= 57]
    if not where:
        return data
    at = pick.choice(where)
    return data[:at] + pick.choice([b"-1", b"0", b"4294967296", b"1e9", b"99999"]) + data[at + 1 :]


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _truncate, _delete, _splice, _insert, _number,
)  # fmt: skip


def outcome(name: str, data: bytes, folder: Path) -> str:
    """Read a file: "read", "refused", or what went wrong."""
    path = folder / name
    path.write_bytes(data)
    try:
        study = read(path)
    except FormatError as error:
        return "refused" if str(error).startswith(name) else "a message without the file's name"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return broken_offsets(study) or "read"


def broken_offsets(study: Study) -> str:
    """Say which offset does not hold, "" where all do."""
    texts = {one.id: one.text for one in study.transcripts}
    if len(texts) < len(study.transcripts):
        return "two transcripts of one name"
    for one in study.transcripts:
        at = 0
        for turn in one.turns:
            speech = one.text[turn.start : turn.end]
            if not at <= turn.start < turn.end <= len(one.text) or speech != speech.strip():
                return f"a turn at {turn.start} to {turn.end} of {len(one.text)}"
            at = turn.end
    for coding in study.codings:
        if not 0 <= coding.start < coding.end <= len(texts[coding.transcript]):
            return f"a coding at {coding.start} to {coding.end}"
    return ""


def _work(name: str, data: bytes, first: int, last: int, results: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            results.send(outcome(name, mutated(data, seed), Path(folder)))


def run(name: str, data: bytes, count: int) -> Iterator[tuple[int, str]]:
    """Read `count` mutations of a file in workers; give the seed and the outcome of each."""
    seed = 0
    context = get_context("forkserver")
    while seed < count:
        here, there = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(name, data, seed, count, there))
        worker.start()
        there.close()
        patience = SECONDS + 10.0  # the first one includes the start of the worker
        while seed < count:
            if not here.poll(patience):
                result = f"nothing after {SECONDS} seconds"
            else:
                try:
                    result = here.recv()
                except EOFError:
                    result = "the worker died"
            yield seed, result
            seed, patience = seed + 1, float(SECONDS)
            if result.startswith(("nothing after", "the worker")):
                break
        worker.kill()
        worker.join()


def main(arguments: list[str]) -> int:
    """Run all kinds, or those of one suffix; print a line for each."""
    count = int(arguments[0]) if arguments else COUNT
    wanted = arguments[1] if len(arguments) > 1 else ""
    kept = Path(tempfile.gettempdir()) / "tdfnlp-fuzz"
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        made = samples(Path(folder))
    missing = set(SUFFIXES) - {Path(name).suffix for name in made}
    for name in (one for one in made if one.endswith(wanted)):
        tally = {"read": 0, "refused": 0}
        for seed, result in run(name, made[name], count):
            tally[result] = tally.get(result, 0) + 1
            if result not in ("read", "refused"):
                kept.mkdir(exist_ok=True)
                (kept / f"{seed}-{name}").write_bytes(mutated(made[name], seed))
        bad = {result: times for result, times in tally.items() if result not in _GOOD}
        failed += sum(bad.values())
        sys.stdout.write(f"{name:14} {tally['read']:7} read {tally['refused']:7} refused {bad}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{failed} failures" + (f", kept in {kept}" if failed else "") + "\n")
    sys.stdout.write(f"no file made for {sorted(missing)}\n" if missing else "")
    return int(failed > 0)


_GOOD = ("read", "refused")

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
