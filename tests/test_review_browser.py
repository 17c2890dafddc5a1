"""The review page in a real Chromium: sessions by keyboard, by mouse, and on a phone."""

from browsing import (
    CHILD,
    CONTRAST,
    LAPTOP,
    NAMELESS,
    PHONE,
    Opener,
    Site,
    labels,
    picture,
    press,
    ready,
    save_button,
    sideways,
    status,
)
from browsing import browser as browser
from browsing import site as site
from browsing import visit as visit
from playwright.sync_api import (
    Response,
    expect,
)
from reviews import MODEL, fill, suggest, transcript

from tdfnlp.codebook import Code
from tdfnlp.store import Given, Label

# ---- work ------------------------------------------------------------------------------------


def test_a_session_by_keyboard(site: Site, visit: Opener) -> None:
    page = visit()
    assert "token" not in page.url
    suggested = page.locator(".suggested .domain").first.get_attribute("data-domain")
    assert suggested and save_button(page).startswith(f"Accept {suggested}")
    press(page, "Enter")
    assert status(page).startswith(f"Saved: {suggested}")
    (accepted,) = site.answers()
    assert accepted.verdict == "accept" and accepted.run is not None

    press(page, "1", "2", "f", "1", "1", "b", "c")  # the last one chosen gets the direction
    page.keyboard.type("b 1 x")
    press(page, "Escape", "Enter")
    second = site.answers()[-1]
    assert sorted(one or "" for _, one in labels(second)) == ["barrier", "facilitator"]
    assert second.note == "b 1 x"

    press(page, "/")
    page.keyboard.type("pessimism")  # a construct of Optimism
    assert page.locator(".domain:visible").count() == 1
    press(page, "Enter", "m", "Enter")
    assert labels(site.answers()[-1]) == {(("Optimism",), "mixed")}

    press(page, "x")
    assert site.answers()[-1].verdict == "none"
    press(page, "s")
    assert status(page) == "Skipped."
    for _ in range(2):
        press(page, "z")
        assert status(page) == "Taken back: no code."
    press(page, "z")
    assert "Save Optimism (mixed)" in save_button(page)
    assert len(site.answers()) == 2
    press(page, "n", "Enter")
    assert labels(site.answers()[-1]) == {(("Optimism",), "neutral")}

    while page.locator("#utterance").count():
        press(page, "x")
    expect(page.locator("#passage")).to_contain_text("Nothing is left")
    expect(page.locator("#passage")).to_be_focused()
    press(page, "Enter", "1", "x", "s", "b")  # and nothing happens
    answers = site.answers()
    assert len(answers) == site.store.count() == len({one.utterance for one in answers})
    expect(page.locator("#meter")).to_contain_text("You 7 · study 7 of 7")


def test_keys_do_not_answer_what_was_not_seen(site: Site, visit: Opener) -> None:
    page = visit()
    page.keyboard.down("x")
    for _ in range(5):
        page.keyboard.down("x")  # held down
    page.keyboard.up("x")
    ready(page)
    page.keyboard.press("x")
    page.keyboard.press("Enter")  # before the next question has settled
    ready(page)
    assert len(site.answers()) == 2
    press(page, "?")
    expect(page.locator("#help")).to_be_visible()
    assert page.locator("#keys dt").count() >= 10
    page.keyboard.press("x")
    page.locator("#single").uncheck()
    press(page, "Escape", "x", "s")
    assert len(site.answers()) == 2


