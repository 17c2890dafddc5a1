import time
from pathlib import Path

import pytest

from tdfnlp.errors import FormatError
from tdfnlp.formats import read, rtf
from tdfnlp.transcript import Transcript

HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset238 Arial CE;}"
    r"{\f2\fcharset128 MS Mincho;}}{\colortbl;\red0\green0\blue0;}"
    r"{\stylesheet{\s1 heading 1;}}{\*\generator Writer;}{\info{\title Some title}{\author N}}"
)


def write_rtf(path: Path, body: str, head: str = HEAD) -> Path:
    path.write_bytes((head + body + "}").encode("latin-1"))
    return path


def transcript(tmp_path: Path, body: str) -> Transcript:
    (one,) = read(write_rtf(tmp_path / "a.rtf", body)).transcripts
    return one


def said(one: Transcript) -> list[tuple[str | None, str]]:
    return [(turn.speaker, one.text[turn.start : turn.end]) for turn in one.turns]


def test_paragraphs_and_labels(tmp_path: Path) -> None:
    one = transcript(
        tmp_path,
        "\\pard {\\b Interviewer:} Why\r\n not?\\par\n"
        "\\pard P1:\\tab Because.\\line And so.\\par\\par P1: End.",
    )
    assert one.text == "Interviewer: Why not?\nP1:\tBecause.\nAnd so.\n\nP1: End."
    assert said(one) == [("Interviewer", "Why not?"), ("P1", "Because.\nAnd so."), ("P1", "End.")]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"caf\'e9 \'93so\'94 a\~b c\_d e\-f \emdash\{x\}\\", "café “so” a\u00a0b c-d ef —{x}\\"),
        (r"{\f1 \'e8\'9a} \'e8", "čš è"),
        (r"{\f2 \'82\'a0\'83A}", "あア"),  # a byte of a pair may be a letter
        (r"na\u239?ve \u8217'x \uc0\u233 te {\uc2\u233\'c3\'a9}t", "naïve ’x éte ét"),
        (r"\u-10179?\u-8704?!", "😀!"),
        (r"\u-10179? broken \u-8704?!", " broken �!"),
        (r"seen {\v not}\v no\v0 and", "seen and"),
        (r"told {\deleted\revauth1 not }{\revised\revauth1 always}", "told always"),
        (r"{\field{\*\fldinst{HYPERLINK x}}{\fldrslt link}} end", "link end"),
        (r"{\header top}{\footnote foot}{\*\annotation no}{\pict\bin5 }}}}}x}kept", "kept"),
        (r"{\listtext 1.\tab}point", "point"),
        (r"\u8211\endash x\u8211\~y a" + "\\\nb", "–x–y a\nb"),  # stand-ins, an old line end
        (r"a\lquote b\rquote\ldblquote c\rdblquote\endash\bullet", "a‘b’“c”–•"),
    ],
)
def test_characters_and_what_is_no_text(tmp_path: Path, body: str, text: str) -> None:
    assert transcript(tmp_path, "so " + body).text == "so " + text


def test_code_pages_without_fonts(tmp_path: Path) -> None:
    for head, raw, text in [
        (r"{\rtf1\mac ", "caf\\'8e", "café"),
        (r"{\rtf1\ansi\ansicpg1250 ", "\\'e8", "č"),
        (r"{\rtf1\ansi\ansicpg65001 ", "\xc3\xa9", "é"),
        (r"{\rtf1\ansi\ansicpg4 ", "\\'e9", "é"),
    ]:
        path = write_rtf(tmp_path / "a.rtf", raw, head)
        assert read(path).transcripts[0].text == text


def cells(*texts: str) -> str:
    return (
        r"\trowd\cellx100\cellx200\pard\intbl "
        + "".join(text + r"\cell " for text in texts)
        + r"\trowd\cellx100\cellx200\row "
    )


def test_a_table_of_turns(tmp_path: Path) -> None:
    body = (
        r"Interview\par " + cells("I", r"Why?\par And?") + cells("P1", "So.") + r"\pard After\par"
    )
    one = transcript(tmp_path, body)
    assert one.text == "Interview\nI\nWhy?\nAnd?\nP1\nSo.\nAfter"
    assert said(one) == [("I", "Why?\nAnd?"), ("P1", "So.\nAfter")]


def test_headings_that_are_names(tmp_path: Path) -> None:
    line = r"\pard\outlinelevel0 {}\par\pard\plain {}\par "
    talk = [("Anna", "Why?"), ("Ben", "So."), ("Anna", "And?"), ("Ben", "End.")] * 2
    one = transcript(tmp_path, "".join(line.format(*turn) for turn in talk))
    assert said(one) == talk


def test_cells_inside_cells_are_paragraphs(tmp_path: Path) -> None:
    inner = r"\pard\intbl\itap2 x\nestcell y\nestcell{\*\nesttableprops\nestrow}"
    one = transcript(
        tmp_path, r"Top\par\trowd\pard\intbl a\cell " + inner + r" z\cell\row\pard End"
    )
    assert one.text == "Top\na\nx\ny\n z\nEnd"


def test_a_table_that_nvivo_writes(tmp_path: Path) -> None:
    body = cells("Timespan", "Content", "Speaker", "Theme")
    body += cells("0:00.0 - 0:05.5", "Why?", "I", "x") + cells("0:06.0 - 0:08.0", "So.", "P1", "y")
    one = transcript(tmp_path, body)
    assert said(one) == [("I", "Why?"), ("P1", "So.")]
    assert [turn.begins for turn in one.turns] == [0.0, 6.0]


def test_an_export_of_a_code(tmp_path: Path) -> None:
    body = (
        r"<Files\\\\Nurses\\\\N04> - \'a7 1 reference coded  [4.06% Coverage]\par\par "
        r"Reference 1 - 4.06% Coverage\par\par We had no time.\par"
    )
    study = read(write_rtf(tmp_path / "Barriers.rtf", body))
    assert [(one.id, one.group, one.text) for one in study.transcripts] == [
        ("N04", "Nurses", "We had no time.")
    ]
    assert study.codings[0].code == ("Barriers",)


def test_what_follows_the_document_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(rb"{\rtf1 P1: Well.} I: Never?")
    assert read(path).transcripts[0].text == "P1: Well."
    path.write_bytes(rb"{\rtf1 P1: Cut off \'e")
    assert read(path).transcripts[0].text.startswith("P1: Cut off")


def test_deep_and_endless_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormatError, match="nests groups more than"):
        transcript(tmp_path, "{" * 5000)
    with pytest.raises(FormatError, match="holds no text"):
        transcript(tmp_path, r"{\*\x P1: hidden}")
    monkeypatch.setattr(rtf, "MAX_TOKENS", 100)
    with pytest.raises(FormatError, match="too large"):
        transcript(tmp_path, r"\b a" * 100)


@pytest.mark.parametrize(
    "body",
    [r"{\field{\*\fldinst{HYPERLINK " * 300 + "x", r"{\fonttbl" + r"\f1" * 40_000, r"\'4" * 20_000,
     r"\cell" * 20_000, r"\row" * 20_000, r"\u1" * 20_000, r"\pard\par" * 10_000],
)  # fmt: skip
def test_linear_time(tmp_path: Path, body: str) -> None:
    began = time.perf_counter()
    try:
        transcript(tmp_path, body)
    except FormatError:
        pass
    assert time.perf_counter() - began < 5
