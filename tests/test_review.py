"""The review page without a browser: what it tells, what it stores, and what it refuses."""

import asyncio
import getpass
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from reviews import ANNA, MODEL, fill, interviews, transcript
from starlette.testclient import TestClient

from tdfnlp.cli import cli
from tdfnlp.codebook import Code
from tdfnlp.errors import InputError, StoreError
from tdfnlp.framework import DOMAINS
from tdfnlp.review import Address, Desk, Seats, create_app, is_loopback, listen, serve
from tdfnlp.review.context import WORDS, context
from tdfnlp.review.desk import Kept
from tdfnlp.review.incoming import LIMIT
from tdfnlp.review.server import build
from tdfnlp.segmentation import segment
from tdfnlp.store import Given, Label, Store

HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"
CHILD = ("Knowledge", "does not know the interval")
OTHER = ("Admin", "aside")
FOLDER = ("Emotion", "a mere folder")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("review") / "study.db"
    with Store.open(path) as opened:
        opened.add_codes(
            [Code(CHILD, "Knowledge"), Code(OTHER), Code(FOLDER, "Emotion", codable=False)]
        )
        fill(opened, interviews())
    return path


@pytest.fixture
def study(filled: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(shutil.copy(filled, tmp_path)) as opened:
        yield opened


@pytest.fixture
def seats() -> Seats:
    return Seats(["anna", "ben"])


class Page:
    """A coder's browser, as far as the server can tell."""

    def __init__(self, store: Store, seats: Seats, coder: str | None = None) -> None:
        self.desk = Desk(store, seats)
        app = create_app(self.desk, [HOST])
        self.client = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
        self.client.headers["Origin"] = ORIGIN
        self.coder = coder
        self.number = 0
        if coder:
            assert self.post("enter", {"token": seats.token(coder)})["coder"] == coder

    def get(self, name: str, status: int = 200) -> dict[str, Any]:
        answer = self.client.get(f"/api/{name}")
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def post(self, name: str, body: object, status: int = 200) -> dict[str, Any]:
        answer = self.client.post(f"/api/{name}", json=body)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def token(self) -> str:
        self.number += 1
        return f"{self.coder}-token-number-{self.number}"

    def ask(self, **only: str) -> dict[str, Any]:
        return dict(self.post("question", only)["question"])

    def answer(self, question: dict[str, Any], *labels: object, **more: object) -> dict[str, Any]:
        return self.post("answer", self.given(question, *labels, **more))

    def given(self, question: dict[str, Any], *labels: object, **more: object) -> dict[str, Any]:
        own = {"token": self.token(), "coder": self.coder, "utterance": question["utterance"]}
        return own | {"labels": list(labels), "run": question.get("run")} | more


@pytest.fixture
def anna(study: Store, seats: Seats) -> Page:
    return Page(study, seats, "anna")


@pytest.fixture
def ben(study: Store, seats: Seats) -> Page:
    return Page(study, seats, "ben")


def label(*code: str, valence: str | None = None) -> dict[str, object]:
    return {"code": list(code), "valence": valence}


def said(pieces: list[dict[str, str]]) -> str:
    return "".join(one["text"] for one in pieces)


# ---- what it tells and stores ----------------------------------------------------------------


def test_a_question_has_its_context_and_the_models_suggestion(study: Store, anna: Page) -> None:
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


def test_possible_identifiers_are_marked_wherever_they_stand(anna: Page) -> None:
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
        page = Page(store, seats, "anna")
        question = page.ask()
        assert (question["suggestion"], question["run"]) == (None, None)
        assert page.answer(question, label("Goals"))["verdict"] == "code"
        assert page.get("study")["model"] is None


def test_the_study_tells_its_codebook_with_own_codes(anna: Page) -> None:
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


def test_an_answer_is_stored_as_given_and_a_repeated_one_once(study: Store, anna: Page) -> None:
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


def test_accepting_no_code_and_skipping_are_told_apart(study: Store, anna: Page) -> None:
    first = anna.ask()
    name = first["suggestion"]["domains"][0]["name"]
    assert anna.answer(first, label(name, valence="barrier"))["verdict"] == "accept"
    assert anna.answer(anna.ask())["verdict"] == "none"
    skipped = anna.ask()
    assert anna.answer(skipped, skip=True)["verdict"] == "skip"
    told = anna.get("progress")
    assert (told["own"], told["answered"], told["total"], told["none"]) == (2, 2, study.count(), 1)
    assert sum(told["domains"].values()) == 1


def test_when_nothing_is_left_it_says_so(anna: Page) -> None:
    for _ in range(7):
        anna.answer(anna.ask())
    told = anna.post("question", {})
    assert told["question"] is None and "Nothing is left" in told["message"]


def test_a_blind_question_tells_no_suggestion_and_is_stored_as_blind(
    study: Store, anna: Page
) -> None:
    study.configure(audit_share=1.0)
    raw = anna.client.post("/api/question", json={})
    question = raw.json()["question"]
    assert question["blind"] and question["suggestion"] is None and question["run"] is None
    assert MODEL not in raw.text and "confidence" not in raw.text
    anna.answer(question, label("Emotion"))
    (answer,) = study.answers()
    assert answer.how == "blind audit" and answer.probability is not None


def test_undo_puts_the_question_again_as_it_was(study: Store, anna: Page) -> None:
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


def test_a_blind_question_that_was_skipped_comes_back_blind(study: Store, anna: Page) -> None:
    study.configure(audit_share=1.0)
    question = anna.ask()
    anna.answer(question, skip=True)
    told = anna.post("undo", {"token": anna.token()})
    assert told["question"]["utterance"] == question["utterance"]
    assert told["question"]["blind"] and told["question"]["suggestion"] is None


def test_what_others_took_meanwhile_is_undone_without_a_question(
    study: Store, anna: Page, ben: Page
) -> None:
    question = anna.ask()
    anna.answer(question, skip=True)
    assert ben.ask()["utterance"]  # some other, or the same
    while ben.ask()["utterance"] != question["utterance"]:
        ben.answer(ben.ask())
    told = anna.post("undo", {"token": anna.token()})
    assert told["undone"] and told["question"] is None


def test_coders_who_differ_are_adjudicated_and_that_can_be_undone(
    study: Store, anna: Page, ben: Page
) -> None:
    number = study.units()[1].id
    study.answer("anna", Given(number, (Label(("Skills",), "Skills", "barrier"),), token="a" * 16))
    study.answer("ben", Given(number, (), token="b" * 16, note="not a code"))
    told = anna.post("conflict", {})
    sides = {one["coder"]: one for one in told["conflict"]["sides"]}
    assert told["left"] == 1 and told["conflict"]["utterance"] == number
    assert sides["anna"]["labels"][0]["code"] == ["Skills"] and sides["ben"]["note"] == "not a code"
    anna.answer({"utterance": number}, label("Skills", valence="mixed"), adjudicates=True)
    assert anna.post("conflict", {"after": number}) == {"left": 0, "conflict": None}
    assert anna.get("progress")["own"] == 1  # judging between others is not an answer of one's own
    assert anna.get("progress")["domains"]["Skills"] == 1
    undone = anna.post("undo", {"token": anna.token()})
    assert undone["conflict"] == number
    assert ben.post("conflict", {"after": number})["conflict"]["utterance"] == number  # goes round


def test_filters_choose_what_is_asked(anna: Page) -> None:
    assert anna.ask(transcript="P2")["transcript"] == "P2"
    assert anna.ask(group="nurses")["transcript"] == "P1"
    told = anna.post("question", {"domain": "Optimism"})
    assert told["question"] is None
    for only in ({"domain": "Luck"}, {"decision": "maybe"}, {"transcript": "P99"}):
        assert anna.post("question", only, 400)["error"]


def test_advice_and_agreement_are_sentences(anna: Page) -> None:
    told = anna.get("advice")
    assert told["advice"] and told["agreement"]
    assert all(one.endswith(".") for one in (*told["advice"], *told["agreement"]))


def test_new_transcripts_show_up_while_it_runs(study: Store, anna: Page) -> None:
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


# ---- what it refuses -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["study", "progress", "advice"])
def test_nothing_is_told_without_a_token(study: Store, seats: Seats, name: str) -> None:
    nobody = Page(study, seats)
    assert "link" in nobody.get(name, 401)["error"]
    for wrong in ("", "x" * 43, seats.token("anna")[:-1], "é"):
        assert nobody.post("enter", {"token": wrong}, 401)
        assert not nobody.client.cookies
    for path in ("question", "answer", "undo", "conflict"):
        assert nobody.post(path, {}, 401)
    assert study.assignments() == ()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(study: Store, seats: Seats) -> None:
    page = Page(study, seats)
    answer = page.client.post("/api/enter", json={"token": seats.token("anna")})
    cookie = answer.headers["set-cookie"].lower()
    assert (
        cookie.startswith("tdfnlp-8765=") and "httponly" in cookie and "samesite=strict" in cookie
    )


def test_a_token_for_once_works_once(study: Store, seats: Seats) -> None:
    token = seats.once("ben")
    assert Page(study, seats).post("enter", {"token": token}) == {"coder": "ben"}
    assert Page(study, seats).post("enter", {"token": token}, 401)


def test_a_coder_cannot_answer_as_another(study: Store, anna: Page) -> None:
    question = anna.ask()
    given = anna.given(question, label("Goals")) | {"coder": "ben"}
    assert "signed in as anna" in anna.post("answer", given, 409)["error"]
    assert study.record() == ()


def test_another_coders_token_of_an_answer_is_refused(anna: Page, ben: Page) -> None:
    given = anna.given(anna.ask())
    anna.post("answer", given)
    assert "token" in ben.post("answer", given | {"coder": "ben"}, 400)["error"]


def test_an_undo_needs_a_token_of_its_own(study: Store, anna: Page, ben: Page) -> None:
    given = anna.given(anna.ask())
    anna.post("answer", given)
    again = {"token": "an-undo-and-its-token"}
    for page, body in ((anna, {"token": given["token"]}), (ben, {"token": given["token"]})):
        assert "another answer" in page.post("undo", body, 400)["error"]
    assert anna.post("undo", again) == anna.post("undo", again)  # a request repeated
    assert "another answer" in ben.post("undo", again, 400)["error"]
    assert len(study.record()) == 2


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", ""]
)
def test_a_foreign_host_gets_nothing(anna: Page, host: str) -> None:
    for path in ("/", "/api/study", "/static/main.js"):
        answer = anna.client.get(path, headers={"Host": host})
        assert answer.status_code == 403 and "P1" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://{HOST}"},
        {"Origin": "http://127.0.0.1:9"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_page_can_change_nothing(study: Store, anna: Page, headers: dict[str, str]) -> None:
    given = anna.given(anna.ask())
    answer = anna.client.post("/api/answer", json=given, headers=headers)
    assert answer.status_code == 403
    assert study.record() == ()


def test_a_request_without_an_origin_changes_nothing(study: Store, anna: Page) -> None:
    given = anna.given(anna.ask())
    del anna.client.headers["Origin"]
    assert anna.client.post("/api/answer", json=given).status_code == 403
    assert study.record() == ()


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_a_form_of_another_page_is_refused(study: Store, anna: Page, kind: str) -> None:
    body = json.dumps(anna.given(anna.ask()))
    answer = anna.client.post("/api/answer", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert study.record() == ()


def test_a_request_that_is_too_long_is_cut_off(study: Store, anna: Page) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1024
            yield b" " * 1024

    kind = {"Content-Type": "application/json"}
    for content in (b" " * (LIMIT + 1), endless()):
        answer = anna.client.post("/api/answer", content=content, headers=kind)
        assert answer.status_code == 413 and str(LIMIT) in answer.json()["error"]
    assert study.record() == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b'"x"', b"\xff\xfe", b"[" * 60_000, b'{"a":' + b"9" * 6000 + b"}"],
)
def test_malformed_json_is_one_sentence(anna: Page, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = anna.client.post("/api/answer", content=body, headers=kind)
    assert answer.status_code == (409 if body.startswith(b'{"a"') else 400) or b"9" in body
    assert answer.status_code < 500 and answer.json()["error"].endswith(".")


BAD: dict[str, dict[str, object]] = {
    "no token": {"token": ""},
    "a short token": {"token": "abc"},
    "a token with a line end": {"token": "a" * 20 + "\n"},
    "a token that is no text": {"token": 5},
    "no utterance": {"utterance": None},
    "an unknown utterance": {"utterance": 4711},
    "an utterance beyond all": {"utterance": 2**70},
    "an utterance that is true": {"utterance": True},
    "an unknown run": {"run": 99},
    "a run that is text": {"run": "1"},
    "an unknown code": {"labels": [{"code": ["Luck"]}]},
    "a child of nobody": {"labels": [{"code": ["Knowledge", "made up"]}]},
    "a folder": {"labels": [{"code": list(FOLDER)}]},
    "a code that is text": {"labels": [{"code": "Knowledge"}]},
    "a code of numbers": {"labels": [{"code": [1]}]},
    "a code of lists": {"labels": [{"code": [["Knowledge"]]}]},
    "a label that is text": {"labels": ["Knowledge"]},
    "labels that are none": {"labels": {"code": ["Knowledge"]}},
    "a direction of its own": {"labels": [{"code": ["Knowledge"], "valence": "good"}]},
    "a direction that is a list": {"labels": [{"code": ["Knowledge"], "valence": []}]},
    "a code twice": {"labels": [{"code": ["Knowledge"]}, {"code": ["Knowledge"]}]},
    "two directions": {
        "labels": [
            {"code": ["Knowledge"], "valence": "barrier"},
            {"code": list(CHILD), "valence": "facilitator"},
        ]
    },
    "a skip with codes": {"skip": True, "labels": [{"code": ["Knowledge"]}]},
    "a skip that is text": {"skip": "yes"},
    "a long note": {"note": "x" * 4001},
    "a note that is a list": {"note": ["x"]},
    "a note with a NUL": {"note": "a\0b"},
    "a note with half a character": {"note": "a\ud800b"},
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_answer_is_refused_and_nothing_is_stored(
    study: Store, anna: Page, what: str
) -> None:
    given = anna.given(anna.ask()) | BAD[what]
    answer = anna.client.post(
        "/api/answer", content=json.dumps(given), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].endswith(".")
    assert study.record() == ()


@pytest.mark.parametrize(
    "path", ["/x", "/api/x", "/static/x", "/static/../app.py", "/static/%2e%2e/app.py", "/docs"]
)
def test_an_unknown_address_is_404(anna: Page, path: str) -> None:
    assert anna.client.get(path).status_code == 404


def test_there_are_no_web_sockets(study: Store, seats: Seats) -> None:
    app = create_app(Desk(study, seats), [HOST])

    async def nothing() -> dict[str, str]:
        raise AssertionError

    async def sent(_: object) -> None:
        raise AssertionError

    scope = {"type": "websocket", "path": "/api/study", "headers": []}
    assert asyncio.run(app(scope, nothing, sent)) is None  # type: ignore[arg-type]


def test_wrong_methods_are_refused(anna: Page) -> None:
    assert anna.client.get("/api/answer").status_code == 405
    assert (
        anna.client.delete("/api/study", headers={"Content-Type": "application/json"}).status_code
        == 405
    )


def test_what_cannot_be_stored_is_to_be_tried_again(
    anna: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = anna.given(anna.ask())

    def fail(*_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "answer", fail)
        assert anna.post("answer", given, 503) == {"error": "The disk is full."}
    assert anna.post("answer", given)["stored"] == given["token"]


def test_a_fault_of_ours_tells_nothing_of_the_study(
    anna: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(ANNA[1])

    monkeypatch.setattr(Store, "runs", fail)
    answer = anna.client.get("/api/study")
    assert answer.status_code == 500 and ANNA[1] not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/study", "/nothing"])
def test_every_answer_carries_the_headers(anna: Page, path: str) -> None:
    headers = anna.client.get(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_the_pages_files_make_no_markup_of_text_and_name_no_other_place(anna: Page) -> None:
    page = anna.client.get("/").text
    assert "<style" not in page and " style=" not in page and "P1" not in page
    folder = Path(__file__).parent.parent / "tdfnlp" / "review" / "static"
    for file in folder.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "http://", "https://"):
            assert word not in text, (file.name, word)


# ---- where it is -----------------------------------------------------------------------------


def test_beyond_this_machine_only_with_named_coders() -> None:
    with pytest.raises(InputError, match="--coder"):
        listen("198.51.100.7", 0)
    with pytest.raises(InputError, match="every network"):
        listen("0.0.0.0", 0, named=True)  # noqa: S104
    with pytest.raises(InputError, match="every network"):
        listen("::", 0, named=True)
    with pytest.raises(InputError, match="cannot be at"):
        listen("198.51.100.7", 0, named=True)  # no address of this machine


def test_a_taken_port_is_said_and_the_usual_one_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen(port=0).socket as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}"):
            listen(port=port)
        monkeypatch.setattr("tdfnlp.review.server.PORT", port)
        address = listen()
        with address.socket:
            assert address.port != port
            assert address.link("abc") == f"http://127.0.0.1:{address.port}/#token=abc"
            assert f"localhost:{address.port}" in address.hosts
    assert "127.9.9.9:7" in Address(taken, "127.9.9.9", 7).hosts
    assert Address(taken, "ward.example", 80).hosts == ("ward.example:80", "ward.example")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("10.0.0.1", False), ("0.0.0.0", False), ("example.org", False)],  # noqa: S104
)  # fmt: skip
def test_what_loopback_is(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


# ---- the command -----------------------------------------------------------------------------


def test_the_command_lets_one_coder_in_by_a_browser_of_this_machine(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    desks: list[Desk] = []

    def served(desk: Desk, address: Address) -> int:
        address.socket.close()
        desks.append(desk)
        return 1

    monkeypatch.setattr("click.launch", opened.append)
    monkeypatch.setattr("tdfnlp.review.serve", served)
    done = CliRunner().invoke(cli, ["review", str(filled), "--coder", "cy", "--port", "0"])
    assert done.exit_code == 0, done.output
    assert "7 passages" in done.output and "1 answer stored." in done.output
    assert f"/#token={desks[0].seats.token('cy')}\n" in done.output
    once = opened[0].partition("token=")[2]
    assert once not in done.output  # other users of the machine may see what is started
    assert desks[0].seats.enter(once) == "cy" and desks[0].seats.enter(once) is None
    done = CliRunner().invoke(cli, ["review", str(filled), "--no-browser"])
    assert done.exit_code == 0 and desks[1].seats.coders == (getpass.getuser(),)
    several = ["--coder", "cy", "--coder", "di"]
    assert CliRunner().invoke(cli, ["review", str(filled), *several]).exit_code == 0
    monkeypatch.setattr("tdfnlp.review.is_loopback", lambda _: False)
    done = CliRunner().invoke(cli, ["review", str(filled), *several, "--host", "127.0.0.1"])
    assert "not encrypted" in done.output
    assert len(opened) == 1  # each of several coders has a link of their own


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.db"], "no study file"),
        (["STUDY", "--host", "198.51.100.7"], "--coder"),
        (["STUDY", "--coder", "  "], "needs a name"),
    ],
)
def test_what_the_command_cannot_do_is_one_sentence(
    filled: Path, arguments: list[str], says: str
) -> None:
    given = [str(filled) if one == "STUDY" else one for one in arguments]
    done = CliRunner().invoke(cli, ["review", *given])
    assert done.exit_code == 2 and says in done.output and "Traceback" not in done.output


def test_without_a_user_name_the_coder_must_be_named(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("uid 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    done = CliRunner().invoke(cli, ["review", str(filled)])
    assert done.exit_code == 2 and "--coder NAME" in done.output


def test_serving_ends_when_it_is_told_to(study: Store, seats: Seats) -> None:
    with pytest.MonkeyPatch.context() as patch:
        made: list[uvicorn.Server] = []

        def keep(desk: Desk, address: Address) -> uvicorn.Server:
            made.append(build(desk, address))
            return made[0]

        patch.setattr("tdfnlp.review.server.build", keep)
        address = listen(port=0)
        given: list[int] = []
        thread = threading.Thread(target=lambda: given.append(serve(Desk(study, seats), address)))
        thread.start()
        origin = f"http://127.0.0.1:{address.port}"
        with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=30) as client:
            assert client.post("/api/enter", json={"token": seats.token("ben")}).is_success
            question = client.post("/api/question", json={}).json()["question"]
            answer = {"token": "over-a-real-socket", "coder": "ben"}
            answer["utterance"] = question["utterance"]
            assert client.post("/api/answer", json=answer).is_success
            assert "server" not in client.get("/").headers
        made[0].should_exit = True
        thread.join(20)
    assert given == [1] and len(study.answers()) == 1


def test_ctrl_c_ends_the_program_with_a_sentence(filled: Path, tmp_path: Path) -> None:
    study = shutil.copy(filled, tmp_path)
    command = [sys.executable, "-m", "tdfnlp", "review", study, "--port", "0", "--no-browser"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as running:
        assert running.stdout
        assert "Ctrl-C" in running.stdout.readline()
        link = running.stdout.readline().split()[-1]
        httpx.get(link.partition("#")[0], timeout=30)  # it is up
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 0 and rest == "Stopped. 0 answers stored.\n"
