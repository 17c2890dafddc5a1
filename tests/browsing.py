"""For tests in a real Chromium: the browser, a served study, and pages that must stay quiet."""

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
    expect,
    sync_playwright,
)
from reviews import fill, interviews

from tdfnlp.codebook import Code
from tdfnlp.review import Address, Desk, Seats, listen
from tdfnlp.review.server import build
from tdfnlp.store import Answer, Store

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

expect.set_options(timeout=20_000)

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
    """A real Chromium; a test run that must be complete fails where there is none."""
    if not CHROMIUM and not os.environ.get("TDFNLP_REQUIRE_ALL"):
        pytest.skip("Chromium is not installed.")
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
    known = ("ERR_CONNECTION_REFUSED", "of 400", "of 401", "of 409", "of 503")
    assert [one for one in loud if not any(part in one for part in known)] == []
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


def answering(page: Page, *, leave: bool) -> list[str]:
    """Answer the browser's questions whether to leave the page; gives their kinds as they come."""
    asked: list[str] = []

    def answer(one: Dialog) -> None:
        asked.append(one.type)
        if leave:
            one.accept()
        else:
            one.dismiss()

    page.on("dialog", answer)
    return asked