def test_a_session_by_mouse(site: Site, visit: Opener) -> None:
    page = visit()
    page.locator("#filters summary").click()
    page.locator("#only-domain").select_option("Knowledge")
    ready(page)
    expect(page.locator("#utterance")).to_contain_text("do not know the new interval")
    assert page.locator("mark").all_inner_texts() == ["Harrow", "07700 900123"]
    row = page.locator('[data-domain="Knowledge"]')
    row.get_by_role("button", name="What is Knowledge?").click()
    expect(row.locator(".constructs")).to_be_visible()
    row.get_by_label("Knowledge", exact=True).check()
    row.get_by_text("Mixed").click()
    row.get_by_label("does not know the interval").check()
    page.get_by_label("Emotion", exact=True).check()
    page.get_by_label("Admin › aside").check()
    page.get_by_label("Note").fill("two things at once")
    picture(page, "laptop-chosen")
    page.locator("#save").click()
    ready(page)
    (answer,) = site.answers()
    assert labels(answer) == {
        (CHILD, "mixed"),
        (("Emotion",), None),
        (("Admin", "aside"), None),
    }
    assert answer.note == "two things at once"
    page.locator("#only-domain").select_option("all")
    ready(page)
    page.get_by_role("button", name="No code").click()
    ready(page)
    page.get_by_role("button", name="Skip").click()
    ready(page)
    assert [one.verdict for one in site.answers()] == ["correct", "none", "skip"]
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
        ready(page)
    assert site.answers() == ()
    expect(page.get_by_label("does not know the interval")).to_be_checked()
    assert page.get_by_label("Note").input_value() == "two things at once"
    expect(page.locator("#progress")).to_contain_text("You have answered 0 passages")


def test_a_blind_question_shows_no_suggestion(site: Site, visit: Opener) -> None:
    site.store.configure(audit_share=1.0)
    page = visit(wait=False)
    heard: list[str] = []

    def hear(one: Response) -> None:
        if "/api/question" in one.url:
            heard.append(one.text())

    page.on("response", hear)
    page.reload()
    ready(page)
    expect(page.locator("#banner")).to_contain_text("Your own view first: no suggestion is shown")
    picture(page, "blind")
    assert page.locator(".suggested, .confidence").count() == 0
    assert MODEL not in page.content()
    press(page, "1", "Enter")
    assert site.answers() == ()
    assert "Choose a domain" in status(page)
    page.get_by_label("Goals", exact=True).check()
    press(page, "b", "Enter")
    (answer,) = site.answers()
    assert (answer.how, answer.run) == ("blind audit", None)
    assert labels(answer) == {(("Goals",), "barrier")}
    assert heard and not any(MODEL in one or "confidence" in one for one in heard)


def test_the_study_s_own_codes_are_ranked_and_taken(site: Site, visit: Opener) -> None:
    codes = [Code(CHILD, "Knowledge"), Code(("Admin", "aside")), Code(("Goals", "tick"), "Goals")]
    site.store.add_codes(codes)
    suggest(site.store, codes)
    page = visit()
    page.locator("#filters summary").click()
    page.locator("#only-domain").select_option("Knowledge")
    ready(page)
    rows = page.locator(".proposed li")
    expect(rows).to_have_text(
        [
            "Knowledge › does not know the interval suggested50 %4",
            "Admin › aside 25 %5",
            "Goals › tick 13 %6",
        ]
    )
    expect(page.locator(".suggested + .proposed h2")).to_have_text(
        "Codes of this study, most probable first"
    )
    expect(page.locator("#banner")).to_contain_text(f"{MODEL} · suggest")
    assert save_button(page).startswith("Accept Knowledge")  # Enter is about the domain alone
    picture(page, "own-codes")
    press(page, "4")
    assert "Save does not know the interval (barrier)" in save_button(page)
    expect(rows.nth(0).get_by_role("checkbox")).to_be_checked()
    expect(page.locator('[data-domain="Knowledge"] .codes :checked')).to_have_count(1)
    press(page, "4")  # its domain came with it, and goes with it
    expect(page.locator('[data-domain="Knowledge"] > .row input')).not_to_be_checked()
    rows.nth(2).get_by_role("checkbox").check()
    press(page, "5", "f")
    expect(page.get_by_label("aside").last).to_be_checked()
    picture(page, "own-codes-chosen")
    assert [one for one in page.evaluate(CONTRAST) if one[0] < 4.5] == []
    assert page.evaluate(NAMELESS) == []
    press(page, "Enter")
    (answer,) = site.answers()
    assert labels(answer) == {(("Goals", "tick"), "facilitator"), (("Admin", "aside"), None)}
    press(page, "z")
    expect(page.locator(".proposed :checked")).to_have_count(2)
    page.get_by_label("tick").last.uncheck()  # where it was chosen does not matter
    expect(page.locator(".proposed :checked")).to_have_count(1)


