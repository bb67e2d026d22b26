"""While no gateway is on: what is owed, and how else to pay it; never a link."""

import pytest

from flows.effects import Say
from tests.flows.dialogue import GBP, LATE, SOON, Dialogue, paying, statement, verified

WAYS = "By bank transfer to account 00000000."
DEBIT = {"next_on": "2026-12-01", "next_minor": 1000, **GBP}


def test_what_is_owed_is_shown_with_the_other_ways_to_pay_and_without_a_button_to_pay() -> None:
    dialogue = verified(other_ways=WAYS)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.owes", ["balance-owed", "other-ways"])
    assert dialogue.message.args == {"ways": WAYS}
    assert dialogue.choices == ["person", "menu", "sign_out"]
    [shown, _] = dialogue.effects
    assert isinstance(shown, Say)
    assert shown.choices == ()
    assert shown.card is not None


def test_a_debit_that_leaves_something_overdue_offers_no_link_either() -> None:
    dialogue = verified(other_ways=WAYS, mandate=DEBIT, invoices=[LATE, SOON], payable=[LATE])
    assert dialogue.keys == ["debit-and-overdue-otherwise", "other-ways"]
    assert dialogue.choices == ["person", "menu", "sign_out"]


def test_a_company_that_names_no_other_way_sends_its_customers_to_its_team() -> None:
    dialogue = verified(other_ways="")
    assert dialogue.keys[-1] == "other-ways-unknown"
    assert "person" in dialogue.choices


@pytest.mark.parametrize("event", ["pay_bill", "pay_all"])
def test_a_customer_who_asks_to_pay_all_the_same_is_told_the_other_ways(event: str) -> None:
    dialogue = verified(other_ways=WAYS)
    assert dialogue(event) == "pay_bill.linking"
    assert dialogue("pay_otherwise", other_ways=WAYS) == "pay_bill.owes"
    assert dialogue.keys == ["other-ways"]


def test_no_invoices_are_picked_for_a_link_that_is_never_made() -> None:
    dialogue = verified(other_ways=WAYS)
    dialogue("pick")
    assert dialogue("statement", **statement(other_ways=WAYS)) == "pay_bill.owes"


def test_a_link_is_not_made_anew_once_the_gateway_is_off() -> None:
    dialogue = paying()
    dialogue("new_link")
    assert dialogue("pay_otherwise", other_ways=WAYS) == "pay_bill.owes"
    assert "new_link" not in dialogue.choices


@pytest.mark.parametrize("event", ["help", "payment_methods", "card_typed"])
def test_nothing_that_is_said_mentions_the_payment_page(event: str) -> None:
    for dialogue in (Dialogue(pays_otherwise=True), verified(other_ways=WAYS)):
        dialogue(event)
        assert dialogue.keys[0] == f"{event.replace('_', '-')}-otherwise"


def test_the_link_is_back_as_soon_as_a_gateway_is_on() -> None:
    dialogue = verified(other_ways=WAYS)
    dialogue("repeat")
    dialogue("statement", **statement())
    assert "pay_all" in dialogue.choices
    dialogue("help")
    assert dialogue.keys == ["help", "owes"]
