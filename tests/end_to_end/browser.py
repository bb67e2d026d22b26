"""A real Chromium on this machine, and people who use it: their windows, the shop in front of them, the chat in it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Frame,
    FrameLocator,
    Locator,
    Page,
    Playwright,
    Route,
    expect,
    sync_playwright,
)

from tests.end_to_end.demo_server import DemoServer

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ELSEWHERE = re.compile(r"^(?!(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:)")
PATIENCE_MS = 15_000
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

expect.set_options(timeout=PATIENCE_MS)


class NoChromiumError(Exception):
    """There is no Chromium on this machine, or none that starts."""


def find_chromium(playwright: Playwright) -> str:
    """The path of the Chromium that was named, the system's, or the one that Playwright installed."""
    if named := os.environ.get("BILLCHAT_CHROMIUM"):
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    raise NoChromiumError("no Chromium here: install one, or name it in BILLCHAT_CHROMIUM")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium for as long as it is needed. Raises NoChromiumError."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=60_000)
        except Error as fault:
            raise NoChromiumError(f"{path} does not start: {fault.message.splitlines()[0]}") from fault
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own: nothing is shared with others, and nothing outside the machine is there."""

    context: BrowserContext
    shop: DemoServer
    strangers: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def arrives(cls, browser: Browser, shop: DemoServer, **wishes: Any) -> "Visitor":
        usual = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/London", "reduced_motion": "reduce"}
        visitor = cls(browser.new_context(**{**usual, **wishes}), shop)
        visitor.context.set_default_timeout(PATIENCE_MS)
        visitor.context.route(ELSEWHERE, visitor._turn_away)
        visitor.context.on("weberror", lambda error: visitor.faults.append(str(error.error)))
        visitor.context.on("console", lambda line: visitor._heed(line.text))
        return visitor

    def leaves(self) -> None:
        """Close every window. Nothing may have been asked of another machine, and no script have failed."""
        self.context.close()
        assert self.strangers == []
        assert self.faults == []

    def page(self, path: str = "/") -> Page:
        """A new window of one of the shop's pages, or of any address."""
        page = self.context.new_page()
        page.goto(path if path.startswith("http") else self.shop.url + path)
        return page

    def chat(self) -> "Panel":
        """The chat, opened by its bubble on the shop's front page."""
        return Panel.on(self.page(), self.shop).open()

    def chat_alone(self) -> "Panel":
        """The chat as a page of its own, where a test does not care about the bubble."""
        page = self.page("/chat")
        return Panel(page, page, self.shop)

    def _turn_away(self, route: Route) -> None:
        self.strangers.append(route.request.url)
        route.abort()

    def _heed(self, line: str) -> None:
        if "Content Security Policy" in line or "Content-Security-Policy" in line:
            self.faults.append(line)


@dataclass
class Panel:
    """The chat panel in a page: what a customer sees in it and does with it."""

    page: Page
    inside: Page | FrameLocator
    shop: DemoServer

    @classmethod
    def on(cls, page: Page, shop: DemoServer) -> "Panel":
        """The panel behind a page's bubble."""
        return cls(page, page.frame_locator("billchat-widget iframe"), shop)

    @property
    def bubble(self) -> Locator:
        return self.page.locator("billchat-widget .bubble")

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if "/chat" in frame.url)

    @property
    def main_button(self) -> Locator:
        return self.inside.get_by_role("button", name="Pay my bill", exact=True)

    @property
    def field(self) -> Locator:
        return self.inside.locator("#say")

    @property
    def code_field(self) -> Locator:
        return self.inside.get_by_label("6-digit code")

    @property
    def own(self) -> Locator:
        """What the customer said, sent or not."""
        return self.inside.locator(".group.own .bubble")

    @property
    def lines(self) -> Locator:
        """Everything in the conversation: bubbles and cards."""
        return self.inside.locator(".group > .bubble:not(.typing), .group > .card, .system > p")

    def open(self) -> "Panel":
        self.bubble.click()
        self.inside.locator("[data-link=online]").wait_for()
        return self

    def text(self, words: str) -> Locator:
        """The newest line of the conversation with these words."""
        return self.lines.filter(has_text=words).last

    def card(self, title: str) -> Locator:
        """The newest card with this title."""
        return self.inside.locator(".card", has=self.page.get_by_role("heading", name=title, exact=True)).last

    def choice(self, choice: str) -> Locator:
        return self.inside.locator(f"[data-choice='{choice}']")

    def pay_my_bill(self) -> "Panel":
        self.main_button.click()
        expect(self.field).to_have_attribute("name", "identifier")
        return self

    def say(self, words: str) -> None:
        self.field.fill(words)
        self.field.press("Enter")

    def choose(self, choice: str) -> None:
        self.choice(choice).click()

    def identify(self, identifier: str) -> str:
        """Say who it is, wait for the code field, and return the code that was sent."""
        recipient = identifier if "@" in identifier else "+44" + re.sub(r"\D", "", identifier)[-10:]
        before = self.shop.letters_to(recipient)
        self.say(identifier)
        self.code_field.wait_for()
        return self.shop.code_for(recipient, before)

    def verify(self, identifier: str) -> None:
        """Start paying, say who it is and type the right code."""
        self.pay_my_bill()
        self.code_field.fill(self.identify(identifier))
        expect(self.code_field).to_have_count(0)

    def pay_all(self) -> Locator:
        """Ask for a link for everything that is owed; returns the link's button."""
        self.choose("pay_all")
        return self.card("Payment link").get_by_role("link")

    def follow(self, link: Locator) -> Page:
        """Follow a link that opens in a new tab."""
        with self.page.expect_popup() as opened:
            link.click()
        opened.value.wait_for_load_state()
        return opened.value


def pay(tab: Page, ending: Literal["approve", "decline", "later", "close"] | None = "approve") -> Page:
    """Press the payment page's button, and the button of the sandbox that makes the payment end so."""
    tab.get_by_test_id("pay").click()
    tab.get_by_test_id("approve").wait_for()
    if ending is not None:
        tab.get_by_test_id(ending).click()
        tab.wait_for_url("**/pay/**")
    return tab
