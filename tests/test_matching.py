import random
import time
from pathlib import Path

import pytest
from files import nvivo_text, write_text
from hypothesis import given, settings
from hypothesis import strategies as st

from tdfnlp.coding import Coding, Study
from tdfnlp.folding import fold
from tdfnlp.formats import read
from tdfnlp.matching import locate
from tdfnlp.transcript import Transcript

TEXT = (
    "I: Do you use the checklist?\r\nP: I don’t – not really.\r\n"
    "P: We never had the time for it, and nobody on the ward ever showed me how it works.\r\n"
    "I: And now?\r\nP: We never had the time for it. The ﬁrst year was na\u00adive."
)
N04 = Transcript("N04", TEXT, ())


def export(*quotes: str, name: str = "N04", note: str = "") -> Study:
    """An export of one code, as ``formats.nvivo`` makes it."""
    text, codings = "", []
    for nth, quote in enumerate(quotes):
        at = text.find(quote) if quote in text else len(text)
        text += "" if quote in text else quote + "\n\n"
        number = note or f"reference {nth + 1}"
        codings.append(Coding(name, at, at + len(quote), ("Time",), note=number))
    return Study((Transcript(name, text, ()),), tuple(codings), ("kept",))


def found(study: Study, text: str = TEXT) -> list[tuple[str, str]]:
    return [
        (text[one.start : one.end], one.note.partition("matched: ")[2]) for one in study.codings
    ]


def test_exact_normalised_and_fuzzy() -> None:
    study = locate(
        export(
            "not really.",
            "I don't - not REALLY.\nP: We never",
            "the first year was naive",
            "We never have the time for it and nobody in the ward ever shown me how it works",
            "The canteen is closed at noon on every second Sunday.",
        ),
        [N04],
    )
    assert found(study)[:3] == [
        ("not really.", "exact"),
        ("I don’t – not really.\r\nP: We never", "normalised"),
        ("The ﬁrst year was na\u00adive", "normalised"),
    ]
    (passage, how), *rest = found(study)[3:]
    assert (
        passage.startswith("We never had the time") and passage.endswith("how it works.") is False
    )
    assert passage.endswith("works") and how.startswith("fuzzy 9") and rest == []
    assert study.transcripts == (N04,)
    assert study.notes == (
        "kept",
        "N04 (Time): 4 of 5 quotes were found in N04: 1 as they stand, 2 but for spacing and "
        "signs, 1 by likeness (90 of 100 or more).",
        "N04 (Time): 1 quotes were not found in N04 and were left out.",
    )
    assert all(one.note.startswith("reference ") and one.how == "imported" for one in study.codings)


TWICE = "We never had the time for it"


def test_repeats_go_where_the_order_of_references_puts_them() -> None:
    first, second = TEXT.index(TWICE), TEXT.rindex(TWICE)
    for quotes, where in [
        (("not really", TWICE, "nobody on the ward"), {1: first}),
        (("nobody on the ward", TWICE), {1: second}),
        ((TWICE, "And now?", TWICE), {0: first, 2: second}),
        ((TWICE, TWICE), {0: first, 1: second}),
    ]:
        study = locate(export(*quotes), [N04])
        assert {at: study.codings[at].start for at in where} == where
        assert not any("several places" in note for note in study.notes)


def test_a_repeat_that_the_order_leaves_open_is_said() -> None:
    study = locate(export(TWICE), [N04])
    assert [one.start for one in study.codings] == [TEXT.index(TWICE)]
    assert study.notes[-1].startswith(
        "N04 (Time): 1 quotes stand at several places in N04; the first"
    )
    # Out of order: nothing can be concluded, so the first place is taken.
    study = locate(export("And now?", "not really", TWICE), [N04])
    assert study.codings[2].start == TEXT.index(TWICE)
    assert "several places" in study.notes[-1]


def test_several_coders_of_one_reference_share_its_place() -> None:
    study = locate(export(TWICE, TWICE, note="references 1-2"), [N04])
    assert [one.start for one in study.codings] == [TEXT.index(TWICE)] * 2


