from pathlib import Path

import pytest
from files import write_text

from tdfnlp.errors import FormatError
from tdfnlp.formats import encoding, read
from tdfnlp.formats.names import role_of
from tdfnlp.transcript import Transcript

Said = tuple[str | None, str, str]


def transcript(path: Path, text: str, charset: str = "utf-8") -> Transcript:
    return read(write_text(path, text, charset)).transcripts[0]


def said(one: Transcript) -> list[Said]:
    return [(turn.speaker, turn.role, one.text[turn.start : turn.end]) for turn in one.turns]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "N04.txt"


def test_labels_crlf_blank_lines_and_header(path: Path) -> None:
    text = (
        "Study of hand washing\r\nParticipant group: nurses\r\n\r\n"
        "Interviewer: How is it?\r\nP1:   Good.\r\n\r\nStill the same answer.  \r\n"
        "P1: New turn.\r\nInterviewer:\r\n"
    )
    one = transcript(path, text)
    assert one.text == text
    assert one.group == "nurses"
    assert said(one) == [
        ("Interviewer", "interviewer", "How is it?"),
        ("P1", "participant", "Good.\r\n\r\nStill the same answer."),
        ("P1", "participant", "New turn."),
    ]


@pytest.mark.parametrize(
    "head",
    [
        "{}: ", "{} (00:01:02): ", "[00:01:02] {}: ", "**{}:** ", "**{}**: ", "{}:\t", "{}\t",
        "{}\n", "{}:\n", "{}   0:15\n", "{}  1:00:15  \n", "{} (00:15)\n", "00:01:02 {}\n",
        "  {} : ",
    ],
)  # fmt: skip
def test_forms_of_labels(path: Path, head: str) -> None:
    names = ["Anna", "Dr. Lee"] * 3
    text = "Title\n\n" + "\n\n".join(head.format(name) + "some words." for name in names)
    assert [(who, words) for who, _, words in said(transcript(path, text))] == [
        (name, "some words.") for name in names
    ]


def test_time_stamps_become_seconds(path: Path) -> None:
    one = transcript(
        path,
        "Anna (00:01:02): one\nBen [0:00:05.5]: two\n[01:00:00] Anna: three\nBen: [00:07] four\n",
    )
    assert [turn.begins for turn in one.turns] == [62.0, 5.5, 3600.0, 7.0]
    assert [words for *_, words in said(one)] == ["one", "two", "three", "four"]


def test_stamp_lines_are_no_speech(path: Path) -> None:
    one = transcript(path, "[00:00:01]\nI: Hello?\n[00:00:09]\nP1:\n[00:00:10]\nHello.\nP1: 17:30")
    assert [words for *_, words in said(one)] == ["Hello?", "Hello.", "17:30"]
    assert [turn.begins for turn in one.turns] == [1.0, 9.0, None]


def test_otter(path: Path) -> None:
    text = (
        "Anna Smith  0:00  \nHow long have you been there?\n\nBen  0:07  \nTen years.\n\n"
        "Anna Smith  0:15  \nAnd?\n\nTranscribed by https://otter.ai\n"
    )
    one = transcript(path, text)
    assert [(who, words) for who, _, words in said(one)] == [
        ("Anna Smith", "How long have you been there?"), ("Ben", "Ten years."),
        ("Anna Smith", "And?"),
    ]  # fmt: skip
    assert [turn.begins for turn in one.turns] == [0.0, 7.0, 15.0]


@pytest.mark.parametrize(
    "line",
    [
        "17:30 was late", "At 17:30 we left", "At 17:45 we ate", "10:30 Meeting: we met",
        "https://example.org/a", "See https://example.org/b", "There was one more thing: time",
        "and then: nothing", "The thing I would say: never", "Note: laughs",
    ],
)  # fmt: skip
def test_what_is_no_label(path: Path, line: str) -> None:
    one = transcript(path, f"P1: Well.\n{line}\n{line}\nInterviewer: Yes?\n")
    assert said(one)[0] == ("P1", "participant", f"Well.\n{line}\n{line}")
    assert len(one.turns) == 2


