import pytest

from flows.effects import MakeLink, Money, SendReceipt
from tests.flows.talk import FORTY_TWO_FIFTY, PAID, Talk, at_code, paying, verified


def test_a_payment_is_said_with_its_receipt() -> None:
    talk = paying()
    talk("payment_completed", **PAID)
    assert (talk.state, talk.said) == ("pay_bill.paid", ["payment-completed"])
    assert talk.choices == ["email_receipt", "menu", "person"]
    assert talk.last.card == {
        "kind": "receipt",
        "reference": "R-77",
        "amount_minor": 4250,
        "currency": "GBP",
        "paid_at": "2026-11-23T14:05:00.000Z",
    }


def test_what_is_left_after_a_payment_is_said_and_offered() -> None:
    talk = paying()
    talk("payment_completed", **{**PAID, "balance_minor": 1000})
    assert (talk.said, talk.last.args["left"]) == (["payment-completed-some-left"], Money(1000, "GBP"))
    assert "see_balance" in talk.choices


@pytest.mark.parametrize(("answer", "words"), [("receipt_sent",) * 2, ("receipt_impossible",) * 2])
def test_a_copy_of_the_receipt_goes_by_email(answer: str, words: str) -> None:
    talk = paying()
    talk("payment_completed", **PAID)
    talk("email_receipt")
    assert talk.asked == SendReceipt("payment-1")
    talk(answer)
    assert (talk.state, talk.said) == ("pay_bill.paid", [words.replace("_", "-")])


def test_without_a_payment_there_is_no_receipt() -> None:
    talk = Talk()
    talk("email_receipt")
    assert talk.said == ["receipt-none", "menu"]


@pytest.mark.parametrize("event", ["payment_failed", "payment_abandoned", "link_expired"])
def test_a_payment_that_did_not_happen_leaves_the_way_to_pay_open(event: str) -> None:
    talk = paying()
    talk(event, **FORTY_TWO_FIFTY)
    assert (talk.state, talk.said) == ("pay_bill.paying", [event.replace("_", "-")])
    talk("new_link")
    assert talk.asked == MakeLink("home")


def test_while_a_payment_is_being_confirmed_no_second_link_is_offered() -> None:
    talk = paying()
    talk("payment_pending", **FORTY_TWO_FIFTY)
    assert (talk.state, "new_link" in talk.choices) == ("pay_bill.paying", False)


def test_a_payment_that_came_back_is_owed_again() -> None:
    talk = paying()
    talk("payment_completed", **PAID)
    talk("payment_reversed", **FORTY_TWO_FIFTY)
    assert (talk.said[0], "see_balance" in talk.choices) == ("payment-reversed", True)
    assert "email_receipt" not in talk.choices


@pytest.mark.parametrize(
    "event", ["payment_failed", "payment_abandoned", "payment_pending", "payment_reversed", "link_expired"]
)
def test_elsewhere_news_is_said_and_the_question_asked_again(event: str) -> None:
    talk = at_code()
    talk(event, **FORTY_TWO_FIFTY)
    assert (talk.state, talk.said) == ("pay_bill.code", [event.replace("_", "-"), "code"])
    assert talk.last.expects == "code"


def test_elsewhere_a_completed_payment_is_said_and_the_question_asked_again() -> None:
    talk = at_code()
    talk("payment_completed", **PAID)
    assert (talk.state, talk.said) == ("pay_bill.code", ["payment-completed", "code"])
    assert "email_receipt" in talk.choices


def test_a_payment_makes_the_statement_on_the_screen_out_of_date() -> None:
    talk = verified()
    assert talk("payment_completed", **PAID) == "pay_bill.paid"


def test_an_expired_link_can_be_renewed_from_the_menu() -> None:
    talk = paying()
    talk("menu")
    talk("link_expired", **FORTY_TWO_FIFTY)
    assert "new_link" in talk.choices
    talk("new_link")
    assert talk.asked == MakeLink("home")
