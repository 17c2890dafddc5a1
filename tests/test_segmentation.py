"""Segmentation: its laws on any text, where it cuts, and which question an utterance answers."""

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdfnlp.segmentation import LONGEST, TARGET, WHOLE, is_substantial, segment
from tdfnlp.transcript import ROLES, Role, Transcript, Turn, Utterance

FAST = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip

ZWJ = "\N{ZERO WIDTH JOINER}"
FAMILY = f"\N{WOMAN}{ZWJ}\N{WOMAN}{ZWJ}\N{GIRL}"
THUMB = "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"
HEART = "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}"
ACUTE = "e\N{COMBINING ACUTE ACCENT}"
CHUNK = 40
"""Characters from which a run without white space counts as more than one word."""

plain = st.sampled_from("and so then time bus nurse well um because we they it".split())
marked = st.sampled_from(
    ["time.", "why?", "no!", "well,", "Dr.", "e.g.", "...", "…", "--", "-", '"So', 'no."', "p.m."]
)
odd = st.sampled_from(
    [
        *(FAMILY, FAMILY * 20, THUMB, THUMB * 30, HEART * 33, ACUTE, ACUTE * 50, "\N{FIRE}" * 90),
        *("לא", "ידענו.", "نعم،", "لا؟", "我们没有时间。", "我们" * 60, "\0", "a\0b.", "\ufeff"),
        *("x" * 41, "x" * 200, "!" * 230, "(" * 90, "\N{ZERO WIDTH SPACE}", "</w:t>", "\u0301"),
    ]
)
gaps = st.sampled_from([" ", " ", " ", "\n", "\r\n", "  ", "\t", "\u00a0", "\u3000", "\u2028"])
speeches = st.tuples(
    st.lists(st.tuples(plain | marked | odd, gaps).map("".join), max_size=12),
    st.integers(1, 12),
).map(lambda drawn: ("".join(drawn[0]) * drawn[1]).strip())
talks = st.lists(st.tuples(st.sampled_from(ROLES), speeches), max_size=6)


def transcript(
    *talk: tuple[Role, str], name: str = "T1", between: str = "\r\n\r\nP: "
) -> Transcript:
    """A transcript whose turns lie between text that belongs to no turn."""
    text, turns = "", []
    for role, speech in talk:
        text += between
        turns.append(Turn(len(text), len(text) + len(speech), "P", role))
        text += speech
    return Transcript(name, text + between, tuple(turns))


def cut(speech: str) -> list[Utterance]:
    one = transcript(("participant", speech))
    utterances = segment([one])
    check_laws(one, utterances)
    return utterances


def texts(utterances: list[Utterance]) -> list[str]:
    return [one.text for one in utterances]


def check_laws(one: Transcript, utterances: list[Utterance]) -> None:
    """Exact offsets, order, whole coverage of codable speech and of nothing else."""
    for utterance in utterances:
        assert one.text[utterance.start : utterance.end] == utterance.text
        assert utterance.text.strip() == utterance.text != ""
        assert utterance.transcript == one.id
        assert len(utterance.text.split()) <= LONGEST
    assert [u.turn for u in utterances] == sorted(u.turn for u in utterances)
    for number, turn in enumerate(one.turns):
        mine = [u for u in utterances if u.turn == number]
        assert not (mine and turn.role == "interviewer")
        if turn.role != "interviewer":
            check_turn(one.text, turn, mine)


def check_turn(text: str, turn: Turn, utterances: list[Utterance]) -> None:
    edges = [turn.start, *(edge for u in utterances for edge in (u.start, u.end)), turn.end]
    assert edges == sorted(edges)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        assert text[left:right].strip() == ""
    for before, after in pairwise(utterances):
        if before.end == after.start:
            check_letter_is_whole(text, after.start)
    assert {u.role for u in utterances} <= {turn.role}


def check_letter_is_whole(text: str, place: int) -> None:
    assert unicodedata.category(text[place])[0] != "M"
    assert ZWJ not in text[place - 1 : place + 1]
    assert not "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}" <= text[place] <= "\U0001f3ff"


@FAST
@given(talks)
def test_laws(talk: list[tuple[Role, str]]) -> None:
    one = transcript(*talk)
    utterances = segment([one])
    check_laws(one, utterances)
    assert segment([one]) == utterances


