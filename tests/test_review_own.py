"""The review page's server and a study's own codes: child codes, and other frameworks."""

from reviews import CHILD, FOLDER, OTHER, Caller, label, suggest, transcript
from reviews import anna as anna
from reviews import filled as filled
from reviews import seats as seats
from reviews import study as study

from tdfnlp.codebook import Code
from tdfnlp.review import Desk, Seats
from tdfnlp.segmentation import segment
from tdfnlp.store import Given, Label, Store

LEARNT = (Code(OTHER), Code(("Skills", "of another study"), "Skills"), Code(CHILD, "Knowledge"))


def test_the_study_s_codes_stand_with_the_suggestion(study: Store, anna: Caller) -> None:
    assert anna.ask()["suggestion"]["codes"] == []
    suggest(study, LEARNT)
    told = anna.ask()["suggestion"]
    assert told["decision"] == "suggest" and len(told["domains"]) == 3
    assert told["codes"] == [
        {"path": list(OTHER), "domain": None, "confidence": 0.5, "suggested": True},
        # The second code is not in this study's codebook: it cannot be chosen, so it is not shown.
        {"path": list(CHILD), "domain": "Knowledge", "confidence": 0.125, "suggested": False},
    ]


def test_three_are_shown_and_none_that_cannot_be_chosen(study: Store, anna: Caller) -> None:
    more = [Code(("Setting", name)) for name in ("A", "B", "C", "D")]
    study.add_codes(more)
    suggest(study, [Code(FOLDER, "Emotion"), *more])
    codes = anna.ask()["suggestion"]["codes"]
    assert [one["path"][1] for one in codes] == ["A", "B", "C"]
    assert not any(one["suggested"] for one in codes)  # what is first is none that can be chosen


def test_a_blind_question_has_none(study: Store, seats: Seats) -> None:
    study.configure(audit_share=1.0)
    suggest(study, LEARNT)
    caller = Caller(study, seats, "anna")
    question = caller.ask()
    assert question["blind"] and question["suggestion"] is None and question["run"] is None


def test_another_framework_is_known_by_what_was_coded(study: Store, anna: Caller) -> None:
    def outside() -> bool:
        return Desk(study, anna.desk.seats).outside()

    assert not outside()
    more = (transcript("P3", ("And?", "That is how it is with us.") * 4, "Cleo", None),)
    study.add_transcripts(more, segment(more))
    numbers = [one.id for one in study.units()]
    aside = Label(OTHER, None)
    given = [Given(one, (aside,), token=f"{one}") for one in numbers]
    study.answer("ben", *given[:9])
    assert not outside()
    study.answer("ben", *given[9:10])
    assert len(numbers) > 10 and outside()
    told = anna.get("study")["codebook"]
    assert told["outside"] and told["others"] == [list(OTHER)]
    progress = Caller(study, anna.desk.seats, "anna").get("progress")
    assert (progress["outside"], progress["none"]) == (10, 0)
    assert set(progress["domains"].values()) == {0}
    anna.answer(anna.ask(), label("Skills"))
    assert not outside()


def test_another_framework_is_known_by_what_the_model_learnt(study: Store, anna: Caller) -> None:
    suggest(study, LEARNT)
    assert not anna.get("study")["codebook"]["outside"]
    suggest(study, LEARNT[:1])
    assert anna.get("study")["codebook"]["outside"]
