from pathlib import Path

import pytest
from files import write_text, write_vtt

from tdfnlp.errors import FormatError
from tdfnlp.formats import read

Said = tuple[str | None, str]


def said(path: Path) -> list[Said]:
    one = read(path).transcripts[0]
    return [(turn.speaker, one.text[turn.start : turn.end]) for turn in one.turns]


def test_teams_voices_merge_and_keep_their_times(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "a.vtt",
        "\ufeffWEBVTT\r\n\r\n"
        "11112222-3333-4444-5555-666677778888/10-0\r\n00:00:01.500 --> 00:00:02.000\r\n"
        "<v Ann &amp; Co>So how\r\ndo you wash?</v>\r\n\r\n"
        "11112222-3333-4444-5555-666677778888/10-1\r\n00:00:02.000 --> 00:00:04.000\r\n"
        "<v Ann &amp; Co>Up &lt;here&gt;?\r\n\r\n"
        "01:00:05.000 --> 01:00:06.250 align:start\r\n<v.loud Bo Li>Like <i>this</i>.</v>\r\n",
    )
    assert said(path) == [("Ann & Co", "So how do you wash? Up <here>?"), ("Bo Li", "Like this.")]
    turns = read(path).transcripts[0].turns
    assert [(turn.begins, turn.ends) for turn in turns] == [(1.5, 4.0), (3605.0, 3606.25)]


def test_all_voices_of_a_cue(tmp_path: Path) -> None:
    path = write_vtt(tmp_path / "a.vtt", ["<v Ann>Why?</v> <v Bo>So.</v>", "<v Bo>Yes.</v>"])
    assert said(path) == [("Ann", "Why?"), ("Bo", "So. Yes.")]


def test_zoom_names(tmp_path: Path) -> None:
    path = write_vtt(
        tmp_path / "a.vtt",
        ["Ann Lee: Why?", "Bo: So.", "Bo: Yes.", "Ann Lee: At 17:30?", "Once Only: No."],
    )
    assert said(path) == [
        ("Ann Lee", "Why?"), ("Bo", "So. Yes."), ("Ann Lee", "At 17:30?"), ("Once Only", "No."),
    ]  # fmt: skip


def test_what_only_looks_like_a_name(tmp_path: Path) -> None:
    cues = [
        "Ann: Why?",
        "10:30 Meeting: we met.",
        "See https://example.org",
        "Worse: it was.",
        "Ann: So.",
    ]
    assert said(write_vtt(tmp_path / "a.vtt", cues)) == [
        ("Ann", "Why? 10:30 Meeting: we met. See https://example.org Worse: it was. So.")
    ]


def test_plain_captions_are_cut_at_sentence_ends(tmp_path: Path) -> None:
    path = write_vtt(tmp_path / "a.vtt", ["we wash", "our hands.", "Always", "do."])
    assert said(path) == [(None, "we wash our hands."), (None, "Always do.")]
    assert "each sentence is a turn of nobody" in read(path).notes[0]


def test_notes_styles_and_blank_lines_in_cues(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "a.vtt",
        "WEBVTT - title\nKind: captions\n\nNOTE by\nme\n\nSTYLE\n::cue {}\n\n1\n"
        "00:01.000 --> 00:02.000\nP1: one\n\nstill one\n\n2\n\n"
        "3\n00:03.000 --> 00:04.000\nI: two\n",
    )
    assert said(path) == [("P1", "one still one"), ("I", "two")]


def test_srt(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "a.srt",
        "1\r\n00:00:01,000 --> 00:00:02,500\r\nINT: Why?\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000\r\nAnna: <b>So</b>\r\n{\\an8}it is.\r\n\r\n",
    )
    assert said(path) == [("INT", "Why?"), ("Anna", "So it is.")]
    turns = read(path).transcripts[0].turns
    assert [(turn.begins, turn.ends) for turn in turns] == [(1.0, 2.5), (3.0, 4.0)]


def test_roles_and_guess(tmp_path: Path) -> None:
    study = read(write_vtt(tmp_path / "a.vtt", ["<v Ann>Why?", "<v Bo>So."] * 3))
    assert [turn.role for turn in study.transcripts[0].turns[:2]] == ["interviewer", "participant"]
    assert "Ann is taken as the interviewer" in study.notes[0]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.vtt", "1\n00:01.000 --> 00:02.000\nhello\n", r"line 1.*lacks the WEBVTT"),
        ("a.vtt", "WEBVTTX\n\n00:01.000 --> 00:02.000\nhello\n", "lacks the WEBVTT"),
        ("a.vtt", "WEBVTT\n\n1\n00:01.000 --> soon\nhello\n", r"line 4.*no readable times"),
        ("a.vtt", "WEBVTT\n\nhello there\n", r"line 3.*no readable times"),
        ("a.srt", "\n\n1\n00:00:01 > 00:00:02\nhello\n", r"line 3.*no readable times"),
        ("a.srt", "1\n00:01,000 --> 00:0x,000\nhello\n", r"line 2.*no readable times"),
        ("a.vtt", "WEBVTT\n", "holds no text"),
        ("a.srt", "\n \n", "holds no text"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n<i></i>\n", "holds no text"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read(write_text(tmp_path / name, text))


@pytest.mark.parametrize(
    "text", ["1" * 200_000, "\n" * 200_000 + "x", "<v " * 70_000, "<" * 200_000]
)
def test_long_runs_take_linear_time(tmp_path: Path, text: str) -> None:
    for name, head in [("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n"), ("b.srt", "")]:
        try:
            assert read(write_text(tmp_path / name, head + text)).transcripts
        except FormatError as error:
            assert name in str(error)
