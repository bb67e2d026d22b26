"""The stories of the four demo customers in a real browser, from the home page to the receipt."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.end_to_end.browser import PHONE, Visitor, pay
from tests.sizes import size

pytestmark = [pytest.mark.browser, pytest.mark.soak]

NewVisitor = Callable[..., Visitor]


SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone": {"viewport": PHONE, "is_mobile": True, "has_touch": True},
}


def identify_by(email: str, mobile: str) -> pytest.MarkDecorator:
    """Run a story by email on a desktop and by mobile number on a phone; in `make soak` in every combination."""
    every = itertools.product((email, mobile), SCREENS, ("light", "dark"))
    chosen = size([(email, "desktop", "light"), (mobile, "phone", "light")], list(every))
    stories = [(identifier, {**SCREENS[screen], "color_scheme": theme}) for identifier, screen, theme in chosen]
    return pytest.mark.parametrize(("identifier", "options"), stories, ids=[" ".join(each) for each in chosen])


@identify_by("owes@example.com", "07700 900001")
def test_somebody_who_owes_pays_and_the_receipt_appears_by_itself(
    new_visitor: NewVisitor, identifier: str, options: dict[str, Any]
) -> None:
    panel = new_visitor(**options).chat()
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


@identify_by("dd@example.com", "07700 900002")
def test_somebody_with_a_direct_debit_hears_when_and_how_much(
    new_visitor: NewVisitor, identifier: str, options: dict[str, Any]
) -> None:
    panel = new_visitor(**options).chat()
    panel.verify(identifier)
    debit = panel.card("Direct debit")
    expect(debit.locator(".amount")).to_have_text("£34.80")
    expect(debit).to_contain_text("Will be collected on")
    expect(debit).to_contain_text("Nothing for you to do")


@identify_by("clear@example.com", "07700 900003")
def test_somebody_who_owes_nothing_is_told_so(
    new_visitor: NewVisitor, identifier: str, options: dict[str, Any]
) -> None:
    panel = new_visitor(**options).chat()
    panel.verify(identifier)
    expect(panel.lines.filter(has_text="othing to pay").first).to_be_visible()
    expect(panel.choice("pay_all")).to_have_count(0)


@identify_by("many@example.com", "+44 7700 900004")
def test_somebody_with_two_accounts_chooses_one_and_pays_it(
    new_visitor: NewVisitor, identifier: str, options: dict[str, Any]
) -> None:
    panel = new_visitor(**options).chat()
    panel.verify(identifier)
    expect(panel.inside.locator(".choices")).to_contain_text("NB-220115")
    panel.inside.get_by_role("button", name="£31.20 to pay").click()
    expect(panel.card("To pay").locator(".amount")).to_have_text("£31.20")
    pay(panel.follow(panel.pay_all()))
    expect(panel.card("Payment received").locator(".amount")).to_have_text("£31.20")


def test_declined_closed_and_approved_later_are_each_said_in_the_chat_and_on_the_page(new_visitor: NewVisitor) -> None:
    panel = new_visitor().chat()
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