def test_an_unknown_colon_label_counts_from_the_second_time(path: Path) -> None:
    once = transcript(path, "P1: Well.\nWorse: it rained.\nP1: Yes.")
    assert [who for who, *_ in said(once)] == ["P1", "P1"]
    twice = transcript(path, "P1: Well.\nMary: it rained.\nP1: Yes.\nMARY: it did.")
    assert [who for who, *_ in said(twice)] == ["P1", "Mary", "P1", "MARY"]


def test_own_line_names_count_from_the_third_time(path: Path) -> None:
    block = "Mary\nIt rained.\nJohn\nIt did.\n"
    assert [who for who, *_ in said(transcript(path, block * 2))] == [None]
    three = transcript(path, block * 3)
    assert said(three)[:2] == [("Mary", "unknown", "It rained."), ("John", "unknown", "It did.")]
    assert len(three.turns) == 6


def test_known_words_on_lines_of_their_own_count_together(path: Path) -> None:
    one = transcript(path, "INTERVIEWER\nWhat?\n\nRESPONDENT\nIt went: well.\n")
    assert said(one) == [
        ("INTERVIEWER", "interviewer", "What?"), ("RESPONDENT", "participant", "It went: well."),
    ]  # fmt: skip


def test_two_stamped_names_are_enough(path: Path) -> None:
    one = transcript(path, "Anna Smith  0:00\nHow are you?\nBen Jones  0:05\nFine\n")
    assert [who for who, *_ in said(one)] == ["Anna Smith", "Ben Jones"]


def test_voices_without_a_name_count_at_once(path: Path) -> None:
    one = transcript(path, "Facilitator: Hi.\nP1: Oh.\nAll: Yes\nUnknown speaker: No")
    assert [(who, role) for who, role, _ in said(one)] == [
        ("Facilitator", "interviewer"), ("P1", "participant"),
        ("All", "participant"), ("Unknown speaker", "participant"),
    ]  # fmt: skip


def test_tab_separated_times_and_names(path: Path) -> None:
    one = transcript(path, "00:00:15\tInterviewer\tHow?\n0:17\tP1\tSo.\n")
    assert said(one) == [("Interviewer", "interviewer", "How?"), ("P1", "participant", "So.")]
    assert [turn.begins for turn in one.turns] == [15.0, 17.0]


def test_short_answers_on_lines_of_their_own_are_speech(path: Path) -> None:
    one = transcript(path, "I: So?\nP1: Hm.\nOkay\nOkay\nOkay\nI: Fine.")
    assert said(one)[1] == ("P1", "participant", "Hm.\nOkay\nOkay\nOkay")


def test_digits_before_the_colon_do_not_hide_a_speaker(path: Path) -> None:
    one = transcript(path, "Speaker 1: 10 years\nSpeaker 2: 9 years\nSpeaker 1: ok\nSpeaker 2: so")
    assert [who for who, *_ in said(one)] == ["Speaker 1", "Speaker 2"] * 2


def test_header_page_with_names_is_no_speech(path: Path) -> None:
    text = (
        "Interviewer: J. Smith\nParticipant: P04\n\nI: How are you?\nP: Well.\nI: Good.\nP: Yes.\n"
    )
    assert [words for *_, words in said(transcript(path, text))] == [
        "How are you?", "Well.", "Good.", "Yes.",
    ]  # fmt: skip
    text = "Interviewer: Jo\nDate: 3 May\nGroup: GPs\n\nInterviewer: How?\nP1: So.\n"
    one = transcript(path, text)
    assert one.group == "GPs"
    assert [words for *_, words in said(one)] == ["How?", "So."]


def test_a_moderator_who_speaks_once_is_kept(path: Path) -> None:
    one = transcript(path, "Moderator: Welcome all\nP3: Hi\nP1: a.\nP2: b.\nP1: c.\nP2: d.")
    assert [who for who, *_ in said(one)] == ["Moderator", "P3", "P1", "P2", "P1", "P2"]


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Interviewer", "interviewer"), ("INT", "interviewer"), ("I", "interviewer"),
        ("Int1", "interviewer"), ("Q", "interviewer"), ("interviewer 2", "interviewer"),
        ("Researcher", "interviewer"), ("Moderator", "interviewer"),
        ("Facilitator", "interviewer"), ("Sonal?", "interviewer"),
        ("Jo (interviewer)", "interviewer"), ("P", "participant"), ("P1", "participant"),
        ("Participant 04", "participant"), ("R", "participant"), ("Respondent", "participant"),
        ("Patient", "participant"), ("FG2_P3", "participant"), ("Interviewee", "participant"),
        ("Anna", "unknown"), ("Speaker 1", "unknown"), ("As", "unknown"), ("PS", "unknown"),
        ("GP", "unknown"), ("Intake", "unknown"),
    ],
)  # fmt: skip
def test_roles_by_word(label: str, role: str) -> None:
    assert role_of(label) == role


