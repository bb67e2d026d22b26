from datetime import date

import pytest

from flows.effects import FindAccounts, MakeLink, Money, ReadStatement
from tests.flows.talk import GBP, HOME, LATE, LINK, SHOP, SOON, Talk, at_code, paying, statement, verified

DEBIT = {"next_on": "2026-12-01", "next_minor": 3820, **GBP}


def code_right() -> Talk:
    talk = at_code()
    talk("code_typed", digits="123456")
    talk("code_right")
    return talk


def test_one_account_is_opened_at_once() -> None:
    talk = code_right()
    talk("accounts", accounts=[HOME])
    assert talk.asked == ReadStatement("home")


def test_of_several_accounts_the_customer_chooses() -> None:
    talk = code_right()
    talk("accounts", accounts=[HOME, SHOP])
    assert (talk.state, talk.choices) == ("pay_bill.accounts", ["account:home", "account:shop", "person", "menu"])
    assert [choice.key for choice in talk.last.choices][:2] == ["choice-account-owing", "choice-account"]
    talk("choose_account", account="shop")
    assert talk.asked == ReadStatement("shop")


def test_somebody_elses_account_cannot_be_chosen() -> None:
    talk = code_right()
    talk("accounts", accounts=[HOME, SHOP])
    assert talk("choose_account", account="stranger") == "pay_bill.accounts"


def test_no_account_is_said_honestly_and_leads_to_a_person() -> None:
    talk = code_right()
    talk("accounts", accounts=[])
    assert (talk.state, talk.said) == ("pay_bill.identifier", ["no-account"])
    assert "person" in talk.choices


def test_another_account_is_one_tap_away() -> None:
    talk = code_right()
    talk("accounts", accounts=[HOME, SHOP])
    talk("choose_account", account="home")
    talk("statement", **statement())
    assert "other_account" in talk.choices
    talk("other_account")
    assert talk.asked == FindAccounts()
    assert talk("accounts", accounts=[HOME, SHOP]) == "pay_bill.accounts"


