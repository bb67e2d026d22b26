import pytest

from flows.effects import MakeLink, Money, Say, SendReceipt
from tests.flows.dialogue import COMPLETED_PAYMENT, PAYMENT, Dialogue, at_code, paying, statement, verified


def test_a_payment_is_said_with_its_receipt() -> None:
    dialogue = paying()
    dialogue("payment_completed", **COMPLETED_PAYMENT)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.paid", ["payment-completed"])
    assert dialogue.choices == ["email_receipt", "menu", "person", "sign_out"]
    assert dialogue.message.card == {
        "kind": "receipt",
        "reference": "R-77",
        "amount_minor": 4250,
        "currency": "GBP",
        "paid_at": "2026-11-23T14:05:00.000Z",
    }


def test_what_is_left_after_a_payment_is_said_and_offered() -> None:
    dialogue = paying()
    dialogue("payment_completed", **{**COMPLETED_PAYMENT, "left_minor": 1000})
    assert (dialogue.keys, dialogue.message.args["left"]) == (["payment-completed-some-left"], Money(1000, "GBP"))
    assert "see_balance" in dialogue.choices


@pytest.mark.parametrize(("answer", "words"), [("receipt_sent",) * 2, ("receipt_impossible",) * 2])
def test_a_copy_of_the_receipt_goes_by_email(answer: str, words: str) -> None:
    dialogue = paying()
    dialogue("payment_completed", **COMPLETED_PAYMENT)
    dialogue("email_receipt")
    assert dialogue.effect == SendReceipt("payment-1")
    dialogue(answer)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.paid", [words.replace("_", "-")])


def test_without_a_payment_there_is_no_receipt() -> None:
    dialogue = Dialogue()
    dialogue("email_receipt")
    assert dialogue.keys == ["receipt-none", "menu"]


@pytest.mark.parametrize("event", ["payment_failed", "payment_abandoned", "link_expired"])
def test_a_payment_that_did_not_happen_leaves_the_way_to_pay_open(event: str) -> None:
    dialogue = paying()
    dialogue(event, **PAYMENT)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.paying", [event.replace("_", "-")])
    dialogue("new_link")
    assert dialogue.effect == MakeLink("home")


def test_while_a_payment_is_being_confirmed_no_second_link_is_offered() -> None:
    dialogue = paying()
    dialogue("payment_pending", **PAYMENT)
    assert (dialogue.state, "new_link" in dialogue.choices) == ("pay_bill.paying", False)


def test_a_payment_that_came_back_is_owed_again() -> None:
    dialogue = paying()
    dialogue("payment_completed", **COMPLETED_PAYMENT)
    dialogue("payment_reversed", **PAYMENT)
    assert (dialogue.keys[0], "see_balance" in dialogue.choices) == ("payment-reversed", True)
    assert "email_receipt" not in dialogue.choices


@pytest.mark.parametrize(
    "event", ["payment_failed", "payment_abandoned", "payment_pending", "payment_reversed", "link_expired"]
)
def test_elsewhere_news_is_said_and_the_question_asked_again(event: str) -> None:
    dialogue = at_code()
    dialogue(event, **PAYMENT)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.code", [event.replace("_", "-"), "code"])
    assert dialogue.message.expects == "code"


def test_elsewhere_a_completed_payment_is_said_and_the_question_asked_again() -> None:
    dialogue = at_code()
    dialogue("payment_completed", **COMPLETED_PAYMENT)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.code", ["payment-completed", "code"])
    assert "email_receipt" in dialogue.choices


def test_a_payment_makes_the_statement_on_the_screen_out_of_date() -> None:
    dialogue = verified()
    assert dialogue("payment_completed", **COMPLETED_PAYMENT) == "pay_bill.paid"


def test_an_expired_link_can_be_renewed_from_the_menu() -> None:
    dialogue = paying()
    dialogue("menu")
    dialogue("link_expired", **PAYMENT)
    assert "new_link" in dialogue.choices
    dialogue("new_link")
    assert dialogue.effect == MakeLink("home")


UPDATE = {"amount_minor": 4250, "currency": "GBP", "link": "link-1"}
PAYING_CHOICES = {"pay_all", "pay_overdue", "pay_picked", "new_link"}


@pytest.mark.parametrize("state", ["paying", "owes", "picking"])
def test_while_a_payment_is_being_confirmed_no_prompt_offers_another(state: str) -> None:
    dialogue = paying() if state == "paying" else verified()
    if state == "picking":
        dialogue("pick")
        dialogue("statement", **statement())
        dialogue("toggle_invoice", invoices=["late"])
        dialogue("statement", **statement())
    for event in ("payment_pending", "thanks", "help", "not_understood"):
        dialogue(event, **UPDATE) if event == "payment_pending" else dialogue(event)
        assert not PAYING_CHOICES & set(dialogue.choices), event
    dialogue("payment_failed", **UPDATE)
    dialogue("not_understood")
    assert PAYING_CHOICES & set(dialogue.choices)


def test_reports_and_receipts_carry_the_link_that_they_are_about() -> None:
    for event, status in [
        ("payment_pending", "pending"),
        ("payment_failed", "failed"),
        ("payment_abandoned", "abandoned"),
        ("payment_reversed", "reversed"),
    ]:
        for dialogue in (paying(), Dialogue()):
            dialogue(event, **UPDATE)
            [card] = [effect.card for effect in dialogue.effects if isinstance(effect, Say) and effect.card]
            assert card == {"kind": "payment_update", "status": status, **UPDATE}
    dialogue = paying()
    dialogue("payment_completed", **COMPLETED_PAYMENT, link="link-1")
    assert dialogue.message.card is not None
    assert dialogue.message.card["link"] == "link-1"


def test_money_that_nothing_was_owed_for_is_told_after_the_receipt() -> None:
    dialogue = paying()
    dialogue("payment_completed", **COMPLETED_PAYMENT, overpaid=True, credit_minor=1750, reinstated=False)
    assert dialogue.keys == ["payment-completed", "payment-credit"]
    assert dialogue.choices == ["email_receipt", "menu", "person", "sign_out"]
    dialogue("payment_completed", **COMPLETED_PAYMENT, overpaid=True, credit_minor=0, reinstated=True)
    assert dialogue.keys[:3] == ["payment-completed", "payment-reinstated", "payment-credit-unverified"]