def test_others_are_participants_where_an_interviewer_is_known(path: Path) -> None:
    one = transcript(path, "INT: Why?\nAnna: So.\nINT: Oh?\nAnna: Yes.")
    assert {role for who, role, _ in said(one) if who == "Anna"} == {"participant"}


def test_who_asks_is_taken_as_the_interviewer(path: Path) -> None:
    text = "Anna: How?\nBen: So.\nAnna: Why?\nBen: Because.\nAnna: I see.\nBen: Yes."
    study = read(write_text(path, text))
    assert [turn.role for turn in study.transcripts[0].turns] == ["interviewer", "participant"] * 3
    assert study.notes == (
        "N04: Anna is taken as the interviewer because 2 of 3 turns end in a question mark and no "
        "label says who asks.",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Anna: How?\nBen: So.\nAnna: Why?\nBen: Because.",  # too few turns
        "Anna: How?\nBen: So?\nAnna: Why?\nBen: Eh?\nAnna: I see.\nBen: Yes.",  # no lead
        "Anna: How?\nBen: So.\nAnna: Eh.\nBen: Hm.\nAnna: I see.\nBen: Yes.",  # few questions
        "P1: How?\nP2: So.\nP1: Why?\nP2: Hm.\nP1: What?\nP2: Yes.",  # labels say participant
        "Anna: How?\nAnna: So?\nAnna: Why?",  # nobody else
    ],
)
def test_who_asks_stays_open_without_a_clear_lead(path: Path, text: str) -> None:
    study = read(write_text(path, text))
    assert "interviewer" not in [turn.role for turn in study.transcripts[0].turns]
    assert study.notes == ()


def test_without_labels_each_paragraph_is_a_turn(path: Path) -> None:
    study = read(write_text(path, "Group: GPs\n\nFirst line\nsecond line.\n\n\nNext one."))
    one = study.transcripts[0]
    assert said(one) == [
        (None, "unknown", "First line\nsecond line."), (None, "unknown", "Next one."),
    ]  # fmt: skip
    assert one.group == "GPs"
    assert "no speaker labels" in study.notes[0]


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]
)
def test_unicode_encodings_give_the_same_text(path: Path, charset: str) -> None:
    text = "I: Why?\r\nP1: I don’t know – “naïve” 😀.\r\n"
    assert transcript(path, text, charset).text == text


@pytest.mark.parametrize("charset", ["cp1252", "mac_roman"])
def test_legacy_encodings_are_guessed_and_noted(path: Path, charset: str) -> None:
    text = "I: Why?\nP1: I don’t know – “naïve”, she said. “Really?”\n"
    study = read(write_text(path, text, charset))
    assert study.transcripts[0].text == text
    assert study.notes[0] == (
        f"N04.txt: the file does not say its encoding; it was read as {charset}."
    )


def test_central_european_text(path: Path) -> None:
    text = "I: Dlaczego?\nP1: Zażółć gęślą jaźń, nie wiedziałem o tym. Dziękuję.\n"
    assert transcript(path, text, "cp1250").text == text


@pytest.mark.parametrize("data", [b"\xff\xfeI\x00:", b"\xff\xfe\x00\xd8a\x00", b"\xff\xfe\0\0abc"])
def test_damaged_utf16_and_utf32(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(FormatError, match="is damaged"):
        read(path)


def test_a_label_without_speech_is_no_text(path: Path) -> None:
    with pytest.raises(FormatError, match="holds no text"):
        read(write_text(path, "Interviewer:\nP1:\n"))


def test_too_many_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_LINES", 3)
    with pytest.raises(FormatError, match="more than 3 line ends"):
        read(write_text(path, "a\n\n\r\nb"))
