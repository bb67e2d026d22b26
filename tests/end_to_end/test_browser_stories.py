"""The four demo customers' stories, from the shop's front page to the receipt, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.end_to_end.browser import PHONE, Visitor, pay

pytestmark = pytest.mark.browser

Arrive = Callable[..., Visitor]


@pytest.mark.parametrize(
    ("identifier", "screen"),
    [("owes@example.com", {}), ("07700 900001", {"viewport": PHONE, "is_mobile": True, "has_touch": True})],
    ids=["email", "mobile"],
)
def test_somebody_who_owes_pays_and_the_receipt_appears_by_itself(
    arrive: Arrive, identifier: str, screen: dict[str, object]
) -> None:
    panel = arrive(**screen).chat()
    panel.verify(identifier)
    owed = panel.card("To pay")
    expect(owed.locator(".amount")).to_have_text("£42.50")
    expect(owed.get_by_role("listitem")).to_have_count(2)
    expect(owed.get_by_text("Overdue")).to_have_count(1)
    tab = panel.follow(panel.pay_all())
    expect(tab.locator("h1")).to_contain_text("£42.50")
    pay(tab)
    expect(tab.locator("h1")).to_have_text("Paid. Thank you")
    receipt = panel.card("Payment received")
    expect(receipt.locator(".amount")).to_have_text("£42.50")
    reference = tab.get_by_test_id("receipt").inner_text()
    expect(receipt).to_contain_text(reference)
    expect(panel.card("Payment link")).to_contain_text("Paid")
    expect(panel.card("Payment link").get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize("identifier", ["dd@example.com", "07700 900002"], ids=["email", "mobile"])
def test_somebody_with_a_direct_debit_hears_when_and_how_much(arrive: Arrive, identifier: str) -> None:
    panel = arrive().chat()
    panel.verify(identifier)
    debit = panel.card("Direct debit")
    expect(debit.locator(".amount")).to_have_text("£34.80")
    expect(debit).to_contain_text("Will be collected on")
    expect(debit).to_contain_text("Nothing for you to do")


@pytest.mark.parametrize("identifier", ["clear@example.com", "07700 900003"], ids=["email", "mobile"])
def test_somebody_who_owes_nothing_is_told_so(arrive: Arrive, identifier: str) -> None:
    panel = arrive().chat()
    panel.verify(identifier)
    expect(panel.lines.filter(has_text="othing to pay").first).to_be_visible()
    expect(panel.choice("pay_all")).to_have_count(0)


@pytest.mark.parametrize("identifier", ["many@example.com", "+44 7700 900004"], ids=["email", "mobile"])
def test_somebody_with_two_accounts_chooses_one_and_pays_it(arrive: Arrive, identifier: str) -> None:
    panel = arrive().chat()
    panel.verify(identifier)
    expect(panel.inside.locator(".choices")).to_contain_text("NB-220115")
    panel.inside.get_by_role("button", name="£31.20 to pay").click()
    expect(panel.card("To pay").locator(".amount")).to_have_text("£31.20")
    pay(panel.follow(panel.pay_all()))
    expect(panel.card("Payment received").locator(".amount")).to_have_text("£31.20")


def test_declined_closed_and_approved_later_are_each_said_in_the_chat_and_on_the_page(arrive: Arrive) -> None:
    panel = arrive().chat()
    panel.verify("owes@example.com")
    tab = panel.follow(panel.pay_all())
    pay(tab, "decline")
    expect(tab.locator("h1")).to_have_text("The payment was declined")
    expect(panel.text("was declined and nothing was taken")).to_be_visible()
    tab.get_by_test_id("again").click()
    pay(tab, "close")
    expect(tab.locator("h1")).to_have_text("You haven’t paid yet")
    expect(panel.text("You left the payment page")).to_be_visible()
    tab.get_by_test_id("again").click()
    pay(tab, "later")
    expect(tab.locator("h1")).to_have_text("We’re waiting for confirmation")
    expect(panel.text("is being confirmed")).to_be_visible()
    expect(tab.locator("h1")).to_have_text("Paid. Thank you")
    expect(panel.card("Payment received")).to_be_visible()
    expect(panel.inside.locator(".card.receipt")).to_have_count(1)
