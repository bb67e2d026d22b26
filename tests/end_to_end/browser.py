"""A real Chromium, visitors of a website in it, and the chat panel as they use it."""

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
from tests.waiting import MAX_WAIT_S

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
EXTERNAL_URL = re.compile(r"^(?!(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:)")
TIMEOUT_MS = MAX_WAIT_S * 1000
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

expect.set_options(timeout=TIMEOUT_MS)


class NoChromiumError(Exception):
    """No Chromium is installed, or it does not start."""


def find_chromium(playwright: Playwright) -> str:
    """Return the path of the Chromium in BILLCHAT_CHROMIUM, the system's, or Playwright's. Raises NoChromiumError."""
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
    """A running Chromium. Raises NoChromiumError."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=TIMEOUT_MS)
        except Error as error:
            raise NoChromiumError(f"{path} does not start: {error.message.splitlines()[0]}") from error
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A browser context of its own. It reaches no other machine, and records attempts to and errors of scripts."""

    context: BrowserContext
    server: DemoServer
    external_requests: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, server: DemoServer, **options: Any) -> "Visitor":
        usual = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/London", "reduced_motion": "reduce"}
        visitor = cls(browser.new_context(**{**usual, **options}), server)
        visitor.context.set_default_timeout(TIMEOUT_MS)
        visitor.context.route(EXTERNAL_URL, visitor._block)
        visitor.context.on("weberror", lambda error: visitor.page_errors.append(str(error.error)))
        visitor.context.on("console", lambda line: visitor._record_policy_violation(line.text))
        return visitor

    def close(self) -> None:
        """Close every window, and check that nothing was requested from other machines and no script failed."""
        self.context.close()
        assert self.external_requests == []
        assert self.page_errors == []

    def page(self, path: str = "/") -> Page:
        """Open a window on a path of the server, or on an address."""
        page = self.context.new_page()
        page.goto(path if path.startswith("http") else self.server.url + path)
        return page

    def chat(self) -> "Panel":
        """Open the chat by its bubble on the demo's home page."""
        return Panel.on(self.page(), self.server).open()

    def chat_alone(self) -> "Panel":
        """Open the chat as a page without the bubble."""
        page = self.page("/chat")
        return Panel(page, page, self.server)

    def _block(self, route: Route) -> None:
        self.strangers.append(route.request.url)
        route.abort()

    def _record_policy_violation(self, line: str) -> None:
        if "Content Security Policy" in line or "Content-Security-Policy" in line:
            self.page_errors.append(line)


@dataclass
class Panel:
    """The chat panel in a page: its visible parts and the actions of customers."""

    page: Page
    inside: Page | FrameLocator
    server: DemoServer

    @classmethod
    def on(cls, page: Page, server: DemoServer) -> "Panel":
        """Return the panel that a page's bubble opens."""
        return cls(page, page.frame_locator("billchat-widget iframe"), server)

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
        """The customer's own messages, sent or not."""
        return self.inside.locator(".group.own .bubble")

    @property
    def lines(self) -> Locator:
        """The messages of the conversation: bubbles and cards."""
        return self.inside.locator(".group > .bubble:not(.typing), .group > .card, .system > p")

    def open(self) -> "Panel":
        self.bubble.click()
        self.inside.locator("[data-link=online]").wait_for()
        return self

    def text(self, words: str) -> Locator:
        """Return the newest message with these words."""
        return self.lines.filter(has_text=words).last

    def card(self, title: str) -> Locator:
        """Return the newest card with this title."""
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
        """Give an email or mobile number, wait for the code field, and return the code that was sent."""
        recipient = identifier if "@" in identifier else "+44" + re.sub(r"\D", "", identifier)[-10:]
        before = self.server.letters_to(recipient)
        self.say(identifier)
        self.code_field.wait_for()
        return self.server.code_for(recipient, before)

    def verify(self, identifier: str) -> None:
        """Start to pay, give an email or mobile number, and type the right code."""
        self.pay_my_bill()
        self.code_field.fill(self.identify(identifier))
        expect(self.code_field).to_have_count(0)

    def pay_all(self) -> Locator:
        """Ask for a link to pay all invoices; return the link."""
        self.choose("pay_all")
        return self.card("Payment link").get_by_role("link")

    def follow(self, link: Locator) -> Page:
        """Follow a link that opens in a new tab."""
        with self.page.expect_popup() as opened:
            link.click()
        opened.value.wait_for_load_state()
        return opened.value


def pay(tab: Page, ending: Literal["approve", "decline", "later", "close"] | None = "approve") -> Page:
    """Press the payment page's button, then the provider's button for an ending; None stays on the provider's page."""
    tab.get_by_test_id("pay").click()
    tab.get_by_test_id("approve").wait_for()
    if ending is not None:
        tab.get_by_test_id(ending).click()
        tab.wait_for_url("**/pay/**")
    return tab
