"""The review page without a browser: what it tells and what it stores."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reviews import (
    ANNA,
    CHILD,
    MODEL,
    OTHER,
    Caller,
    fill,
    interviews,
    label,
    said,
    transcript,
)
from reviews import anna as anna
from reviews import ben as ben
from reviews import filled as filled
from reviews import seats as seats
from reviews import study as study

from tdfnlp.framework import DOMAINS
from tdfnlp.review import Seats
from tdfnlp.review.context import WORDS, context
from tdfnlp.review.desk import Kept
from tdfnlp.segmentation import segment
from tdfnlp.store import Given, Label, Store

# ---- what it tells and stores ----------------------------------------------------------------


def test_a_question_has_its_context_and_the_models_suggestion(study: Store, anna: Caller) -> None:
    question = anna.ask(transcript="P1", domain="Environmental context and resources")
    assert said(question["pieces"]) == ANNA[1]
    assert (question["transcript"], question["position"], question["of"]) == ("P1", 1, 4)
    assert (question["speaker"], question["group"]) == ("Anna", "nurses")
    asked = [one for one in question["before"] if one["asked"]]
    assert [said(one["pieces"]) for one in asked] == [ANNA[0]]
    assert [said(one["pieces"]) for one in question["after"]] == list(ANNA[2:4])
    suggestion = question["suggestion"]
    assert (suggestion["model"], suggestion["decision"]) == (MODEL, "suggest")
    first = suggestion["domains"][0]
    assert (first["name"], first["valence"]) == ("Environmental context and resources", "barrier")
    assert first["confidence"] == pytest.approx(0.72)
    assert question["run"] == study.runs()[-1].id


def test_possible_identifiers_are_marked_wherever_they_stand(anna: Caller) -> None:
    question = anna.ask(transcript="P1", domain="Environmental context and resources")
    marked = {
        one["text"]: one["kind"]
        for turn in question["after"]
        for one in turn["pieces"]
        if one["kind"]
    }
    assert marked == {"Harrow": "name", "07700 900123": "phone"}


def test_a_long_turn_is_shown_in_part_and_a_far_question_with_a_gap() -> None:
    long = "So I said that we go on and on about it, and nobody minds. " * 40
    whole = transcript(
        "L", ("What do you make of all that?", long, "Mm.", long, "Mm.", long), "X", None
    )
    units = [one for one in segment([whole]) if one.turn == 5]
    told: Any = context(whole, units[len(units) // 2])
    asked = told["before"][0]
    assert (
        asked["asked"] and asked["gap"] and said(asked["pieces"]) == "What do you make of all that?"
    )
    for part in (told["lead"], told["rest"], told["before"][1]["pieces"]):
        assert 0 < len(said(part).split()) <= WORDS + 1
    assert said(told["lead"]).startswith("… ") and said(told["rest"]).endswith(" …")
    assert said(told["pieces"]) == units[len(units) // 2].text


def test_a_passage_that_no_turn_asked_for_is_shown_without_a_question() -> None:
    (unit,) = segment([transcript("L", ("Mm.", "Call me Ana Roe, everybody does."), "X", None)])
    whole = transcript("L", ("Mm.", "Call me Ana Roe, everybody does."), "X", None)
    told: Any = context(whole, replace(unit, question="said nowhere"))
    assert [one["asked"] for one in told["before"]] == [False]
    half = replace(unit, end=whole.text.index(" Roe"))  # a name across two passages
    told = context(whole, half)
    assert (said(told["pieces"]), said(told["rest"])) == ("Call me Ana", " Roe, everybody does.")
    assert next(one["kind"] for one in told["rest"]) == "name"


def test_a_study_without_a_model_can_be_coded_too(tmp_path: Path, seats: Seats) -> None:
    with Store.open(tmp_path / "plain.db") as store:
        store.configure(audit_share=0.0, double_share=0.0)
        sources = interviews()
        store.add_transcripts(sources, segment(sources))
        page = Caller(store, seats, "anna")
        question = page.ask()
        assert (question["suggestion"], question["run"]) == (None, None)
        assert page.answer(question, label("Goals"))["verdict"] == "code"
        assert page.get("study")["model"] is None


def test_the_study_tells_its_codebook_with_own_codes(anna: Caller) -> None:
    told = anna.get("study")
    book = {one["name"]: one for one in told["codebook"]["domains"]}
    assert tuple(book) == DOMAINS
    assert book["Knowledge"]["codes"] == [list(CHILD)]
    assert book["Emotion"]["codes"] == []  # a folder is no code
    assert told["codebook"]["others"] == [list(OTHER)]
    assert (told["coder"], told["transcripts"], told["groups"]) == (
        "anna",
        ["P1", "P2"],
        ["doctors", "nurses"],
    )


def test_an_answer_is_stored_as_given_and_a_repeated_one_once(study: Store, anna: Caller) -> None:
    question = anna.ask(transcript="P1", domain="Knowledge")
    given = anna.given(
        question, label(*CHILD, valence="barrier"), label("Emotion"), note=" she sighs "
    )
    assert anna.post("answer", given) == anna.post("answer", given)
    (answer,) = study.answers()
    assert answer.labels == (Label(CHILD, "Knowledge", "barrier"), Label(("Emotion",), "Emotion"))
    assert (answer.coder, answer.note, answer.verdict) == ("anna", "she sighs", "correct")
    assert answer.run == question["run"]
    assert anna.get("progress")["own"] == 1
    assert anna.desk.given == 1


def test_accepting_no_code_and_skipping_are_told_apart(study: Store, anna: Caller) -> None:
    first = anna.ask()
    name = first["suggestion"]["domains"][0]["name"]
    assert anna.answer(first, label(name, valence="barrier"))["verdict"] == "accept"
    assert anna.answer(anna.ask())["verdict"] == "none"
    skipped = anna.ask()
    assert anna.answer(skipped, skip=True)["verdict"] == "skip"
    told = anna.get("progress")
    assert (told["own"], told["answered"], told["total"], told["none"]) == (2, 2, study.count(), 1)
    assert sum(told["domains"].values()) == 1


def test_when_nothing_is_left_it_says_so(anna: Caller) -> None:
    for _ in range(7):
        anna.answer(anna.ask())
    told = anna.post("question", {})
    assert told["question"] is None and "Nothing is left" in told["message"]


def test_a_blind_question_tells_no_suggestion_and_is_stored_as_blind(
    study: Store, anna: Caller
) -> None:
    study.configure(audit_share=1.0)
    raw = anna.client.post("/api/question", json={"coder": "anna", "study": anna.desk.key})
    question = raw.json()["question"]
    assert question["blind"] and question["suggestion"] is None and question["run"] is None
    assert MODEL not in raw.text and "confidence" not in raw.text
    anna.answer(question, label("Emotion"))
    (answer,) = study.answers()
    assert answer.how == "blind audit" and answer.probability is not None


def test_undo_puts_the_question_again_as_it_was(study: Store, anna: Caller) -> None:
    assert anna.post("undo", {"token": anna.token()}) == {"undone": False}
    question = anna.ask()
    anna.answer(question, label("Goals", valence="mixed"), note="why")
    told = anna.post("undo", {"token": anna.token()})
    assert told["question"]["utterance"] == question["utterance"]
    assert told["question"]["suggestion"] == question["suggestion"]
    assert told["labels"] == [{"code": ["Goals"], "domain": "Goals", "valence": "mixed"}]
    assert told["note"] == "why"
    assert study.answers() == () and len(study.record()) == 2
    assert anna.desk.given == 0
    assert anna.get("progress")["own"] == 0


def test_a_blind_question_that_was_skipped_comes_back_blind(study: Store, anna: Caller) -> None:
    study.configure(audit_share=1.0)
    question = anna.ask()
    anna.answer(question, skip=True)
    told = anna.post("undo", {"token": anna.token()})
    assert told["question"]["utterance"] == question["utterance"]
    assert told["question"]["blind"] and told["question"]["suggestion"] is None


def test_what_others_took_meanwhile_is_undone_without_a_question(
    study: Store, anna: Caller, ben: Caller
) -> None:
    question = anna.ask()
    anna.answer(question, skip=True)
    assert ben.ask()["utterance"]  # some other, or the same
    while ben.ask()["utterance"] != question["utterance"]:
        ben.answer(ben.ask())
    told = anna.post("undo", {"token": anna.token()})
    assert told["undone"] and told["question"] is None


def test_coders_who_differ_are_adjudicated_and_that_can_be_undone(
    study: Store, anna: Caller, ben: Caller
) -> None:
    number = study.units()[1].id
    study.answer("anna", Given(number, (Label(("Skills",), "Skills", "barrier"),), token="a" * 16))
    study.answer("ben", Given(number, (), token="b" * 16, note="not a code"))
    told = anna.post("conflict", {})
    sides = {one["coder"]: one for one in told["conflict"]["sides"]}
    assert told["left"] == 1 and told["conflict"]["utterance"] == number
    assert sides["anna"]["labels"][0]["code"] == ["Skills"] and sides["ben"]["note"] == "not a code"
    anna.answer({"utterance": number}, label("Skills", valence="mixed"), adjudicates=True)
    assert anna.post("conflict", {"after": number}) == {"left": 0, "later": 0, "conflict": None}
    assert anna.get("progress")["own"] == 1  # judging between others is not an answer of one's own
    assert anna.get("progress")["domains"]["Skills"] == 1
    undone = anna.post("undo", {"token": anna.token()})
    assert undone["conflict"] == number
    assert ben.post("conflict", {"after": number})["conflict"]["utterance"] == number  # goes round


def test_what_somebody_has_decided_is_not_decided_anew_unawares(
    study: Store, anna: Caller, ben: Caller
) -> None:
    number = study.units()[0].id
    study.answer("cy", Given(number, (Label(("Skills",), "Skills"),), token="c" * 16))
    study.answer("di", Given(number, (), token="d" * 16))
    shown = {"utterance": number}
    given = anna.given(shown, label("Skills"), adjudicates=True)
    assert anna.post("answer", given) == anna.post("answer", given)  # a request repeated
    late = ben.given(shown, adjudicates=True)
    assert "somebody has decided it" in ben.post("answer", late, 400)["error"]
    (final,) = (one for one in study.answers() if one.how == "adjudication")
    assert final.coder == "anna"


def test_who_is_still_to_code_a_passage_does_not_see_how_others_differ(
    study: Store, anna: Caller
) -> None:
    study.configure(audit_share=1.0)
    question = anna.ask()
    for coder, labels in (("cy", (Label(("Skills",), "Skills"),)), ("di", ())):
        given = Given(question["utterance"], labels, token=coder * 9, how="imported")
        study.answer(coder, given)
    assert anna.post("conflict", {}) == {"left": 0, "later": 1, "conflict": None}
    anna.answer(question, label("Skills"))
    told = anna.post("conflict", {})
    assert told["conflict"]["utterance"] == question["utterance"] and told["later"] == 0


def test_a_passage_for_two_comes_back_beside_its_other_coder(
    study: Store, anna: Caller, ben: Caller
) -> None:
    study.configure(double_share=1.0)
    first = anna.ask()
    anna.answer(first, skip=True)
    while ben.ask()["utterance"] != first["utterance"]:
        ben.answer(ben.ask())
    told = anna.post("undo", {"token": anna.token()})
    assert told["question"]["utterance"] == first["utterance"]


def test_a_blind_question_whose_lease_ran_out_comes_back_blind(study: Store, anna: Caller) -> None:
    study.configure(audit_share=1.0, lease_minutes=1e-6)
    question = anna.ask()
    anna.answer(question, label("Goals"))
    study.configure(lease_minutes=30)
    told = anna.post("undo", {"token": anna.token()})["question"]
    assert told["utterance"] == question["utterance"]
    assert told["blind"] and told["suggestion"] is None


def test_it_works_on_both_databases(store: Store, seats: Seats) -> None:
    assert "Add transcripts" in Caller(store, seats, "anna").post("question", {})["message"]
    fill(store, interviews())
    anna, ben = Caller(store, seats, "anna"), Caller(store, seats, "ben")
    first, second = anna.ask(), ben.ask()
    assert first["utterance"] != second["utterance"]
    anna.answer(first, label("Goals", valence="barrier"), note="\u05e9\u05dc\u05d5\u05dd")
    ben.answer(second)
    told = anna.post("undo", {"token": anna.token()})
    assert told["note"] == "\u05e9\u05dc\u05d5\u05dd"
    anna.answer(told["question"], label("Goals"))
    (theme,) = anna.post("themes", {"domain": "Goals"})["themes"]
    named = {"kind": "name", "theme": theme["key"], "name": "Aims", "token": anna.token()}
    assert anna.post("themes/change", named | {"domain": "Goals"})["themes"][0]["name"] == "Aims"
    assert anna.get("progress")["answered"] == 2
    assert anna.post("conflict", {}) == {"left": 0, "later": 0, "conflict": None}
    assert len({Caller(store, seats).desk.key, anna.desk.key}) == 1


def test_filters_choose_what_is_asked(anna: Caller) -> None:
    assert anna.ask(transcript="P2")["transcript"] == "P2"
    assert anna.ask(group="nurses")["transcript"] == "P1"
    told = anna.post("question", {"domain": "Optimism"})
    assert told["question"] is None
    for only in ({"domain": "Luck"}, {"decision": "maybe"}, {"transcript": "P99"}):
        assert anna.post("question", only, 400)["error"]


def test_advice_and_agreement_are_sentences(anna: Caller) -> None:
    told = anna.get("advice")
    assert told["advice"] and told["agreement"]
    assert all(one.endswith(".") for one in (*told["advice"], *told["agreement"]))


def test_new_transcripts_show_up_while_it_runs(study: Store, anna: Caller) -> None:
    assert anna.ask(transcript="P1")
    fill(study, (transcript("P3", ("Why is that so?", "We forget it."), "Cy", "nurses"),))
    question = anna.ask(transcript="P3")
    assert (question["position"], question["of"]) == (1, 1)


def test_a_slow_value_is_kept_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, made = [100.0], iter(range(9))
    monkeypatch.setattr("tdfnlp.review.desk.monotonic", lambda: clock[0])

    def make() -> int:
        clock[0] += 3
        return next(made)

    kept = Kept(make, 10)
    assert kept.get() == 0
    clock[0] += 59  # longer than 10, but not than 20 times 3
    assert kept.get() == 0
    clock[0] += 2
    assert kept.get() == 1
    kept.drop()
    assert kept.get() == 2

    def interrupted() -> int:
        later.drop()  # an answer comes while it is made
        return next(made)

    later = Kept(interrupted, 10)
    assert [later.get(), later.get()] == [3, 4]
