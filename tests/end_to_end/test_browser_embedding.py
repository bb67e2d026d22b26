"""The chat on a company's own site: another origin, a strict content policy, stylesheets that mean no good."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browser import PHONE, Panel, Visitor, pay
from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.embedding_site import EmbeddingSite, embedding_site

pytestmark = pytest.mark.browser

NewVisitor = Callable[..., Visitor]

HOSTILE_STYLES = """
html > :not(head, body), body, body *, div, iframe, button, svg, :host, billchat-widget {
  all: unset !important; display: none !important; visibility: hidden !important; opacity: 0 !important;
  pointer-events: none !important; position: static !important; width: 0 !important; height: 0 !important;
  transform: translate(-9999px) scale(0) !important; font-size: 0 !important; color: transparent !important;
}
html { font-size: 3px; line-height: 9; letter-spacing: 1em; direction: rtl; text-transform: uppercase; }
"""
RECORD_EVENTS = """
window.heard = [];
window.Billchat = window.Billchat || [];
for (const name of ["ready", "open", "close", "unread", "paid"])
  Billchat.push(["on", name, (count) => heard.push(count === undefined ? name : `${name} ${count}`)]);
"""


@pytest.fixture(scope="module")
def site() -> Iterator[EmbeddingSite]:
    with embedding_site() as made:
        yield made


@pytest.fixture(scope="module")
def chat(site: EmbeddingSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfiguredDemo]:
    """A service that lists the site."""
    server = ConfiguredDemo(tmp_path_factory.mktemp("chat"), changes={"server": {"allowed_sites": [site.origin]}})
    server.start()
    site.policy = (
        f"default-src 'none'; script-src 'self' {server.url}; frame-src {server.url}; style-src 'self'; img-src 'self'"
    )
    site.pages["/hostile.css"] = HOSTILE_STYLES
    site.pages["/listening.js"] = RECORD_EVENTS
    yield server
    assert server.stop() == 0


def recorded_events(page: Page) -> list[str]:
    told: list[str] = page.evaluate("window.heard")
    return told


def test_a_strict_policy_and_a_hostile_stylesheet_harm_nothing(
    new_visitor: NewVisitor, site: EmbeddingSite, chat: ConfiguredDemo
) -> None:
    head = '<link rel="stylesheet" href="/hostile.css"><script src="/listening.js"></script>'
    page = new_visitor(chat).page(site.page(chat.url, head, "<div><button>Hidden</button></div>"))
    panel = Panel.on(page, chat)
    expect(panel.bubble).to_be_in_viewport(ratio=1)
    box = panel.bubble.bounding_box()
    assert box == {"x": 1280 - 20 - 56, "y": 800 - 20 - 56, "width": 56, "height": 56}
    panel.open()
    frame = page.locator("billchat-widget iframe")
    expect(frame).to_be_in_viewport(ratio=1)
    assert (frame.bounding_box() or {})["width"] == 390
    panel.verify("owes@example.com")
    tab = panel.follow(panel.pay_all())
    panel.bubble.click()
    expect(frame).to_be_hidden()
    pay(tab)
    expect(panel.bubble.locator(".badge")).to_be_visible()
    told = recorded_events(page)
    assert told[:3] == ["ready", "open", "close"]
    assert "paid" in told
    assert [each for each in told if each.startswith("unread")]
    panel.open()
    expect(panel.card("Payment received")).to_be_visible()
    expect(panel.bubble.locator(".badge")).to_be_hidden()
    assert recorded_events(page).count("paid") == 1


def test_a_link_to_the_panel_cannot_put_words_into_the_companys_mouth(
    new_visitor: NewVisitor, chat: ConfiguredDemo
) -> None:
    page = new_visitor(chat).page(f"{chat.url}/chat?locale=en#greeting=Call+this+number+at+once&colour=%230a7d4f")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Call this number")


def test_the_page_decides_side_colour_language_and_greeting(
    new_visitor: NewVisitor, site: EmbeddingSite, chat: ConfiguredDemo
) -> None:
    visitor = new_visitor(chat)
    settings = {"position": "left", "colour": "#0a7d4f", "locale": "es", "greeting": "Hola, soy Nora."}
    panel = Panel.on(visitor.page(site.page(chat.url, **settings)), chat)
    expect(panel.bubble).to_have_accessible_name("Abrir el chat")
    expect(panel.bubble).to_have_css("background-color", "rgb(10, 125, 79)")
    assert (panel.bubble.bounding_box() or {})["x"] == 20
    panel.open()
    expect(panel.inside.get_by_role("heading", level=1)).to_have_text("Hola, soy Nora.")
    pay_my_bill = panel.inside.locator(".button.main")
    expect(pay_my_bill).to_have_text("Pagar mi factura")
    expect(pay_my_bill).to_have_css("background-color", "rgb(10, 125, 79)")


def test_the_page_opens_and_closes_the_chat_and_including_it_twice_makes_one(
    new_visitor: NewVisitor, site: EmbeddingSite, chat: ConfiguredDemo
) -> None:
    again = f'<script src="{chat.url}/widget.js" async></script>'
    page = new_visitor(chat).page(site.page(chat.url, '<script src="/listening.js"></script>' + again, again))
    panel = Panel.on(page, chat)
    expect(panel.bubble).to_have_count(1)
    page.evaluate("Billchat.open()")
    expect(panel.main_button).to_be_visible()
    expect(panel.bubble).to_have_attribute("aria-expanded", "true")
    page.evaluate("Billchat.close()")
    expect(panel.main_button).to_be_hidden()
    page.evaluate("Billchat.push(['open'])")
    expect(panel.main_button).to_be_visible()
    assert page.locator("billchat-widget").count() == 1
    assert recorded_events(page) == ["ready", "open", "close", "open"]


@pytest.mark.parametrize("screen", [{}, {"viewport": PHONE}], ids=["desktop", "phone"])
def test_the_page_gets_every_click_around_the_bubble(
    new_visitor: NewVisitor, site: EmbeddingSite, chat: ConfiguredDemo, screen: dict[str, Any]
) -> None:
    page = new_visitor(chat, **screen).page(site.page(chat.url))
    bubble = Panel.on(page, chat).bubble
    box = bubble.bounding_box()
    assert box is not None
    page.evaluate("document.addEventListener('click', event => (window.hits ??= []).push(event.target.tagName), true)")
    left, top, right, bottom = box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
    around = [(left - 2, top + 28), (right + 2, top + 28), (left + 28, top - 2), (left + 28, bottom + 2)]
    corners = [(left + 2, top + 2), (right - 2, top + 2), (left + 2, bottom - 2)]
    for x, y in around + corners:
        page.mouse.click(x, y)
    assert page.evaluate("hits") == ["HTML"] * 7
    bubble.click()
    expect(Panel.on(page, chat).main_button).to_be_visible()


def test_a_site_that_is_not_listed_cannot_frame_the_chat(new_visitor: NewVisitor, chat: ConfiguredDemo) -> None:
    with embedding_site() as stranger:
        visitor = new_visitor(chat)
        page = visitor.page(stranger.page(chat.url))
        with page.expect_event("console", lambda line: "frame-ancestors" in line.text):
            page.locator("billchat-widget .bubble").click()
        assert page.frame_locator("billchat-widget iframe").locator("#app").count() == 0
        visitor.page_errors.clear()
        page.close()