def test_whole_words_come_before_parts_of_words() -> None:
    text = "Untold mercy. They told me so. Cat, concatenate."
    study = locate(export("told me", "at, conc"), [Transcript("N04", text, ())])
    assert found(study, text) == [("told me", "exact"), ("at, conc", "exact")]
    assert study.codings[0].start == text.index("told me so")


@pytest.mark.parametrize("name", ["N04", "n04.docx", "Files/Nurses/N04", "N04 (2)", "N-04x"])
def test_names_and_then_quotes_decide_on_the_transcript(name: str) -> None:
    other = Transcript("N05", "I: Where?\nP: In the kitchen.", ())
    study = locate(export("not really.", name=name), [other, N04])
    assert [one.transcript for one in study.codings] == ["N04"]


def test_a_source_without_transcript_stays_a_transcript_of_quotes() -> None:
    quotes = export("Never heard of it.", name="X1")
    study = locate(quotes, [N04])
    assert study.transcripts == (N04, *quotes.transcripts)
    assert study.codings == quotes.codings
    assert (
        study.notes[-1] == "X1 (Time): no transcript has this name or its quotes; these stand in."
    )


def test_a_long_quote_with_many_changes_is_found_by_its_ends() -> None:
    words = [f"word{n} " * (n % 3 + 1) for n in range(400)]
    text = "".join(words)
    middle = "".join(words[40:330]).strip()
    changed = middle.replace("word200", "w200").replace("word60 ", "word-60 ")
    study = locate(export(changed), [Transcript("N04", text, ())])
    ((passage, how),) = found(study, text)
    assert (passage[:30], passage[-30:]) == (middle[:30], middle[-30:])
    assert how.startswith("fuzzy")


def test_from_a_file(tmp_path: Path) -> None:
    heading = "Files\\\\Nurses\\\\N04"
    quotes = [("1", "I don’t – not really."), ("2-3", TWICE), ("4", TWICE)]
    codes = read(write_text(tmp_path / "Time.txt", nvivo_text({heading: quotes}), "utf-16"))
    study = locate(codes, [N04])
    first, second = TEXT.index(TWICE), TEXT.rindex(TWICE)
    assert [one.start for one in study.codings[1:]] == [first, first, second]
    assert {one.code for one in study.codings} == {("Time",)}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("aB é\u0301ﬁß\u00ad\n\t–…½😀'’.,\u200b") | st.characters()))
def test_folding_keeps_the_way_back(text: str) -> None:
    folded, starts = fold(text)
    assert len(folded) == len(starts) and list(starts) == sorted(starts)
    assert fold(folded)[0] == folded
    for at, start in enumerate(starts):
        if not text[start].isspace():
            assert folded[at] in fold(text[start])[0]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text("ab \n’é", max_size=12), max_size=8), st.text("ab \n’é", max_size=60))
def test_what_is_found_says_the_same(quotes: list[str], text: str) -> None:
    study = locate(export(*quotes), [Transcript("N04", text, ())])
    wanted = {fold(quote)[0].strip() for quote in quotes}
    for one in study.codings:
        assert 0 <= one.start < one.end <= len(text)
        assert fold(text[one.start : one.end])[0].strip() in wanted


def test_many_quotes_take_seconds() -> None:
    pick = random.Random(1)
    vocabulary = ["".join(pick.choices("etaoinshrdlu", k=pick.randint(2, 9))) for _ in range(3000)]
    pages = [
        Transcript(f"N{n}", " ".join(pick.choices(vocabulary, k=10_000)), ()) for n in range(5)
    ]
    exports = []
    for page in pages:
        starts = sorted(pick.randrange(len(page.text) - 200) for _ in range(100))
        quotes = [page.text[at : at + 200] for at in starts]
        quotes[::10] = [quote.replace("e", "i", 3) for quote in quotes[::10]]
        exports.append(export(*quotes, name=page.id))
    whole = Study(
        tuple(one.transcripts[0] for one in exports),
        tuple(coding for one in exports for coding in one.codings),
    )
    began = time.perf_counter()
    study = locate(whole, pages)
    assert len(study.codings) == 500
    assert time.perf_counter() - began < 20