@FAST
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(1, 40))
def test_laws_on_any_characters(text: str, times: int) -> None:
    # Of combining marks without end only the start is a letter: see the test of its own.
    few = "".join(a for a, b in pairwise(f" {text} ") if unicodedata.category(b)[0] != "M")
    cut((few * times).strip())


@FAST
@given(talks, talks)
def test_transcripts_do_not_touch_each_other(
    first: list[tuple[Role, str]], second: list[tuple[Role, str]]
) -> None:
    one, other = transcript(*first), transcript(*second, name="T2")
    assert segment([one, other]) == segment([one]) + segment([other])


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize(
    "speech",
    [
        pytest.param(FAMILY, id="joined emoji"),
        pytest.param(THUMB, id="emoji with a skin tone"),
        pytest.param(HEART, id="emoji with a variation selector"),
        pytest.param(ACUTE, id="combining mark"),
        pytest.param("क्षि", id="Devanagari"),
        pytest.param("\0", id="NUL"),
        pytest.param("لا نعرف متى يأتون، ولا أحد يقول شيئا. ", id="right to left"),
        pytest.param("我们没有时间。", id="Chinese without spaces"),
        pytest.param("It is late.\r\nWe are\r\ntired.\r\n", id="CRLF"),
        pytest.param("we go there and nobody comes ", id="no punctuation"),
    ],
)
def test_laws_on_scripts(speech: str, times: int) -> None:
    utterances = cut((speech * times).strip())
    assert "".join("".join(texts(utterances)).split()) == "".join((speech * times).split())