def test_a_study_of_another_framework(site: Site, visit: Opener) -> None:
    culture = Code(("Inner setting", "Culture"))
    site.store.add_codes([culture, Code(("Inner setting", "Culture of blame"))])
    suggest(site.store, [Code(("Admin", "aside")), culture], sure=0.999)
    page = visit()
    heads = page.locator("#picker h2")
    expect(heads).to_have_text(
        [
            "Codes of this study, most probable first",
            "Codes of this study",
            "Most probable domains",
            "Other domains",
        ]
    )
    expect(page.locator("#banner")).to_contain_text("The model suggests a code of this study")
    expect(page.locator(".proposed .share")).to_have_text(["> 99 %", "< 1 %"])
    assert "suggest ·" not in page.locator("#banner").inner_text()
    picture(page, "other-framework")
    press(page, "Enter")  # no domain is accepted unawares
    assert site.answers() == () and "Choose a code, or x" in status(page)
    press(page, "/")
    page.keyboard.type("culture")
    assert page.locator(".others li:visible").count() == 2
    press(page, "Enter")
    assert "Save Culture" in save_button(page)
    press(page, "Enter")
    (answer,) = site.answers()
    assert labels(answer) == {(culture.path, None)} and answer.verdict == "correct"
    page.locator("#progress summary").click()
    expect(page.locator(".counts li").last).to_have_text("Codes outside the framework alone1")


def test_coders_who_differ_are_adjudicated(site: Site, visit: Opener) -> None:
    first, second = (one.id for one in site.store.units()[:2])
    skills = Label(("Skills",), "Skills", "barrier")
    goals = Label(("Goals",), "Goals", "mixed")
    for number in (first, second):
        site.store.answer("anna", Given(number, (skills,), token=f"anna-adjudicates-{number}"))
        site.store.answer("ben", Given(number, (goals,), token=f"ben-is-judged-{number}", note="?"))
    page = visit()
    expect(page.locator("#open-count")).to_have_text("2")
    page.locator("#tab-conflicts").click()
    ready(page)
    expect(page.locator(".side")).to_have_count(2)
    expect(page.locator(".side").last).to_contain_text("Goals")
    picture(page, "adjudication")
    press(page, "2", "f", "Enter")
    page.get_by_role("button", name="Take anna's").click()
    press(page, "Enter")
    expect(page.locator("#passage")).to_contain_text("Coders differ on nothing")
    judged = [one for one in site.answers() if one.how == "adjudication"]
    assert [labels(one) for one in judged] == [
        {(("Goals",), "facilitator")},
        {(("Skills",), "barrier")},
    ]
    press(page, "z")
    expect(page.locator("#banner")).to_contain_text("Coders differ here")
    assert "Save Skills (barrier)" in save_button(page)


def test_two_coders_at_once(site: Site, visit: Opener) -> None:
    pages = [visit(site.link(name)) for name in ("anna", "ben")]
    for _ in range(3):
        seen = [one.locator("#utterance").inner_text() for one in pages]
        assert seen[0] != seen[1]
        for one in pages:
            one.keyboard.press("x")
        for one in pages:
            ready(one)
    answers = site.answers()
    assert len({one.utterance for one in answers}) == len(answers) == 6
    assert [sum(one.coder == name for one in answers) for name in ("anna", "ben")] == [3, 3]
    expect(pages[0].locator("#coder")).to_have_text("anna")
    expect(pages[1].locator("#coder")).to_have_text("ben")


# ---- how it looks and sounds -----------------------------------------------------------------


