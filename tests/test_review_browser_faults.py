"""The review page in a real Chromium: faults, lost connections, attacks."""

from pathlib import Path

import pytest
from browsing import Opener, Site, answering, labels, press, ready, status
from browsing import browser as browser
from browsing import site as site
from browsing import visit as visit
from playwright.sync_api import expect
from reviews import fill, transcript

from tdfnlp.codebook import Code
from tdfnlp.errors import StoreError
from tdfnlp.review import Seats
from tdfnlp.store import Given, Label, Store

# ---- what goes wrong -------------------------------------------------------------------------


def test_an_answer_outlives_the_server(site: Site, visit: Opener) -> None:
    page = visit()
    site.stop()
    press_without_waiting = page.keyboard.press
    press_without_waiting("c")
    page.keyboard.type("keep this")
    press_without_waiting("Escape")
    press_without_waiting("x")
    alert = page.locator("#alert")
    expect(alert).to_contain_text("Not saved yet")
    expect(alert).to_contain_text("Do not close the tab")
    kept = str(page.evaluate("JSON.stringify(sessionStorage)"))
    said = page.locator("#utterance").inner_text()
    assert "utterance" in kept and said[:20] not in kept and "keep this" not in kept
    press_without_waiting("x")  # impatience answers nothing more
    site.seats = Seats(["anna"])  # as a program that is started again has it
    site.start()
    expect(alert).to_contain_text("Open the link")
    assert site.answers() == ()
    second = page.context.new_page()
    second.goto(site.link())
    ready(second)
    expect(alert).to_be_hidden()
    ready(page)
    (answer,) = site.store.record()
    assert (answer.verdict, answer.note) == ("none", "keep this")
    assert page.evaluate("sessionStorage.length") == 0


def test_an_answer_outlives_a_reload(site: Site, visit: Opener) -> None:
    page = visit()
    page.route("**/api/answer", lambda route: route.abort("connectionrefused"))
    page.get_by_label("Goals", exact=True).check()
    page.get_by_label("Note").fill("lost, and said so")
    page.locator("#save").click()
    expect(page.locator("#alert")).to_contain_text("Not saved yet")
    asked = answering(page, leave=True)
    page.unroute("**/api/answer")
    page.goto(f"http://127.0.0.1:{site.port}/")
    ready(page)
    assert asked == ["beforeunload"]
    assert len(site.store.record()) == 1 and labels(site.answers()[0]) == {(("Goals",), None)}
    expect(page.locator("#status")).to_contain_text("its note was not kept")


def test_a_full_disk_is_said_and_the_answer_stored_once_there_is_room(
    site: Site, visit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit()

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "answer", full)
        page.keyboard.press("x")
        expect(page.locator("#alert")).to_contain_text("Not saved yet. The disk is full. Look")
        page.locator("#tab-themes").click()  # nothing else can be begun meanwhile
        assert page.locator("#themes").is_hidden()
        assert page.locator("#filters").evaluate("(one) => one.inert")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#alert")).to_be_hidden()
    ready(page)
    assert [one.verdict for one in site.store.record()] == ["none"]


def test_a_new_link_pasted_into_the_waiting_tab_goes_on_there(site: Site, visit: Opener) -> None:
    page = visit()
    site.stop()
    page.keyboard.press("x")
    expect(page.locator("#alert")).to_contain_text("Not saved yet")
    site.seats = Seats(["anna"])
    site.start()
    page.evaluate("(link) => { location.href = link; }", site.link())  # loads nothing: only a #
    expect(page.locator("#alert")).to_be_hidden()
    ready(page)
    assert "token" not in page.url and len(site.answers()) == 1


def test_two_coders_in_one_browser_do_not_act_for_each_other(site: Site, visit: Opener) -> None:
    anna = visit()
    ben = anna.context.new_page()
    ben.goto(site.link("ben"))
    ready(ben)
    press(ben, "x")
    anna.keyboard.press("z")
    expect(anna.locator("#alert")).to_contain_text("signed in as ben, not as anna")
    anna.keyboard.press("x")
    expect(anna.locator("#alert")).to_contain_text("Not stored.")
    assert [(one.coder, one.verdict) for one in site.store.record()] == [("ben", "none")]
    anna.on("dialog", lambda one: one.accept())
    anna.goto("about:blank")
    anna.goto(site.link("ben"))  # the tab is Ben's now: Anna's answer is not his
    ready(anna)
    assert len(site.store.record()) == 1
    anna.goto("about:blank")
    anna.goto(site.link("anna"))
    ready(anna)
    expect(anna.locator("#status")).to_contain_text("Your last answer is saved")
    assert [one.coder for one in site.store.record()] == ["ben", "anna"]