@pytest.mark.parametrize("unit", [FAMILY, THUMB, HEART, ACUTE])
@pytest.mark.parametrize("shift", range(6))
def test_a_run_is_cut_between_letters(unit: str, shift: int) -> None:
    utterances = cut("x" * shift + unit * 1500)
    assert len(utterances) > 1
    whole = texts(utterances)[1:]
    assert all(text == unit * (len(text) // len(unit)) for text in whole)


def test_a_letter_with_very_many_marks_stays_whole() -> None:
    cut(("a" + "\N{COMBINING ACUTE ACCENT}" * 50) * 200)


def test_lone_surrogates_in_a_short_turn() -> None:
    assert texts(cut("so \ud800 it was \udc00.")) == ["so \ud800 it was \udc00."]


@pytest.mark.parametrize("word", ["\ud800", "ti\udc00me.", "\udc00\ud800"])
def test_lone_surrogates_in_a_long_turn(word: str) -> None:
    assert len(cut(f"we went there {word} again " * 30)) > 1


@pytest.mark.parametrize(
    "speech",
    [
        pytest.param("it was a long way and nobody came. " * 2900, id="words"),
        pytest.param("a" * 100_000, id="one letter"),
        pytest.param("!" * 100_000, id="!"),
        pytest.param("(" * 100_000, id="("),
        pytest.param("a " * 50_000, id="letters apart"),
        pytest.param("( " * 50_000, id="brackets apart"),
        pytest.param(("!" * 199 + " ") * 500, id="runs of 199"),
        pytest.param("\N{FIRE}" * 100_000, id="emoji"),
    ],
)
def test_a_turn_of_100_000_characters(speech: str) -> None:
    speech = speech[:100_000].strip()
    one = transcript(("participant", speech))
    began = time.perf_counter()
    utterances = segment([one])
    assert time.perf_counter() - began < 20
    check_laws(one, utterances)
    assert max(len(u.text) for u in utterances) <= LONGEST * (CHUNK + 1)


def test_a_turn_stays_whole_up_to_so_many_words() -> None:
    assert texts(cut(" ".join(["bus."] * WHOLE))) == [" ".join(["bus."] * WHOLE)]
    assert len(cut(" ".join(["bus."] * (WHOLE + 1)))) == 2


@FAST
@given(st.lists(st.integers(10, 20), min_size=5, max_size=12), st.sampled_from(".?!"))
def test_cuts_fall_on_sentence_ends_when_they_can(lengths: list[int], mark: str) -> None:
    # Groups of such sentences come within 8 words of the target, which is cheaper than any
    # cut inside a sentence.
    utterances = cut(" ".join("We " + "wait " * (length - 2) + "here" + mark for length in lengths))
    assert len(utterances) > 1
    assert all(text.endswith("here" + mark) for text in texts(utterances))


def sentences(first: str, second: str) -> str:
    """Two sentences of 26 words, three times over."""
    both = first.replace(" ", " wait" * 24 + " "), second.replace(" ", " drive" * 24 + " ")
    return " ".join(both * 3)


def test_a_sentence_ends_after_its_quotation_mark_or_bracket() -> None:
    assert {text[-3:] for text in texts(cut(sentences("We here.”", "They away!)")))} == {
        "e.”",
        "y!)",
    }


@pytest.mark.parametrize("mark", ['"', "(", "“", "‘"])
def test_a_sentence_starts_at_its_quotation_mark_or_bracket(mark: str) -> None:
    speech = sentences("We here.", f"{mark}They away.")
    assert {text[-2:] for text in texts(cut(speech))} == {"e.", "y."}


def test_a_title_is_no_sentence_end() -> None:
    def ends(word: str) -> set[str]:
        bus = "bus " * (TARGET - 1)
        return {text.split()[-1] for text in texts(cut(f"{bus}{word} Osei {bus}{bus}bus"))}

    assert ends("door.") == {"door.", "bus"}
    assert ends("Dr.") == ends("e.g.") == {"bus"}


@pytest.mark.parametrize("word", ["well,", "because", "--", "so"])
def test_unpunctuated_speech_is_cut_at_its_joints(word: str) -> None:
    # The joint is four words from the target: worth the way when there is nothing better.
    at = TARGET - 4
    speech = ["bus"] * (2 * TARGET)
    speech[at] = word
    first = texts(cut(" ".join(speech)))[0]
    assert len(first.split()) == (at if word in ("because", "so") else at + 1)


def test_what_an_utterance_carries() -> None:
    text = "I: How do you choose a day?\nP7: It depends."
    turns = (Turn(3, 27, "I", "interviewer", 0.5), Turn(32, 43, "P7", "participant", 4.5, 6.0))
    assert segment([Transcript("clinic", text, turns, group="nurses")]) == [
        Utterance(
            transcript="clinic",
            start=32,
            end=43,
            text="It depends.",
            turn=1,
            speaker="P7",
            role="participant",
            group="nurses",
            begins=4.5,
            question="How do you choose a day?",
        )
    ]


def test_question_is_the_last_substantial_interviewer_turn() -> None:
    talk: list[tuple[Role, str]] = [
        ("participant", "Can we start?"),
        ("interviewer", "How do you choose a day?"),
        ("participant", "It depends."),
        ("interviewer", "Mm, okay."),
        ("unknown", "On the bus mostly."),
        ("interviewer", "And who helps you with that?"),
        ("participant", "Nobody."),
    ]
    assert [(u.text, u.question) for u in segment([transcript(*talk)])] == [
        ("Can we start?", ""),
        ("It depends.", "How do you choose a day?"),
        ("On the bus mostly.", "How do you choose a day?"),
        ("Nobody.", "And who helps you with that?"),
    ]


def test_a_question_does_not_reach_into_the_next_transcript() -> None:
    one = transcript(("interviewer", "How do you choose a day?"), ("participant", "By bus."))
    other = transcript(("participant", "By car."), name="T2")
    assert [u.question for u in segment([one, other])] == ["How do you choose a day?", ""]


def test_all_parts_of_a_long_answer_have_its_question() -> None:
    talk: list[tuple[Role, str]] = [
        ("interviewer", "How do you choose a day?"),
        ("participant", "We look at the list first. " * 40),
    ]
    utterances = segment([transcript(*talk)])
    assert len(utterances) > 3
    assert {u.question for u in utterances} == {"How do you choose a day?"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mm, okay", False),
        ("Yeah. Right, right. Okay, thank you!", False),
        ("That's lovely, thanks.", False),
        ("", False),
        ("How do you decide?", True),
        ("Okay, and what would help?", True),
    ],
)
def test_is_substantial(text: str, expected: bool) -> None:
    assert is_substantial(text) is expected


@pytest.mark.parametrize("text", ["Mm ... okay ... yes ... right", "Mm - yes - okay - right"])
def test_dots_and_dashes_are_not_words(text: str) -> None:
    assert not is_substantial(text)


@pytest.mark.parametrize("speech", ["", " ", " \r\n\t "])
def test_empty_turns_give_nothing(speech: str) -> None:
    one = transcript(("participant", speech), ("unknown", "Yes."), ("participant", speech))
    assert [(u.turn, u.text) for u in segment([one])] == [(1, "Yes.")]


def test_nothing_gives_nothing() -> None:
    assert segment([]) == []
    assert segment([Transcript("T1", "no turns at all", ())]) == []
    assert segment([transcript(("interviewer", "How do you choose a day?"))]) == []