def test_it_can_be_read_and_heard(site: Site, visit: Opener) -> None:
    page = visit()
    picture(page, "laptop")
    press(page, "1")
    assert page.evaluate(NAMELESS) == []
    passage = page.get_by_role("group", name="P", exact=False).first
    expect(passage).to_have_accessible_description(page.locator("#utterance").inner_text())
    assert page.locator("html").get_attribute("translate") == "no"
    assert page.get_by_label("Note").get_attribute("spellcheck") == "false"
    found = page.evaluate(CONTRAST)
    assert len(found) > 60
    assert [one for one in found if one[0] < 4.5] == []
    assert page.locator("html").get_attribute("lang") == "en"
    assert "study" in page.title()
    assert page.locator("h1").count() == 1 and page.locator("main:visible").count() == 1
    assert page.get_by_role("status").count() == page.locator("[role=alert]").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    assert sideways(page) <= 0
    box = page.locator("#save").bounding_box()
    assert box and box["y"] + box["height"] <= LAPTOP[1]  # in sight without scrolling


def test_a_code_among_many_is_found_by_its_name(site: Site, visit: Opener) -> None:
    names = [("Goals", f"is afraid of thing number {n}") for n in range(200)]
    site.store.add_codes([Code(one, "Goals") for one in names])
    page = visit()
    press(page, "/")
    page.keyboard.type("number 142")
    press(page, "Enter")
    found = page.get_by_label("is afraid of thing number 142")
    expect(found).to_be_checked()
    box, actions = found.bounding_box(), page.locator(".actions").bounding_box()
    assert box and actions and 0 < box["y"] < actions["y"] - box["height"]  # in sight
    picture(page, "many-codes")
    press(page, "/")
    page.keyboard.type("new interval nowhere")  # nothing is called that
    press(page, "Enter", "/")
    page.keyboard.type("interval")
    press(page, "Enter", "b", "Enter")
    assert labels(site.answers()[0]) == {(names[142], None), (CHILD, "barrier")}


def test_it_works_at_twice_the_size_and_from_right_to_left(site: Site, visit: Opener) -> None:
    hebrew = "\u05d0\u05d9\u05df \u05dc\u05e0\u05d5 \u05d6\u05de\u05df."
    speaker = "A very long name " * 30
    said = (hebrew, f"{hebrew} " * 150 + "w" * 400)
    fill(site.store, (transcript("T" * 200, said, speaker, "g" * 300),))
    page = visit(size=(LAPTOP[0] // 2, LAPTOP[1] // 2))
    page.locator("#filters summary").click()
    page.locator("#only-transcript").select_option("T" * 200)
    ready(page)
    assert sideways(page) <= 0
    assert page.locator(".here .said").evaluate("(one) => getComputedStyle(one).direction") == "rtl"
    picture(page, "twice-the-size")
    press(page, "/")  # keys work where there is a keyboard, however narrow the page
    page.keyboard.type("Goals")
    press(page, "Enter", "Enter")
    assert labels(site.answers()[0]) == {(("Goals",), None)}


def test_it_works_on_a_phone(site: Site, visit: Opener) -> None:
    site.store.answer("ben", Given(site.store.units()[0].id, (), token="ben-at-a-desk-1"))
    goals = Label(("Goals",), "Goals")
    site.store.answer("anna", Given(site.store.units()[0].id, (goals,), token="anna-on-phone-1"))
    page = visit(size=PHONE)
    picture(page, "phone")
    assert sideways(page) <= 0
    page.locator(".suggested label").first.tap()
    page.locator(".directions label").nth(1).tap()
    assert sideways(page) <= 0
    assert "facilitator" in save_button(page)
    found = page.evaluate(CONTRAST)
    assert [one for one in found if one[0] < 4.5] == []
    page.locator("#save").tap()
    ready(page)
    (answer,) = (one for one in site.answers() if one.verdict in ("accept", "correct"))
    assert answer.labels[0].valence == "facilitator"
    page.locator("#tab-conflicts").tap()
    ready(page)
    picture(page, "phone-adjudication")
    assert sideways(page) <= 0
