"""Themes on the review page: what it tells of them, what it changes, and all of it in Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import (
    CONTRAST,
    NAMELESS,
    PHONE,
    Opener,
    Site,
    answering,
    picture,
    ready,
    sideways,
)
from browsing import browser as browser
from browsing import visit as visit
from coded import Interview, answer, around, code, put, suggest
from playwright.sync_api import Locator, Page, expect
from reviews import Caller
from reviews import seats as seats

from tdfnlp import themes
from tdfnlp.codebook import Code
from tdfnlp.report import build_report
from tdfnlp.review import Seats
from tdfnlp.store import Label, Store

PLACE = "Environmental context and resources"
FORM = [f"The referral form is too long for visit {n}, ask Dr Harrow." for n in "abcdefgh"]
PORTER = [f"We wait for a hospital porter on day {n}." for n in "abcdef"]
ROOM = [f"The new room helps a lot on {n}." for n in ("Monday", "Friday")]


def filled(store: Store) -> None:
    """Two heaps of barriers, one of facilitators, one code of the study, one other domain."""
    numbers = put(
        store,
        Interview("P1", FORM, "Anna", "nurses"),
        Interview("P2", PORTER, "Ben"),
        Interview("P3", [*ROOM, "I enjoy teaching it.", "The lift is broken."], "Cy"),
    )
    store.configure(audit_share=0.0, double_share=0.0)
    store.add_codes([Code((PLACE, "No lift"), PLACE)])
    suggest(store, around([0] * 8 + [1] * 6 + [2] * 2 + [3] * 2))
    code(store, "ann", {one: [(PLACE, "barrier")] for one in numbers[:14]})
    code(store, "ann", {one: [(PLACE, "facilitator")] for one in numbers[14:16]})
    code(store, "ann", {numbers[16]: [("Skills", "facilitator")]})
    answer(store, "ann", {numbers[17]: [Label((PLACE, "No lift"), PLACE, "barrier")]})


@pytest.fixture
def coded(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "study.db") as store:
        filled(store)
        yield store


@pytest.fixture
def anna(coded: Store, seats: Seats) -> Caller:
    return Caller(coded, seats, "anna")


@pytest.fixture
def site(coded: Store) -> Iterator[Site]:
    served = Site(coded)
    served.start()
    yield served
    served.stop()


def members(store: Store, domain: str = PLACE) -> dict[str, tuple[int, ...]]:
    return {one.name: one.members for one in themes.current(store) if one.domain == domain}


def change(page: Caller, kind: str, status: int = 200, **more: Any) -> dict[str, Any]:
    return page.post("themes/change", {"kind": kind, "token": page.token()} | more, status)


# ---- without a browser -----------------------------------------------------------------------


def test_it_tells_the_themes_of_a_domain_with_their_passages(anna: Caller) -> None:
    told = anna.post("themes", {})
    assert told["domain"] == "Skills"  # the first that has any
    assert told["domains"][1] == {"name": PLACE, "themes": 4, "passages": 17}
    told = anna.post("themes", {"domain": PLACE})
    forms, porters, _, lift = told["themes"]
    assert (forms["count"], forms["people"], forms["sides"]) == (8, 1, {"barrier": 8})
    assert (forms["by"], forms["code"], told["kept"]) == ("", False, False)
    assert (lift["name"], lift["by"], lift["code"]) == ("No lift", "coders", True)
    first = forms["passages"][0]
    assert (first["speaker"], first["transcript"], first["movable"]) == ("Anna", "P1", True)
    assert [one["kind"] for one in first["pieces"]] == [None, "name", None]
    assert not lift["passages"][0]["movable"] and porters["passages"][0]["valence"] == "barrier"
    assert anna.post("themes", {"domain": "Goals"})["themes"] == []
    anna.post("themes", {"domain": "Luck"}, 400)


def test_looking_keeps_nothing_and_a_change_sent_again_is_one(coded: Store, anna: Caller) -> None:
    forms, porters = anna.post("themes", {"domain": PLACE})["themes"][:2]
    assert coded.theme_changes() == ()
    sent: list[dict[str, Any]] = [
        {"kind": "keep"},
        {"kind": "name", "theme": forms["key"], "name": "Long forms"},
        {"kind": "split", "theme": forms["key"], "members": [1, 2], "name": "Two of them"},
        {"kind": "move", "members": [3], "into": porters["key"]},
        {"kind": "merge", "theme": porters["key"], "into": forms["key"]},
        {"kind": "undo"},
    ]
    for place, one in enumerate(sent):
        body = one | {"token": f"a-token-of-its-own-{place}", "domain": PLACE}
        assert anna.post("themes/change", body) == anna.post("themes/change", body)
    kinds = [one.kind for one in coded.theme_changes()]
    assert kinds == [one["kind"] for one in sent]
    assert {one.coder for one in coded.theme_changes()} == {"anna"}
    held = members(coded)
    assert held["Long forms"] == (4, 5, 6, 7, 8) and held["Two of them"] == (1, 2)
    assert held[porters["name"]] == (3, *range(9, 15))


def test_what_makes_no_sense_is_one_sentence(coded: Store, anna: Caller) -> None:
    forms = anna.post("themes", {"domain": PLACE})["themes"][0]
    key = forms["key"]
    wrong: list[dict[str, Any]] = [
        {"kind": "burn"},
        {"kind": "name", "theme": "none", "name": "x"},
        {"kind": "name", "theme": key, "name": "..."},
        {"kind": "name", "theme": key, "name": "x" * 201},
        {"kind": "name", "theme": key, "name": ["x"]},
        {"kind": "split", "theme": key, "members": "all", "name": "x"},
        {"kind": "split", "theme": key, "members": [True], "name": "x"},
        {"kind": "move", "members": [10**6], "into": key},
        {"kind": "name", "theme": key, "name": "x", "token": "short"},
    ]
    for body in wrong:
        assert anna.post("themes/change", {"token": anna.token()} | body, 400)["error"][-1] == "."
    named = {"kind": "name", "theme": key, "name": "As ben", "token": anna.token()}
    assert "signed in as anna" in anna.post("themes/change", named | {"coder": "ben"}, 409)["error"]
    assert {one.kind for one in coded.theme_changes()} <= {"keep"}


def test_nobody_reads_what_they_may_still_be_asked_to_code(
    coded: Store, anna: Caller, seats: Seats
) -> None:
    coded.configure(double_share=1.0)
    told = anna.post("themes", {"domain": PLACE})["themes"][0]
    assert told["unseen"] == told["count"] == 8 and told["passages"] == []
    assert not told["worded"] and anna.post("themes", {"domain": PLACE})["themes"][-1]["worded"]
    raw = anna.client.post(
        "/api/themes", json={"coder": "anna", "study": anna.desk.key, "domain": PLACE}
    )
    assert "referral form" not in raw.text  # nor a wording made of them
    ann = Caller(coded, Seats(["ann"]), "ann")
    assert ann.post("themes", {"domain": PLACE})["themes"][0]["unseen"] == 0
    question = anna.ask()
    anna.answer(question, {"code": [PLACE], "valence": "barrier"})
    told = anna.post("themes", {"domain": PLACE})
    seen = [part["utterance"] for one in told["themes"] for part in one["passages"]]
    assert seen == [question["utterance"]]
    held = anna.ask()["utterance"]
    coded.configure(double_share=0.0)  # free to nobody, but still in anna's hands
    told = anna.post("themes", {"domain": PLACE})
    seen = [part["utterance"] for one in told["themes"] for part in one["passages"]]
    assert len(seen) == 16 and held not in seen


def test_a_study_without_confirmed_codes_has_no_themes(tmp_path: Path, seats: Seats) -> None:
    with Store.open(tmp_path / "plain.db") as store:
        page = Caller(store, seats, "anna")
        told = page.post("themes", {})
        assert told == {"domains": [], "domain": None, "kept": True, "themes": []}
        assert change(page, "undo")["undone"] is None


# ---- in a browser ----------------------------------------------------------------------------


def theme(page: Page, name: str) -> Locator:
    return page.locator("article").filter(has=page.get_by_role("heading", name=name, exact=True))


def status(page: Page) -> str:
    return page.locator("#board-status").inner_text()


def opened(page: Page) -> None:
    page.get_by_role("button", name="Themes").click()
    ready(page)
    page.locator("#board-domains").get_by_role("button", name=PLACE).click()
    ready(page)


def test_name_split_merge_and_move_by_mouse(site: Site, visit: Opener) -> None:
    forms, porters, rooms, _ = [one for one in themes.current(site.store) if one.domain == PLACE]
    page = visit()
    opened(page)
    picture(page, "themes")
    expect(page.locator("#board-intro")).to_contain_text("3 themes of 4 are proposals")
    expect(theme(page, forms.name)).to_contain_text("proposed wording")
    expect(theme(page, "No lift")).to_contain_text("code of the study")
    assert page.locator("article input").count() == 0
    assert page.locator(".side-of h3").all_inner_texts() == ["Barriers", "Facilitators"]
    page.get_by_role("button", name="Edit themes").click()
    ready(page)
    assert [one.kind for one in site.store.theme_changes()] == ["keep"]

    theme(page, forms.name).get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the theme").fill("Forms are long")
    page.get_by_role("button", name="Save name").click()
    ready(page)
    assert status(page) == "Named: Forms are long."
    expect(theme(page, "Forms are long")).to_contain_text("named by anna")
    theme(page, porters.name).get_by_role("button", name="Keep the name").click()
    ready(page)
    expect(theme(page, porters.name)).to_contain_text("named by anna")

    whole = theme(page, "Forms are long")
    assert whole.get_by_role("checkbox").count() == 6
    whole.get_by_role("button", name="Show all 8").click()
    for place in (0, 7):
        whole.get_by_role("checkbox").nth(place).check()
    page.get_by_label("Split off as a new theme").fill("Second pages")
    picture(page, "themes-chosen")
    assert page.evaluate(NAMELESS) == []
    assert [one for one in page.evaluate(CONTRAST) if one[0] < 4.5] == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)) and sideways(page) <= 0
    page.get_by_role("button", name="Split off").click()
    ready(page)
    assert members(site.store)["Second pages"] == (1, 8)

    theme(page, "Second pages").get_by_role("checkbox").first.check()
    page.get_by_label("Move to").select_option(porters.name)
    page.get_by_role("button", name="Move", exact=True).click()
    ready(page)
    assert members(site.store)[porters.name] == (1, *range(9, 15))

    theme(page, "Second pages").get_by_role("button", name="Merge").click()
    page.get_by_label("Merge into").select_option("Forms are long")
    theme(page, "Second pages").get_by_role("button", name="Merge", exact=True).click()
    ready(page)
    assert members(site.store)["Forms are long"] == tuple(range(2, 9))
    expect(theme(page, "Second pages")).to_have_count(0)
    page.get_by_role("button", name="Undo my last change").click()
    ready(page)
    assert status(page) == "Taken back: merged." and members(site.store)["Second pages"] == (8,)

    told = build_report(site.store).quotes  # the themes of the report, with their passages
    assert "Forms are long" in told and "Second pages" in told and forms.name not in told
    assert {one.name: one.by for one in themes.current(site.store)}[rooms.name] == ""
    page.locator("#tab-questions").click()
    ready(page)
    expect(page.locator("#passage")).to_contain_text("Nothing is left")


def test_all_of_it_by_keyboard(site: Site, visit: Opener) -> None:
    page = visit()
    opened(page)

    def go(to: Locator, *keys: str) -> None:
        """Walk there with Tab alone, then press."""
        for _ in range(80):
            if to.evaluate("(one) => one === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(to).to_be_focused()
        for key in keys:
            page.keyboard.press(key)
        ready(page)

    go(page.locator("#edit"), "Enter")
    forms, porters = [one.name for one in themes.current(site.store) if one.domain == PLACE][:2]
    go(theme(page, forms).get_by_role("button", name="Rename"), "Enter")
    expect(page.get_by_label("Name of the theme")).to_be_focused()
    page.keyboard.press("Escape")
    expect(theme(page, forms).get_by_role("button", name="Rename")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("xsz 1 long")  # single keys are letters here
    page.keyboard.press("Enter")
    ready(page)
    assert "xsz 1 long" in members(site.store)
    expect(page.get_by_role("heading", name="xsz 1 long")).to_be_focused()
    go(theme(page, "xsz 1 long").get_by_role("checkbox").nth(1), "Space")
    page.keyboard.press("s")
    expect(page.get_by_label("Split off as a new theme")).to_be_focused()
    page.keyboard.type("One of them")
    page.keyboard.press("Enter")
    ready(page)
    assert members(site.store)["One of them"] == (2,)
    page.keyboard.press("x")  # answers nothing here
    page.keyboard.press("z")
    ready(page)
    expect(page.locator("#board-status")).to_have_text("Taken back: split.")
    assert "One of them" not in members(site.store)
    page.keyboard.press("m")
    assert status(page) == "Choose passages first."
    go(theme(page, porters).get_by_role("checkbox").first, "Space")
    assert status(page) == "1 passage chosen."
    page.keyboard.press("m")
    expect(page.get_by_label("Move to")).to_be_focused()
    page.keyboard.type("xsz")
    go(page.get_by_role("button", name="Move", exact=True), "Enter")
    assert members(site.store)["xsz 1 long"] == tuple(range(1, 10))
    assert len(site.store.answers()) == 18


def test_a_theme_that_somebody_changed_is_said_and_read_anew(site: Site, visit: Opener) -> None:
    page = visit(size=PHONE)
    page.locator("#tab-themes").tap()
    ready(page)
    page.locator("#board-domain").select_option(PLACE)
    ready(page)
    page.get_by_role("button", name="Edit themes").tap()
    ready(page)
    picture(page, "phone-themes")
    assert sideways(page) <= 0
    forms, porters = [one for one in themes.current(site.store) if one.domain == PLACE][:2]
    themes.merge(site.store, "ben", [porters.key], forms.key, token="ben-was-quicker-1")
    theme(page, porters.name).get_by_role("button", name="Keep the name").tap()
    ready(page)
    expect(page.locator("#alert")).to_contain_text("somebody changed it")
    expect(theme(page, porters.name)).to_have_count(0)
    expect(theme(page, forms.name)).to_contain_text("14 passages")
    boxes = page.locator(".said-there input")
    boxes.nth(0).check()
    assert sideways(page) <= 0
    expect(page.locator("#bar")).to_contain_text("1 passage chosen")
    picture(page, "phone-themes-chosen")
    page.get_by_role("button", name="Clear").tap()
    expect(page.locator("#bar")).to_be_hidden()


def test_a_change_outlives_the_server(site: Site, visit: Opener) -> None:
    page = visit()
    opened(page)
    site.stop()
    page.get_by_role("button", name="Edit themes").click()
    expect(page.locator("#alert")).to_contain_text("Your change is kept in this tab")
    asked = answering(page, leave=False)
    page.evaluate("location.reload()")
    expect(page.locator("#alert")).to_be_visible()
    site.start()
    expect(page.locator("#alert")).to_be_hidden()
    ready(page)
    assert asked == ["beforeunload"]
    assert [one.kind for one in site.store.theme_changes()] == ["keep"]


def test_nothing_in_themes_becomes_markup(site: Site, visit: Opener) -> None:
    attack = "<img src=x onerror=alert(1)>"
    (number,) = put(site.store, Interview(f"T {attack}", [f"{attack} is said."], attack))[18:]
    answer(site.store, attack, {number: [Label(("Goals", attack), "Goals", "barrier")]})
    code(site.store, attack, {17: [("Skills", "facilitator")]})
    (skill,) = [one for one in themes.current(site.store) if one.domain == "Skills"]
    themes.rename(site.store, attack, skill.key, attack, token="an-attackers-name-1")
    page = visit()
    opened(page)
    for domain in ("Goals", "Skills"):
        page.locator("#board-domains").get_by_role("button", name=domain).click()
        ready(page)
        expect(page.get_by_role("heading", name=attack)).to_be_visible()
    assert page.locator("img").count() == 0