def test_what_is_owed_is_said_with_each_invoice() -> None:
    talk = verified()
    assert (talk.state, talk.said) == ("pay_bill.owes", ["balance-owed"])
    assert talk.choices == ["pay_all", "pick", "person", "menu"]
    assert talk.last.choices[0].args == {"amount": Money(4250, "GBP")}
    assert [line.key for line in talk.last.args["invoices"]] == ["invoice-line-overdue", "invoice-line"]
    assert talk.last.card == {
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
    talk = verified(balance_minor=4000)
    assert talk.last.args["amount"] == Money(4000, "GBP")


def test_of_many_invoices_the_text_names_the_first_and_the_card_all() -> None:
    talk = verified(invoices=[LATE, SOON, SOON, SOON, SOON])
    assert [line.key for line in talk.last.args["invoices"]][-1] == "invoice-more"
    assert talk.last.card is not None
    assert len(talk.last.card["invoices"]) == 5


def test_a_direct_debit_says_when_and_how_much_and_asks_nothing() -> None:
    talk = verified(mandate=DEBIT, invoices=[SOON], balance_minor=2250)
    assert (talk.state, talk.said) == ("pay_bill.settled", ["debit-planned"])
    assert talk.last.args["date"] == date(2026, 12, 1)
    assert talk.last.args["amount"] == Money(3820, "GBP")
    assert talk.choices == ["person", "menu"]
    assert talk.last.card == {"kind": "direct_debit", "amount_minor": 3820, "currency": "GBP", "next_on": "2026-12-01"}


def test_a_direct_debit_without_a_planned_collection_needs_nothing_either() -> None:
    talk = verified(mandate={"next_on": None, "next_minor": None, **GBP}, invoices=[], balance_minor=0)
    assert (talk.state, talk.said, talk.last.card) == ("pay_bill.settled", ["debit-in-place"], None)


def test_an_overdue_invoice_that_the_direct_debit_covers_is_not_asked_for() -> None:
    talk = verified(mandate={**DEBIT, "next_minor": 4250})
    assert talk.said == ["debit-planned"]


def test_what_is_overdue_beside_a_direct_debit_can_be_paid_now() -> None:
    talk = verified(mandate=DEBIT)
    assert (talk.state, talk.said, talk.choices[0]) == ("pay_bill.owes", ["debit-and-overdue"], "pay_overdue")
    assert "pick" not in talk.choices
    talk("pay_overdue")
    assert talk.asked == MakeLink("home", ("late",))


def test_paying_all_beside_a_direct_debit_pays_what_is_overdue() -> None:
    talk = verified(mandate=DEBIT)
    talk("pay_all")
    assert talk.asked == MakeLink("home", ("late",))


def test_nothing_to_pay() -> None:
    talk = verified(balance_minor=0, invoices=[])
    assert (talk.state, talk.said, talk.choices) == ("pay_bill.settled", ["balance-nothing"], ["person", "menu"])


def test_credit_is_said() -> None:
    talk = verified(balance_minor=-500, invoices=[])
    assert (talk.said, talk.last.args["credit"]) == (["balance-credit"], Money(500, "GBP"))


def test_a_payment_on_its_way_is_not_asked_for_again() -> None:
    talk = verified(pending_minor=4250, invoices=[], in_progress=[LATE, SOON])
    assert (talk.state, talk.said) == ("pay_bill.settled", ["balance-pending"])
    assert not {"pay_all", "pick"} & set(talk.choices)


def test_the_rest_can_be_paid_beside_a_payment_on_its_way() -> None:
    talk = verified(pending_minor=2000, invoices=[SOON], in_progress=[LATE])
    assert (talk.state, talk.said) == ("pay_bill.owes", ["balance-owed-beside-pending"])
    assert talk.last.args["pending"] == Money(2000, "GBP")
    assert talk.last.choices[0].args == {"amount": Money(2250, "GBP")}


def test_paying_everything_makes_one_link() -> None:
    talk = verified()
    talk("pay_all")
    assert (talk.state, talk.asked) == ("pay_bill.linking", MakeLink("home"))
    talk("link_made", **LINK)
    assert (talk.state, talk.said, talk.choices) == ("pay_bill.paying", ["link"], ["new_link", "see_balance", "person"])
    assert talk.last.card == {
        "kind": "payment_link",
        "link": "link-1",
        "url": "{pay_url}",
        "amount_minor": 4250,
        "currency": "GBP",
        "expires_at": "2026-11-24T14:05:00.000Z",
    }


def test_invoices_are_chosen_one_by_one_with_a_running_total() -> None:
    talk = verified()
    talk("pick")
    talk("statement", **statement())
    assert (talk.state, talk.said) == ("pay_bill.picking", ["picking-none"])
    assert talk.choices == ["invoice:late", "invoice:soon", "back", "person"]
    talk("toggle_invoice", invoices=["soon"])
    assert talk.asked == ReadStatement("home")
    talk("statement", **statement())
    assert (talk.said, talk.last.args) == (["picking-some"], {"count": 1, "amount": Money(2250, "GBP")})
    assert [choice.key for choice in talk.last.choices][:3] == ["choice-pay-amount", "choice-invoice", "choice-picked"]
    talk("pay_picked")
    assert talk.asked == MakeLink("home", ("soon",))


def test_an_invoice_tapped_twice_is_not_chosen() -> None:
    talk = verified()
    talk("pick")
    talk("statement", **statement())
    for _ in range(2):
        talk("toggle_invoice", invoices=["soon"])
        talk("statement", **statement())
    assert talk.said == ["picking-none"]
    assert talk("pay_picked") == "pay_bill.picking"


def test_an_invoice_that_was_paid_meanwhile_is_no_longer_chosen() -> None:
    talk = verified()
    talk("pick")
    talk("statement", **statement())
    talk("toggle_invoice", invoices=["late", "soon"])
    talk("statement", **statement(invoices=[SOON], balance_minor=2250))
    assert talk.facts["picked"] == ["soon"]


def test_picking_ends_where_nothing_is_left() -> None:
    talk = verified()
    talk("pick")
    assert talk("statement", **statement(invoices=[], balance_minor=0)) == "pay_bill.settled"


def test_a_link_that_is_not_needed_is_not_made() -> None:
    talk = verified()
    talk("pay_all")
    talk("nothing_to_pay")
    assert (talk.state, talk.said) == ("pay_bill.settled", ["nothing-to-pay"])


def test_a_new_link_is_for_the_same_invoices() -> None:
    talk = verified()
    talk("pick")
    talk("statement", **statement())
    talk("toggle_invoice", invoices=["late"])
    talk("statement", **statement())
    talk("pay_picked")
    talk("link_made", **LINK)
    talk("new_link")
    assert talk.asked == MakeLink("home", ("late",))


@pytest.mark.parametrize("event", ["see_balance", "back"])
def test_the_way_back_from_a_link_reads_the_statement_anew(event: str) -> None:
    talk = paying()
    talk(event)
    assert (talk.state, talk.asked) == ("pay_bill.reading", ReadStatement("home"))


@pytest.mark.parametrize("talk", [verified(), paying()], ids=["statement", "link"])
def test_what_was_told_about_an_account_is_not_kept_in_the_facts(talk: Talk) -> None:
    kept = repr(talk.facts)
    assert not [told for told in ("4250", "2000", "2250", "1001", "INV-", "2026-12-03", "Home") if told in kept]


def test_asking_again_tells_nothing_that_needs_a_code() -> None:
    talk = code_right()
    talk("accounts", accounts=[HOME, SHOP])
    talk("help")
    assert talk.choices == ["repeat", "person", "menu"]
    talk("repeat")
    assert talk.asked == FindAccounts()


def test_the_list_of_invoices_comes_back_with_what_was_chosen() -> None:
    talk = verified()
    talk("pick")
    talk("statement", **statement())
    talk("toggle_invoice", invoices=["soon"])
    talk("statement", **statement())
    talk("thanks")
    assert talk.choices == ["pay_picked", "repeat", "back", "person"]
    talk("repeat")
    talk("statement", **statement())
    assert talk.said == ["picking-some"]
