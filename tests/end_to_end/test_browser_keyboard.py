"""Keyboard only, announcements for screen readers, and reduced motion."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from tests.end_to_end.browser import Panel, Visitor

pytestmark = pytest.mark.browser

NewVisitor = Callable[..., Visitor]

FOCUS_IS_VISIBLE = """each => {
  const drawn = element => { const {outlineStyle, outlineWidth} = getComputedStyle(element);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2; };
  const stand_in = each.id === 'code' ? each.parentElement.querySelector('.box.next') : each.closest('.method') || each;
  return drawn(stand_in);
}"""
RECORD_ANNOUNCEMENTS = """() => {
  window.heard = [];
  const region = document.querySelector('[role=status]');
  new MutationObserver(() => region.textContent && heard.push(region.textContent))
    .observe(region, {childList: true, characterData: true, subtree: true});
}"""

# Polls by hand: Playwright's wait_for_function compiles its condition, which the content policy forbids.
NEXT_ANNOUNCEMENTS = """() => new Promise(done => {
  const look = () => heard.length > 0 ? done(heard.splice(0)) : setTimeout(look, 20);
  look();
})"""


def tab_to(page: Page, there: Locator, most: int = 20) -> None:
    """Press Tab until an element has the focus, and check that the focus is visible."""
    expect(there).to_be_visible()
    for _ in range(most):
        page.keyboard.press("Tab")
        if there.evaluate("each => each.matches(':focus')"):
            assert there.evaluate(FOCUS_IS_VISIBLE), "the focus is not visible"
            return
    raise AssertionError("Tab does not reach the element")


def next_announcement(frame: Frame) -> str:
    """Wait for the next announcement of the live region, which is one text."""
    told: list[str] = frame.evaluate(NEXT_ANNOUNCEMENTS)
    assert len(told) == 1
    return told[0]


def test_a_bill_is_paid_with_the_keyboard_alone(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    page = visitor.page()
    panel = Panel.on(page, visitor.server)
    keys = page.keyboard
    tab_to(page, panel.bubble)
    keys.press("Enter")
    expect(panel.inside.get_by_role("heading", level=1)).to_be_focused()
    tab_to(page, panel.main_button)
    keys.press("Enter")
    expect(panel.field).to_be_focused()
    before = visitor.server.letters_to("owes@example.com")
    keys.type("owes@example.com")
    keys.press("Enter")
    expect(panel.code_field).to_be_focused()
    assert panel.code_field.evaluate(FOCUS_IS_VISIBLE)
    keys.type(visitor.server.code_for("owes@example.com", before))
    expect(panel.card("To pay")).to_be_visible()
    expect(panel.choice("pay_all")).to_be_focused()
    assert panel.choice("pay_all").evaluate(FOCUS_IS_VISIBLE)
    keys.press("Enter")
    link = panel.card("Payment link").get_by_role("link")
    tab_to(page, link)
    with page.expect_popup() as opened:
        keys.press("Enter")
    tab = opened.value
    tab_to(tab, tab.locator("summary"))
    tab.keyboard.press("Enter")
    expect(tab.locator("details li").first).to_be_visible()
    tab_to(tab, tab.get_by_role("radio"))
    tab_to(tab, tab.get_by_test_id("pay"), most=1)
    tab.keyboard.press("Enter")
    tab_to(tab, tab.get_by_test_id("approve"), most=1)
    tab.keyboard.press("Enter")
    expect(tab.locator("h1")).to_have_text("Paid. Thank you")
    page.bring_to_front()
    expect(panel.card("Payment received")).to_be_visible()
    tab_to(page, panel.inside.get_by_role("button", name="Back to the start"))
    keys.press("Enter")
    expect(panel.inside.get_by_role("heading", level=1)).to_be_focused()
    keys.press("Escape")
    expect(panel.main_button).to_be_hidden()
    expect(panel.bubble).to_be_focused()
    keys.press("Space")
    expect(panel.main_button).to_be_visible()


def test_a_listener_hears_what_is_new_and_nothing_twice(new_visitor: NewVisitor) -> None:
    panel = new_visitor().chat_alone()
    regions = "[aria-live]:not([aria-live=off]), [role=status], [role=alert]"
    expect(panel.inside.locator(regions)).to_have_count(1)
    panel.pay_my_bill()
    panel.frame.evaluate(RECORD_ANNOUNCEMENTS)
    panel.say("nonsense")
    expect(panel.text("I couldn’t see an email")).to_be_visible()
    told = next_announcement(panel.frame)
    assert told.startswith("Northwind Broadband: ")
    assert "I couldn’t see an email or mobile number in that" in told
    assert "nonsense" not in told
    code = panel.identify("dd@example.com")
    told = next_announcement(panel.frame)
    assert "We’ve sent a 6-digit code to dd@example.com" in told
    assert "I couldn’t see" not in told
    panel.code_field.fill(code)
    told = next_announcement(panel.frame)
    assert "We’ll collect £34.80 on" in told, "a card is heard by its text"
    assert "6-digit code" not in told
    panel.inside.get_by_role("button", name="Back to the start").click()
    panel.inside.locator(".row", has=panel.page.locator(".row-title")).click()
    expect(panel.card("Direct debit")).to_be_visible()
    assert panel.frame.evaluate("heard") == [], "what was read before is not read again"


@pytest.mark.parametrize("wish", ["no-preference", "reduce"])
def test_things_move_only_for_those_who_do_not_mind(new_visitor: NewVisitor, wish: str) -> None:
    visitor = new_visitor(reduced_motion=wish)
    page = visitor.page()
    panel = Panel.on(page, visitor.server)
    moves = panel.bubble.evaluate("each => getComputedStyle(each).animationName !== 'none'")
    panel.open()
    slides = page.locator("billchat-widget .screen").evaluate(
        "each => getComputedStyle(each).transitionProperty !== 'none'"
    )
    visitor.context.set_offline(True)
    pulse = panel.inside.locator(".pulse")
    pulse.wait_for()
    pulses = pulse.evaluate("each => each.getAnimations().length > 0")
    assert {moves, slides, pulses} == {wish == "no-preference"}
