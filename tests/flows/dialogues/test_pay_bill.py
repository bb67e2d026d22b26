from datetime import date

import pytest

from flows.effects import FindAccounts, MakeLink, Money, ReadStatement
from tests.flows.dialogue import GBP, HOME, LATE, LINK, SHOP, SOON, Dialogue, at_code, paying, statement, verified

DEBIT = {"next_on": "2026-12-01", "next_minor": 3820, **GBP}


def code_right() -> Dialogue:
    dialogue = at_code()
    dialogue("code_typed", digits="123456")
    dialogue("code_right")
    return dialogue


def test_one_account_is_opened_at_once() -> None:
    dialogue = code_right()
    dialogue("accounts", accounts=[HOME])
    assert dialogue.effect == ReadStatement("home")


def test_of_several_accounts_the_customer_chooses() -> None:
    dialogue = code_right()
    dialogue("accounts", accounts=[HOME, SHOP])
    assert (dialogue.state, dialogue.choices) == (
        "pay_bill.accounts",
        ["account:home", "account:shop", "person", "menu", "sign_out"],
    )
    assert [choice.key for choice in dialogue.message.choices][:2] == ["choice-account-owing", "choice-account"]
    dialogue("choose_account", account="shop")
    assert dialogue.effect == ReadStatement("shop")


def test_somebody_elses_account_cannot_be_chosen() -> None:
    dialogue = code_right()
    dialogue("accounts", accounts=[HOME, SHOP])
    assert dialogue("choose_account", account="stranger") == "pay_bill.accounts"


def test_no_account_is_said_honestly_and_leads_to_a_person() -> None:
    dialogue = code_right()
    dialogue("accounts", accounts=[])
    assert (dialogue.state, dialogue.keys) == ("pay_bill.identifier", ["no-account"])
    assert "person" in dialogue.choices


def test_another_account_is_one_tap_away() -> None:
    dialogue = code_right()
    dialogue("accounts", accounts=[HOME, SHOP])
    dialogue("choose_account", account="home")
    dialogue("statement", **statement())
    assert "other_account" in dialogue.choices
    dialogue("other_account")
    assert dialogue.effect == FindAccounts()
    assert dialogue("accounts", accounts=[HOME, SHOP]) == "pay_bill.accounts"


def test_what_is_owed_is_said_with_each_invoice() -> None:
    dialogue = verified()
    assert (dialogue.state, dialogue.keys) == ("pay_bill.owes", ["balance-owed"])
    assert dialogue.choices == ["pay_all", "pick", "person", "menu", "sign_out"]
    assert dialogue.message.choices[0].args == {"amount": Money(4250, "GBP")}
    assert [line.key for line in dialogue.message.args["invoices"]] == ["invoice-line-overdue", "invoice-line"]
    assert dialogue.message.card == {
        "kind": "balance",
        "currency": "GBP",
        "amount_minor": 4250,
        "invoices": [
            {"number": "INV-1", "due_on": "2026-11-03", "amount_minor": 2000, "overdue": True},
            {"number": "INV-2", "due_on": "2026-12-03", "amount_minor": 2250, "overdue": False},
        ],
    }


def test_one_invoice_leaves_nothing_to_choose() -> None:
    assert "pick" not in verified(balance_minor=2250, invoices=[SOON]).choices


def test_credit_lowers_what_is_to_be_paid() -> None:
    dialogue = verified(balance_minor=4000)
    assert dialogue.message.args["amount"] == Money(4000, "GBP")


def test_of_many_invoices_the_text_names_the_first_and_the_card_all() -> None:
    dialogue = verified(invoices=[LATE, SOON, SOON, SOON, SOON])
    assert [line.key for line in dialogue.message.args["invoices"]][-1] == "invoice-more"
    assert dialogue.message.card is not None
    assert len(dialogue.message.card["invoices"]) == 5


def test_a_direct_debit_says_when_and_how_much_and_asks_nothing() -> None:
    dialogue = verified(mandate=DEBIT, invoices=[SOON], balance_minor=2250)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.settled", ["debit-planned"])
    assert dialogue.message.args["date"] == date(2026, 12, 1)
    assert dialogue.message.args["amount"] == Money(3820, "GBP")
    assert dialogue.choices == ["person", "menu", "sign_out"]
    assert dialogue.message.card == {
        "kind": "direct_debit",
        "amount_minor": 3820,
        "currency": "GBP",
        "next_on": "2026-12-01",
    }


