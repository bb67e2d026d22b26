import pytest

from flows.effects import KnowContact, LeaveMessage, ReadStatement
from tests.flows.talk import EMAIL, MOBILE, Talk, at_code, paying


def leaving_a_message(talk: Talk | None = None) -> Talk:
    talk = talk or Talk()
    talk("person")
    talk("message_typed", text="My meter is upside down")
    return talk


def test_that_nobody_is_there_is_said_at_once() -> None:
    talk = Talk()
    talk("person")
    assert (talk.state, talk.said, talk.last.expects) == ("person.message", ["person-away"], "text")


def test_a_verified_customer_is_answered_where_they_are_known() -> None:
    talk = leaving_a_message()
    assert talk.asked == KnowContact()
    talk("contact_known")
    assert talk.asked == LeaveMessage("My meter is upside down", None)
    talk("message_left")
    assert (talk.state, talk.said, talk.choices) == ("menu", ["person-message-left"], ["pay_bill", "person"])
    assert "message" not in talk.facts


def test_somebody_unknown_says_where_to_reply() -> None:
    talk = leaving_a_message()
    talk("contact_unknown")
    assert (talk.state, talk.last.expects) == ("person.reach", "identifier")
    talk("identifier_typed", **MOBILE)
    assert talk.asked == LeaveMessage("My meter is upside down", MOBILE)


def test_of_two_places_to_reply_the_first_is_taken() -> None:
    talk = leaving_a_message()
    talk("contact_unknown")
    talk("identifiers_typed", options=[EMAIL, MOBILE])
    assert talk.asked == LeaveMessage("My meter is upside down", EMAIL)


def test_an_identifier_that_was_typed_before_is_offered() -> None:
    talk = leaving_a_message(at_code())
    talk("contact_unknown")
    assert talk.choices[0] == "known_identifier"
    talk("known_identifier")
    assert talk.asked == LeaveMessage("My meter is upside down", EMAIL)


@pytest.mark.parametrize(
    "event", ["landline_typed", "foreign_typed", "texts_not_sent", "email_misspelt", "number_misspelt"]
)
def test_what_cannot_be_replied_to_gets_help(event: str) -> None:
    talk = leaving_a_message()
    talk("contact_unknown")
    talk(event)
    assert (talk.state, talk.last.expects) == ("person.reach", "identifier")


def test_back_from_the_message_leads_to_the_code() -> None:
    talk = at_code()
    talk("person")
    talk("back")
    assert (talk.state, talk.last.expects) == ("pay_bill.code", "code")


def test_back_from_the_message_leads_to_the_account_as_it_is_now() -> None:
    talk = paying()
    talk("person")
    talk("back")
    assert talk.asked == ReadStatement("home")


def test_back_from_the_address_leads_to_the_message() -> None:
    talk = leaving_a_message()
    talk("contact_unknown")
    assert talk("back") == "person.message"
    assert talk("back") == "menu"


def test_a_bill_can_be_paid_instead() -> None:
    talk = leaving_a_message()
    talk("contact_unknown")
    assert talk("pay_bill") == "pay_bill.finding"