def test_an_answer_for_one_study_is_not_put_into_another(
    site: Site, visit: Opener, tmp_path: Path
) -> None:
    page = visit()
    site.stop()
    page.keyboard.press("x")
    expect(page.locator("#alert")).to_contain_text("Not saved yet")
    with Store.open(tmp_path / "other.db") as other:
        fill(other, (transcript("P9", ("Why?", "We forget it now and then."), "Cy", None),))
        site.store, before = other, site.store
        site.start()
        page.evaluate("(link) => { location.href = link; }", site.link())
        expect(page.locator("#alert")).to_contain_text("opened on another study")
        assert other.record() == ()
        site.stop()
        site.store = before
    site.start()
    page.on("dialog", lambda one: one.accept())
    page.goto("about:blank")
    page.goto(site.link())
    ready(page)
    assert [one.verdict for one in before.record()] == ["none"]


def test_what_was_chosen_and_noted_survives_a_look_elsewhere(site: Site, visit: Opener) -> None:
    page = visit()
    page.get_by_label("Goals", exact=True).check()
    page.get_by_label("Note").fill("half a thought")
    for tab in ("conflicts", "themes", "questions"):
        page.locator(f"#tab-{tab}").click()
        ready(page)
        page.keyboard.press("x" if tab == "themes" else "b")  # out of sight, out of reach
        ready(page)
    expect(page.get_by_label("Goals", exact=True)).to_be_checked()
    assert page.get_by_label("Note").input_value() == "half a thought"
    press(page, "Enter")
    assert [one.note for one in site.store.record()] == ["half a thought"]


def test_one_can_try_again_without_waiting(site: Site, visit: Opener) -> None:
    page = visit()
    page.clock.install()
    page.clock.pause_at("2030-01-01")  # it does not try again by itself
    page.route("**/api/answer", lambda route: route.abort("connectionrefused"))
    page.keyboard.press("X")
    button = page.locator("#alert").get_by_role("button", name="Try now")
    for _ in range(2):
        with page.expect_event("requestfailed"):
            button.click()
    page.unroute("**/api/answer")
    button.click()
    expect(page.locator("#alert")).to_be_hidden()
    assert len(site.store.record()) == 1


def test_a_refused_answer_is_said_and_can_be_mended(site: Site, visit: Opener) -> None:
    page = visit()
    page.evaluate("document.querySelector('#note').removeAttribute('maxlength')")
    page.get_by_label("Note").fill("x" * 4001)
    page.locator("#none").click()
    expect(page.locator("#alert")).to_contain_text("Not stored")
    page.get_by_label("Note").fill("shorter")
    page.locator("#none").click()
    ready(page)
    expect(page.locator("#alert")).to_be_hidden()
    assert [one.note for one in site.answers()] == ["shorter"]


def test_without_a_valid_link_there_is_a_sentence_and_no_study(site: Site, visit: Opener) -> None:
    for link in (f"http://127.0.0.1:{site.port}/", f"http://127.0.0.1:{site.port}/#token=wrong"):
        page = visit(link, wait=False)
        expect(page.locator("#gate")).to_contain_text("Open the link")
        assert "token" not in page.url
        assert page.locator("#main").is_hidden()


IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
LINK = "<a href=\"javascript:alert(3)\" onmouseover='alert(4)'>here</a>"


def test_nothing_said_becomes_markup(site: Site, visit: Opener) -> None:
    words = f"{IMAGE} and {SCRIPT} and {LINK} {{{{7*7}}}} &lt;b&gt; is all I can say of it"
    source = transcript(f"T {IMAGE}", (f"Why {SCRIPT} so?", words), f"Eve {LINK}", f"G {SCRIPT}")
    site.store.add_codes([Code(("Goals", IMAGE), "Goals"), Code((SCRIPT, LINK))])
    fill(site.store, (source,))
    (number,) = (one.id for one in site.store.units() if one.utterance.transcript == source.id)
    own = Label(("Goals", IMAGE), "Goals", "barrier")
    name = f"bob {IMAGE}"
    site.store.answer("anna", Given(number, (own,), token="anna-under-attack", note=SCRIPT))
    site.store.answer(name, Given(number, (), token="bob-is-the-attacker", note=LINK))
    site.seats = Seats([name])
    site.stop()
    site.start()
    page = visit(site.link(name))
    page.locator("#tab-conflicts").click()
    ready(page)
    assert page.locator("#utterance").inner_text() == words
    expect(page.locator(".where")).to_contain_text(f"T {IMAGE}")
    expect(page.locator(".where")).to_contain_text(f"Eve {LINK}")
    expect(page.locator(".asked")).to_contain_text(f"Why {SCRIPT} so?")
    expect(page.locator("#sides")).to_contain_text(SCRIPT)
    expect(page.locator("#sides")).to_contain_text(f"Goals › {IMAGE}")
    expect(page.locator("#coder")).to_have_text(name)
    press(page, "1")
    expect(page.get_by_label(IMAGE, exact=True)).to_be_checked()
    press(page, "Enter")
    assert IMAGE in status(page)
    page.locator("#tab-questions").click()
    ready(page)
    page.locator("#filters summary").click()
    assert f"G {SCRIPT}" in page.locator("#only-group").inner_text()
    assert page.locator("img, a:not(.jump), body script").count() == 0
