"""Every screen, light and dark, narrow and zoomed, from left to right and from right to left: axe finds nothing."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.end_to_end.accessibility import assert_accessible
from tests.end_to_end.browser import Panel, Visitor, pay
from tests.end_to_end.configured_demo import ConfiguredDemo

pytestmark = [pytest.mark.browser, pytest.mark.soak]

NewVisitor = Callable[..., Visitor]
StartDemo = Callable[[dict[str, Any]], ConfiguredDemo]

ARABIC = """
format-locale = ar
identifier = للعثور على فاتورتك، اكتب البريد الإلكتروني أو رقم الجوال المسجَّل في حسابك.
code-sent-email = إذا كان { $value } مسجَّلًا في حساب، فقد أرسلنا إليه رمزًا من 6 أرقام. اكتبه هنا.
choice-pay-amount = ادفع { $amount }
choice-pick = اختر الفواتير
action-pay-bill = ادفع فاتورتي
action-person = تحدَّث إلى شخص
widget-greeting = مرحبًا. كيف نساعدك؟
widget-people-away = مساعدنا هنا ليلًا ونهارًا
widget-field-identifier = بريدك الإلكتروني أو رقم جوالك
widget-field-code = رمز من 6 أرقام
widget-balance-owed = المطلوب
widget-invoice = فاتورة { $number }
widget-due = تُستحق في { $date }
widget-overdue = متأخرة
widget-link = للدفع
page-pay-to = أنت تدفع إلى { $brand }
page-methods = كيف تريد أن تدفع؟
"""


def assert_panel_accessible(panel: Panel) -> None:
    """Check the panel in its present state."""
    assert_accessible(panel.page, panel.frame)


def test_home_and_the_road_to_a_receipt(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    panel = visitor.chat()
    assert_panel_accessible(panel)
    assert_accessible(panel.page)
    panel.pay_my_bill()
    assert_panel_accessible(panel)
    panel.say("nonsense")
    expect(panel.text("I couldn’t see an email or mobile number")).to_be_visible()
    code = panel.identify("owes@example.com")
    expect(panel.code_field).to_be_visible()
    assert_panel_accessible(panel)
    panel.code_field.fill("000000" if code != "000000" else "111111")
    expect(panel.text("That code isn’t right")).to_be_visible()
    assert_panel_accessible(panel)
    panel.code_field.fill(code)
    expect(panel.card("To pay").get_by_text("Overdue")).to_be_visible()
    assert_panel_accessible(panel)
    panel.choose("pick")
    expect(panel.text("Choose the invoices you want to pay")).to_be_visible()
    assert_panel_accessible(panel)
    panel.say("back")
    link = panel.pay_all()
    expect(link).to_be_visible()
    assert_panel_accessible(panel)
    tab = panel.follow(link)
    tab.locator("summary").click()
    assert_accessible(tab)
    pay(tab, None)
    assert_accessible(tab)
    tab.get_by_test_id("decline").click()
    expect(tab.locator("h1")).to_have_text("The payment was declined")
    assert_accessible(tab)
    tab.get_by_test_id("again").click()
    pay(tab, "close")
    expect(tab.locator("h1")).to_have_text("You haven’t paid yet")
    assert_accessible(tab)
    tab.get_by_test_id("again").click()
    pay(tab)
    expect(tab.locator("h1")).to_have_text("Paid. Thank you")
    assert_accessible(tab)
    expect(panel.card("Payment received")).to_be_visible()
    assert_panel_accessible(panel)
    panel.inside.get_by_role("button", name="Back to the start").click()
    expect(panel.inside.locator(".row-title")).to_be_visible()
    assert_panel_accessible(panel)


def test_direct_debits_people_and_lost_connections(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.context.clock.install()
    panel = visitor.chat_alone()
    panel.verify("dd@example.com")
    expect(panel.card("Direct debit")).to_be_visible()
    assert_panel_accessible(panel)
    panel.choose("person")
    expect(panel.text("Leave a message")).to_be_visible()
    panel.say("https://example.com/" + "a-very-long-address-" * 8)
    panel.choose("message_done")
    expect(panel.text("This is what the team will get")).to_be_visible()
    assert_panel_accessible(panel)
    panel.choose("send_message")
    expect(panel.text("Your message is with the team")).to_be_visible()
    assert_panel_accessible(panel)
    visitor.context.set_offline(True)
    panel.say("Are you there? " * 20)
    visitor.context.clock.run_for(5_000)
    expect(panel.inside.locator(".offline")).to_be_visible()
    assert_panel_accessible(panel)
    visitor.context.clock.run_for(25_000)
    expect(panel.inside.get_by_role("button", name="Not sent. Try again")).to_be_visible()
    assert_panel_accessible(panel)
    panel.inside.get_by_role("button", name="Back to the start").click()
    panel.main_button.click()
    visitor.context.clock.run_for(26_000)
    expect(panel.inside.get_by_role("button", name="Try again")).to_be_visible()
    assert_panel_accessible(panel)


def test_payment_pages_that_wait_and_links_that_no_longer_work(new_visitor: NewVisitor, start_demo: StartDemo) -> None:
    server = start_demo({"payments": {"sandbox": {"later_seconds": 600}}})
    visitor = new_visitor(server)
    panel = visitor.chat_alone()
    panel.verify("owes@example.com")
    tab = panel.follow(panel.pay_all())
    address = tab.url
    pay(tab, "later")
    expect(tab.locator("h1")).to_have_text("We’re waiting for confirmation")
    tab.get_by_role("link", name="Stop looking by itself").click()
    tab.wait_for_url("**/done?still=1")
    assert_accessible(tab)
    other = visitor.chat_alone()
    other.verify("many@example.com")
    other.inside.get_by_role("button", name="£31.20 to pay").click()
    link = other.pay_all()
    expired = link.get_attribute("href")
    assert expired is not None
    with sqlite3.connect(server.data / "billchat.db") as database:
        database.execute("update payment_links set expires_at = '2026-01-01T00:00:00.000Z' where amount_minor = 3120")
    database.close()
    tab.goto(expired)
    expect(tab.locator("h1")).to_have_text("This link has expired")
    assert_accessible(tab)
    tab.goto(address[:-4])
    expect(tab.locator("h1")).to_have_text("We don’t know this link")
    assert_accessible(tab)


def test_the_shop_and_its_inbox(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    assert_accessible(visitor.page("/"))
    for identifier, how in (("owes@example.com", "Email to"), ("07700 900002", "Text to")):
        visitor.chat_alone().pay_my_bill().identify(identifier)
        expect(visitor.page("/dev/inbox").get_by_text(how).first).to_be_visible()
    # It looks again by itself every few seconds, on purpose: it is the demo's, and there is nothing to read slowly.
    assert_accessible(visitor.page("/dev/inbox"), but=("meta-refresh",))


def test_everything_reads_from_right_to_left(new_visitor: NewVisitor, start_demo: StartDemo, tmp_path: Path) -> None:
    (tmp_path / "ar.ftl").write_text(ARABIC, encoding="utf-8")
    server = start_demo({"languages": {"overrides": str(tmp_path), "offered": ["en", "ar"]}})
    visitor = new_visitor(server, locale="ar")
    page = visitor.page("/chat?locale=ar")
    panel = Panel(page, page, server)
    expect(panel.inside.get_by_role("heading", level=1)).to_have_text("مرحبًا. كيف نساعدك؟")
    assert page.evaluate("document.dir") == "rtl"
    assert_panel_accessible(panel)
    panel.inside.locator(".button.main").click()
    expect(panel.text("للعثور على فاتورتك")).to_be_visible()
    before = server.letters_to("owes@example.com")
    panel.say("owes@example.com")
    field = panel.inside.get_by_label("رمز من 6 أرقام")
    expect(field).to_be_visible()
    assert_panel_accessible(panel)
    field.fill(server.code_for("owes@example.com", before))
    expect(panel.card("المطلوب")).to_be_visible()
    owed = panel.card("المطلوب").bounding_box()
    assert owed is not None
    assert owed["x"] > 640, "what the company says stands at the right"
    assert_panel_accessible(panel)
    panel.choose("pay_all")
    link = panel.card("للدفع").get_by_role("link")
    expect(link).to_be_visible()
    assert_panel_accessible(panel)
    tab = panel.follow(link)
    assert tab.evaluate("document.dir") == "rtl"
    assert_accessible(tab)
