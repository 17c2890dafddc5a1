import time
from pathlib import Path

import pytest
from files import write_text

from tdfnlp.errors import FormatError
from tdfnlp.formats import read
from tdfnlp.transcript import Transcript


def transcript(tmp_path: Path, page: str, encoding: str = "utf-8") -> Transcript:
    (one,) = read(write_text(tmp_path / "a.html", page, encoding)).transcripts
    return one


def said(one: Transcript) -> list[tuple[str | None, str]]:
    return [(turn.speaker, one.text[turn.start : turn.end]) for turn in one.turns]


def test_blocks_become_lines(tmp_path: Path) -> None:
    one = transcript(
        tmp_path,
        "<!DOCTYPE html><html><head><title>T</title><style>p > b {}</style></head><body>\n"
        "<script>if (a < b) document.write('<p>no</p>')</script><!-- <p>no > </p> -->"
        "<h1>Interview</h1>\n<div><p><b>Interviewer:</b> Why\n  not &amp; when?</p>"
        "<p title='a > b'>P1: So &lt;it&gt;<br>is&nbsp;5 < 6.</p></div><p></p>"
        "<ul><li>P1: One.<li>P1: <i>Two</i></ul>",
    )
    assert one.text == (
        "Interview\nInterviewer: Why not & when?\nP1: So <it>\nis\u00a05 < 6.\n\nP1: One.\nP1: Two"
    )
    assert said(one) == [
        ("Interviewer", "Why not & when?"), ("P1", "So <it>\nis\u00a05 < 6."), ("P1", "One."),
        ("P1", "Two"),
    ]  # fmt: skip


def test_preformatted_text_keeps_its_lines(tmp_path: Path) -> None:
    one = transcript(tmp_path, "<html><pre>I: Why?\r\nP1: So  it\nis.</pre> and  on")
    assert one.text == "I: Why?\nP1: So  it\nis.\nand on"


def test_bold_names_and_tables(tmp_path: Path) -> None:
    lines = "".join(f"<p><strong>{who} </strong>{what}</p>" for who, what in
                    [("Anna", "why?"), ("Ben", "so.")] * 2)  # fmt: skip
    assert said(transcript(tmp_path, lines))[:2] == [("Anna", "why?"), ("Ben", "so.")]
    rows = "<tr><th>Content<th>Speaker<tr><td><p>Why?</p><p>When?</p><td>I<tr><td>So.<td>P1"
    one = transcript(tmp_path, f"<html>Before<table>{rows}</table>after")
    assert one.text == "Before\nContent\nSpeaker\nI\nWhy?\nWhen?\nP1\nSo.\nafter"
    assert said(one) == [("I", "Why?\nWhen?"), ("P1", "So.\nafter")]


def test_the_page_says_its_encoding(tmp_path: Path) -> None:
    head = "<html><meta http-equiv=Content-Type content='text/html; charset={}'><p>P1: "
    assert transcript(tmp_path, head.format("windows-1251") + "да", "cp1251").text == "P1: да"
    assert transcript(tmp_path, head.format("windows-999") + "é", "utf-8").text == "P1: é"
    assert transcript(tmp_path, head.format("windows-1251") + "é", "utf-16").text == "P1: é"


def test_a_page_without_words(tmp_path: Path) -> None:
    for page in ("<html><script>P1: no", "<html><p> </p>", "<html><!-- P1: no"):
        with pytest.raises(FormatError, match="holds no text"):
            transcript(tmp_path, page)


@pytest.mark.parametrize(
    "part", ["<", "<a ", "<a '", '<a "x', "<!--", "<p>", "<br>", "<br><p>", "<table>", "<td>", "&",
             "<tr><td>", "</table>", "<script>", "<b>"]
)  # fmt: skip
def test_linear_time(tmp_path: Path, part: str) -> None:
    began = time.perf_counter()
    assert transcript(tmp_path, "<html>P1: x" + part * 20_000).text.startswith("P1: x")
    assert time.perf_counter() - began < 5