def test_a_direct_debit_without_a_planned_collection_needs_nothing_either() -> None:
    dialogue = verified(mandate={"next_on": None, "next_minor": None, **GBP}, invoices=[], balance_minor=0)
    assert (dialogue.state, dialogue.keys, dialogue.message.card) == ("pay_bill.settled", ["debit-in-place"], None)


def test_an_overdue_invoice_that_the_direct_debit_covers_is_not_asked_for() -> None:
    dialogue = verified(mandate={**DEBIT, "next_minor": 4250})
    assert dialogue.keys == ["debit-planned"]


def test_what_is_overdue_beside_a_direct_debit_can_be_paid_now() -> None:
    dialogue = verified(mandate=DEBIT)
    assert (dialogue.state, dialogue.keys, dialogue.choices[0]) == (
        "pay_bill.owes",
        ["debit-and-overdue"],
        "pay_overdue",
    )
    assert "pick" not in dialogue.choices
    dialogue("pay_overdue")
    assert dialogue.effect == MakeLink("home", ("late",))


def test_paying_all_beside_a_direct_debit_pays_what_is_overdue() -> None:
    dialogue = verified(mandate=DEBIT)
    dialogue("pay_all")
    assert dialogue.effect == MakeLink("home", ("late",))


def test_nothing_to_pay() -> None:
    dialogue = verified(balance_minor=0, invoices=[])
    assert (dialogue.state, dialogue.keys, dialogue.choices) == (
        "pay_bill.settled",
        ["balance-nothing"],
        ["person", "menu", "sign_out"],
    )


def test_credit_is_said() -> None:
    dialogue = verified(balance_minor=-500, invoices=[])
    assert (dialogue.keys, dialogue.message.args["credit"]) == (["balance-credit"], Money(500, "GBP"))


def test_a_payment_on_its_way_is_not_asked_for_again() -> None:
    dialogue = verified(pending_minor=4250, invoices=[], in_progress=[LATE, SOON])
    assert (dialogue.state, dialogue.keys) == ("pay_bill.settled", ["balance-pending"])
    assert not {"pay_all", "pick"} & set(dialogue.choices)


def test_the_rest_can_be_paid_beside_a_payment_on_its_way() -> None:
    dialogue = verified(pending_minor=2000, invoices=[SOON], in_progress=[LATE])
    assert (dialogue.state, dialogue.keys) == ("pay_bill.owes", ["balance-owed-beside-pending"])
    assert dialogue.message.args["pending"] == Money(2000, "GBP")
    assert dialogue.message.choices[0].args == {"amount": Money(2250, "GBP")}


def test_paying_everything_makes_one_link() -> None:
    dialogue = verified()
    dialogue("pay_all")
    assert (dialogue.state, dialogue.effect) == ("pay_bill.linking", MakeLink("home"))
    dialogue("link_made", **LINK)
    assert (dialogue.state, dialogue.keys, dialogue.choices) == (
        "pay_bill.paying",
        ["link"],
        ["new_link", "see_balance", "person"],
    )
    assert dialogue.message.card == {
        "kind": "payment_link",
        "link": "link-1",
        "url": "{pay_url}",
        "amount_minor": 4250,
        "currency": "GBP",
        "expires_at": "2026-11-24T14:05:00.000Z",
    }


def test_invoices_are_chosen_one_by_one_with_a_running_total() -> None:
    dialogue = verified()
    dialogue("pick")
    dialogue("statement", **statement())
    assert (dialogue.state, dialogue.keys) == ("pay_bill.picking", ["picking-none"])
    assert dialogue.choices == ["invoice:late", "invoice:soon", "back", "person"]
    dialogue("toggle_invoice", invoices=["soon"])
    assert dialogue.effect == ReadStatement("home")
    dialogue("statement", **statement())
    assert (dialogue.keys, dialogue.message.args) == (["picking-some"], {"count": 1, "amount": Money(2250, "GBP")})
    assert [choice.key for choice in dialogue.message.choices][:3] == [
        "choice-pay-amount",
        "choice-invoice",
        "choice-picked",
    ]
    dialogue("pay_picked")
    assert dialogue.effect == MakeLink("home", ("soon",))


