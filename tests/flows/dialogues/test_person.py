import pytest

from flows.effects import KnowContact, LeaveMessage, ReadStatement
from tests.flows.dialogue import EMAIL, MOBILE, Dialogue, at_code, paying


def leaving_a_message(dialogue: Dialogue | None = None) -> Dialogue:
    dialogue = dialogue or Dialogue()
    dialogue("person")
    dialogue("message_typed", text="My meter is upside down")
    return dialogue


def test_that_nobody_is_there_is_said_at_once() -> None:
    dialogue = Dialogue()
    dialogue("person")
    assert (dialogue.state, dialogue.keys, dialogue.message.expects) == ("person.message", ["person-away"], "text")


def test_a_verified_customer_is_answered_where_they_are_known() -> None:
    dialogue = leaving_a_message()
    assert dialogue.effect == KnowContact()
    dialogue("contact_known")
    assert dialogue.effect == LeaveMessage("My meter is upside down", None)
    dialogue("message_left")
    assert (dialogue.state, dialogue.keys, dialogue.choices) == (
        "menu",
        ["person-message-left"],
        ["pay_bill", "person"],
    )
    assert "message" not in dialogue.facts


def test_somebody_unknown_says_where_to_reply() -> None:
    dialogue = leaving_a_message()
    dialogue("contact_unknown")
    assert (dialogue.state, dialogue.message.expects) == ("person.reach", "identifier")
    dialogue("identifier_typed", **MOBILE)
    assert dialogue.effect == LeaveMessage("My meter is upside down", MOBILE)


def test_of_two_places_to_reply_the_first_is_taken() -> None:
    dialogue = leaving_a_message()
    dialogue("contact_unknown")
    dialogue("identifiers_typed", options=[EMAIL, MOBILE])
    assert dialogue.effect == LeaveMessage("My meter is upside down", EMAIL)


def test_an_identifier_that_was_typed_before_is_offered() -> None:
    dialogue = leaving_a_message(at_code())
    dialogue("contact_unknown")
    assert dialogue.choices[0] == "known_identifier"
    dialogue("known_identifier")
    assert dialogue.effect == LeaveMessage("My meter is upside down", EMAIL)


@pytest.mark.parametrize(
    "event", ["landline_typed", "foreign_typed", "texts_not_sent", "email_misspelt", "number_misspelt"]
)
def test_what_cannot_be_replied_to_gets_help(event: str) -> None:
    dialogue = leaving_a_message()
    dialogue("contact_unknown")
    dialogue(event)
    assert (dialogue.state, dialogue.message.expects) == ("person.reach", "identifier")


def test_back_from_the_message_leads_to_the_code() -> None:
    dialogue = at_code()
    dialogue("person")
    dialogue("back")
    assert (dialogue.state, dialogue.message.expects) == ("pay_bill.code", "code")


def test_back_from_the_message_leads_to_the_account_as_it_is_now() -> None:
    dialogue = paying()
    dialogue("person")
    dialogue("back")
    assert dialogue.effect == ReadStatement("home")


def test_back_from_the_address_leads_to_the_message() -> None:
    dialogue = leaving_a_message()
    dialogue("contact_unknown")
    assert dialogue("back") == "person.message"
    assert dialogue("back") == "menu"


def test_a_bill_can_be_paid_instead() -> None:
    dialogue = leaving_a_message()
    dialogue("contact_unknown")
    assert dialogue("pay_bill") == "pay_bill.finding"
