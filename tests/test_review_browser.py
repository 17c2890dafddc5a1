"""The review page in a real Chromium: by keyboard, by mouse, on a phone, under attack."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import ROOT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    Response,
    expect,
    sync_playwright,
)
from reviews import MODEL, fill, interviews, transcript

from tdfnlp.codebook import Code
from tdfnlp.review import Address, Desk, Seats, listen
from tdfnlp.review.server import build
from tdfnlp.store import Answer, Given, Label, Store

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ARTEFACTS = ROOT / "test-artefacts"
LAPTOP, PHONE = (1366, 768), (390, 844)
CHILD = ("Knowledge", "does not know the interval")

if not CHROMIUM and not os.environ.get("TDFNLP_REQUIRE_ALL"):
    pytest.skip("Chromium is not installed.", allow_module_level=True)

expect.set_options(timeout=20_000)


@dataclass
class Site:
    """The page of one study, served from a thread."""

    store: Store
    seats: Seats = field(default_factory=lambda: Seats(["anna", "ben"]))
    port: int = 0

    def start(self) -> None:
        self.address: Address = listen(port=self.port)
        self.port = self.address.port
        self.server = build(Desk(self.store, self.seats), self.address)
        sockets = [self.address.socket]
        self.thread = threading.Thread(target=self.server.run, args=(sockets,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.address.socket.close()

    def link(self, coder: str = "anna") -> str:
        return self.address.link(self.seats.token(coder))

    def answers(self) -> tuple[Answer, ...]:
        return self.store.answers()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Store.open(tmp_path / "study.db") as store:
        store.add_codes([Code(CHILD, "Knowledge"), Code(("Admin", "aside"))])
        fill(store, interviews())
        served = Site(store)
        served.start()
        yield served
        served.stop()


Opener = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Opener]:
    """Open pages, each in a browser profile of its own; afterwards all must have been quiet."""
    contexts: list[BrowserContext] = []
    loud: list[str] = []
    dialogs: list[str] = []
    asked: list[str] = []

    def opened(link: str = "", size: tuple[int, int] = LAPTOP, *, wait: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            is_mobile=size == PHONE,
            has_touch=size == PHONE,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda one: loud.append(f"console: {one.text}"))
        page.on("pageerror", lambda one: loud.append(f"error: {one}"))
        page.on("dialog", lambda one: dialogs.append(one.type))
        page.on("request", lambda one: asked.append(one.url))
        page.goto(link or site.link())
        if wait:
            ready(page)
        return page

    yield opened
    for one in contexts:
        one.close()
    expected = ("ERR_CONNECTION_REFUSED", "status of 400", "status of 401")
    assert [one for one in loud if not any(part in one for part in expected)] == []
    assert set(dialogs) <= {"beforeunload"}
    assert {one.split("/")[2] for one in asked} == {f"127.0.0.1:{site.port}"}


def ready(page: Page) -> None:
    page.wait_for_selector('body[data-state="ready"]')


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    ready(page)


def save_button(page: Page) -> str:
    return page.locator("#save").inner_text().replace("\n", " ")


def status(page: Page) -> str:
    return page.locator("#status").inner_text()


def labels(answer: Answer) -> set[tuple[tuple[str, ...], str | None]]:
    return {(one.code, one.valence) for one in answer.labels}


def picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"review-{name}.png")


def sideways(page: Page) -> int:
    """How far the page can be scrolled to the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


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
    asked: list[str] = []

    def agree(one: Dialog) -> None:
        asked.append(one.type)
        one.accept()

    page.on("dialog", agree)
    page.unroute("**/api/answer")
    page.goto(f"http://127.0.0.1:{site.port}/")
    ready(page)
    assert asked == ["beforeunload"]
    assert len(site.store.record()) == 1 and labels(site.answers()[0]) == {(("Goals",), None)}
    expect(page.locator("#status")).to_contain_text("its note was not kept")


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


# ---- how it looks and sounds -----------------------------------------------------------------

CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.checkVisibility()) continue;
    const [a, b] = [light(numbers(getComputedStyle(one).color)), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([ratio, one.className || one.tagName]);
  }
  return found;
}"""
NAMELESS = """() => [...document.querySelectorAll("input, select, textarea, button, progress")]
  .filter((one) => {
    const label = one.labels?.length || one.getAttribute("aria-label");
    return !(label || (one.tagName === "BUTTON" && one.textContent.trim()));
  }).map((one) => one.outerHTML)"""


def test_it_can_be_read_and_heard(site: Site, visit: Opener) -> None:
    page = visit()
    picture(page, "laptop")
    press(page, "1")
    assert page.evaluate(NAMELESS) == []
    found = page.evaluate(CONTRAST)
    assert len(found) > 60
    assert [one for one in found if one[0] < 4.5] == []
    assert page.locator("html").get_attribute("lang") == "en"
    assert "study" in page.title()
    assert page.locator("h1").count() == 1 and page.locator("main").count() == 1
    assert page.locator("[role=status]").count() == page.locator("[role=alert]").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    assert sideways(page) <= 0
    box = page.locator("#save").bounding_box()
    assert box and box["y"] + box["height"] <= LAPTOP[1]  # in sight without scrolling


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