def test_an_invoice_tapped_twice_is_not_chosen() -> None:
    dialogue = verified()
    dialogue("pick")
    dialogue("statement", **statement())
    for _ in range(2):
        dialogue("toggle_invoice", invoices=["soon"])
        dialogue("statement", **statement())
    assert dialogue.keys == ["picking-none"]
    assert dialogue("pay_picked") == "pay_bill.picking"


def test_an_invoice_that_was_paid_meanwhile_is_no_longer_chosen() -> None:
    dialogue = verified()
    dialogue("pick")
    dialogue("statement", **statement())
    dialogue("toggle_invoice", invoices=["late", "soon"])
    dialogue("statement", **statement(invoices=[SOON], balance_minor=2250))
    assert dialogue.facts["picked"] == ["soon"]


def test_picking_ends_where_nothing_is_left() -> None:
    dialogue = verified()
    dialogue("pick")
    assert dialogue("statement", **statement(invoices=[], balance_minor=0)) == "pay_bill.settled"


def test_a_link_that_is_not_needed_is_not_made() -> None:
    dialogue = verified()
    dialogue("pay_all")
    dialogue("nothing_to_pay")
    assert dialogue.effect == ReadStatement("home")
    dialogue("statement", **statement(balance_minor=0, invoices=[]))
    assert (dialogue.state, dialogue.keys) == ("pay_bill.settled", ["balance-nothing"])


def test_a_link_asked_for_under_a_direct_debit_is_answered_with_the_collection() -> None:
    dialogue = verified(mandate=DEBIT, invoices=[SOON], balance_minor=2250)
    dialogue("new_link")
    assert dialogue.effect == MakeLink("home", ())
    dialogue("nothing_to_pay")
    dialogue("statement", **statement(mandate=DEBIT, invoices=[SOON], balance_minor=2250))
    assert (dialogue.state, dialogue.keys) == ("pay_bill.settled", ["debit-planned"])


def test_only_overdue_invoices_are_offered_beside_a_direct_debit() -> None:
    dialogue = verified(mandate=DEBIT)
    dialogue("pick")
    dialogue("statement", **statement(mandate=DEBIT))
    assert [choice for choice in dialogue.choices if choice.startswith("invoice:")] == ["invoice:late"]


def test_a_new_link_is_for_the_same_invoices() -> None:
    dialogue = verified()
    dialogue("pick")
    dialogue("statement", **statement())
    dialogue("toggle_invoice", invoices=["late"])
    dialogue("statement", **statement())
    dialogue("pay_picked")
    dialogue("link_made", **LINK)
    dialogue("new_link")
    assert dialogue.effect == MakeLink("home", ("late",))


@pytest.mark.parametrize("event", ["see_balance", "back"])
def test_the_way_back_from_a_link_reads_the_statement_anew(event: str) -> None:
    dialogue = paying()
    dialogue(event)
    assert (dialogue.state, dialogue.effect) == ("pay_bill.reading", ReadStatement("home"))


@pytest.mark.parametrize("dialogue", [verified(), paying()], ids=["statement", "link"])
def test_what_was_told_about_an_account_is_not_kept_in_the_facts(dialogue: Dialogue) -> None:
    kept = repr(dialogue.facts)
    assert not [shown for shown in ("4250", "2000", "2250", "1001", "INV-", "2026-12-03", "Home") if shown in kept]


def test_asking_again_tells_nothing_that_needs_a_code() -> None:
    dialogue = code_right()
    dialogue("accounts", accounts=[HOME, SHOP])
    dialogue("help")
    assert dialogue.choices == ["repeat", "person", "menu", "sign_out"]
    dialogue("repeat")
    assert dialogue.effect == FindAccounts()


def test_the_list_of_invoices_comes_back_with_what_was_chosen() -> None:
    dialogue = verified()
    dialogue("pick")
    dialogue("statement", **statement())
    dialogue("toggle_invoice", invoices=["soon"])
    dialogue("statement", **statement())
    dialogue("thanks")
    assert dialogue.choices == ["pay_picked", "repeat", "back", "person"]
    dialogue("repeat")
    dialogue("statement", **statement())
    assert dialogue.keys == ["picking-some"]
