"""What the review page refuses: strangers, other pages, and answers that make no sense."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from reviews import (
    ANNA,
    CHILD,
    FOLDER,
    HOST,
    Caller,
    label,
)
from reviews import anna as anna
from reviews import ben as ben
from reviews import filled as filled
from reviews import seats as seats
from reviews import study as study

from tdfnlp.errors import StoreError
from tdfnlp.review import Desk, Seats, create_app
from tdfnlp.review.incoming import LIMIT
from tdfnlp.store import Store

# ---- what it refuses -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["study", "progress", "advice"])
def test_nothing_is_told_without_a_token(study: Store, seats: Seats, name: str) -> None:
    nobody = Caller(study, seats)
    assert "link" in nobody.get(name, 401)["error"]
    for wrong in ("", "x" * 43, seats.token("anna")[:-1], "é"):
        assert nobody.post("enter", {"token": wrong}, 401)
        assert not nobody.client.cookies
    for path in ("question", "answer", "undo", "conflict"):
        assert nobody.post(path, {}, 401)
    assert study.assignments() == ()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(study: Store, seats: Seats) -> None:
    page = Caller(study, seats)
    answer = page.client.post("/api/enter", json={"token": seats.token("anna")})
    cookie = answer.headers["set-cookie"].lower()
    assert (
        cookie.startswith("tdfnlp-8765=") and "httponly" in cookie and "samesite=strict" in cookie
    )


def test_a_token_for_once_works_once(study: Store, seats: Seats) -> None:
    token = seats.once("ben")
    assert Caller(study, seats).post("enter", {"token": token}) == {"coder": "ben"}
    assert Caller(study, seats).post("enter", {"token": token}, 401)


def test_a_coder_cannot_answer_as_another(study: Store, anna: Caller) -> None:
    question = anna.ask()
    given = anna.given(question, label("Goals")) | {"coder": "ben"}
    assert "signed in as anna" in anna.post("answer", given, 409)["error"]
    assert study.record() == ()


@pytest.mark.parametrize("name", ["question", "undo", "conflict", "themes", "themes/change"])
def test_a_tab_of_another_coder_or_study_changes_nothing(
    study: Store, anna: Caller, name: str
) -> None:
    """Two coders in one browser share its cookie; a tab may wait while another study is opened."""
    anna.answer(anna.ask())
    held = study.assignments()
    body = {"token": "a-token-long-enough", "kind": "undo"}
    assert "not as ben" in anna.post(name, body | {"coder": "ben"}, 409)["error"]
    assert anna.post(name, body | {"coder": None}, 409)
    assert "another study" in anna.post(name, body | {"study": "f" * 16}, 409)["error"]
    assert len(study.record()) == 1 and study.assignments() == held


def test_another_coders_token_of_an_answer_is_refused(anna: Caller, ben: Caller) -> None:
    given = anna.given(anna.ask())
    anna.post("answer", given)
    assert "token" in ben.post("answer", given | {"coder": "ben"}, 400)["error"]


def test_an_undo_needs_a_token_of_its_own(study: Store, anna: Caller, ben: Caller) -> None:
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
def test_a_foreign_host_gets_nothing(anna: Caller, host: str) -> None:
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
def test_another_page_can_change_nothing(
    study: Store, anna: Caller, headers: dict[str, str]
) -> None:
    given = anna.given(anna.ask())
    answer = anna.client.post("/api/answer", json=given, headers=headers)
    assert answer.status_code == 403
    assert study.record() == ()


def test_a_request_without_an_origin_changes_nothing(study: Store, anna: Caller) -> None:
    given = anna.given(anna.ask())
    del anna.client.headers["Origin"]
    assert anna.client.post("/api/answer", json=given).status_code == 403
    assert study.record() == ()


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_a_form_of_another_page_is_refused(study: Store, anna: Caller, kind: str) -> None:
    body = json.dumps(anna.given(anna.ask()))
    answer = anna.client.post("/api/answer", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert study.record() == ()


def test_a_request_that_is_too_long_is_cut_off(study: Store, anna: Caller) -> None:
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
def test_malformed_json_is_one_sentence(anna: Caller, body: bytes) -> None:
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
    study: Store, anna: Caller, what: str
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
def test_an_unknown_address_is_404(anna: Caller, path: str) -> None:
    assert anna.client.get(path).status_code == 404


def test_there_are_no_web_sockets(study: Store, seats: Seats) -> None:
    app = create_app(Desk(study, seats), [HOST])

    async def nothing() -> dict[str, str]:
        raise AssertionError

    async def sent(_: object) -> None:
        raise AssertionError

    scope = {"type": "websocket", "path": "/api/study", "headers": []}
    assert asyncio.run(app(scope, nothing, sent)) is None  # type: ignore[arg-type]


def test_wrong_methods_are_refused(anna: Caller) -> None:
    assert anna.client.get("/api/answer").status_code == 405
    assert (
        anna.client.delete("/api/study", headers={"Content-Type": "application/json"}).status_code
        == 405
    )


def test_what_cannot_be_stored_is_to_be_tried_again(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = anna.given(anna.ask())

    def fail(*_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "answer", fail)
        assert anna.post("answer", given, 503) == {"error": "The disk is full."}
    assert anna.post("answer", given)["stored"] == given["token"]


def test_a_fault_of_ours_tells_nothing_of_the_study(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(ANNA[1])

    monkeypatch.setattr(Store, "runs", fail)
    answer = anna.client.get("/api/study")
    assert answer.status_code == 500 and ANNA[1] not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/study", "/nothing"])
def test_every_answer_carries_the_headers(anna: Caller, path: str) -> None:
    headers = anna.client.get(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_the_pages_files_make_no_markup_of_text_and_name_no_other_place(anna: Caller) -> None:
    page = anna.client.get("/").text
    assert "<style" not in page and " style=" not in page and "P1" not in page
    folder = Path(__file__).parent.parent / "tdfnlp" / "review" / "static"
    for file in folder.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "http://", "https://"):
            assert word not in text, (file.name, word)
