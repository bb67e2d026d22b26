import pytest

from flows.dialogues.team_message import MAX_CHARACTERS, MAX_LINES, lines, mask_line
from flows.effects import FindAccounts, KnowContact, LeaveMessage, ReadStatement
from flows.engine import TABLE, advance
from flows.events import Event
from flows.states import WRITING, Person
from tests.flows.dialogue import COMPLETED_PAYMENT, EMAIL, MOBILE, Dialogue, at_code, paying

LANDLINE = {"kind": "phone", "value": "+442079460018"}


def writing_a_message(dialogue: Dialogue | None = None) -> Dialogue:
    dialogue = dialogue or Dialogue()
    dialogue("person")
    dialogue("message_typed", text="Hello")
    dialogue("message_typed", text="My meter is upside down")
    return dialogue


def finishing_a_message(dialogue: Dialogue | None = None) -> Dialogue:
    dialogue = writing_a_message(dialogue)
    dialogue("message_done")
    return dialogue


def reviewing_a_message() -> Dialogue:
    dialogue = finishing_a_message()
    dialogue("contact_unknown")
    dialogue("identifier_typed", **EMAIL)
    return dialogue


def test_that_nobody_is_there_is_said_at_once() -> None:
    dialogue = Dialogue()
    dialogue("person")
    assert (dialogue.state, dialogue.keys, dialogue.message.expects) == ("person.message", ["person-away"], "text")


def test_every_line_is_kept_until_the_customer_is_done() -> None:
    dialogue = Dialogue()
    dialogue("person")
    for text in ("Hello", "my router has been dead since Monday", "please call me"):
        assert dialogue("message_typed", text=text) == "person.message"
        assert dialogue.keys == ["person-message-added"]
        assert dialogue.choices == ["message_done", "discard_message"]
    dialogue("message_done")
    dialogue("contact_known")
    dialogue("send_message")
    assert dialogue.effect == LeaveMessage("Hello\nmy router has been dead since Monday\nplease call me", None)


def test_a_message_is_shown_as_it_will_arrive_before_it_is_sent() -> None:
    dialogue = reviewing_a_message()
    assert (dialogue.state, dialogue.keys) == ("person.review", ["person-review"])
    assert dialogue.message.args == {"message": "Hello\nMy meter is upside down", "value": EMAIL["value"]}
    assert dialogue.choices == ["send_message", "add_more", "other_reply", "discard_message"]
    dialogue("send_message")
    assert dialogue.effect == LeaveMessage("Hello\nMy meter is upside down", EMAIL)


def test_a_verified_customer_is_answered_where_they_are_known() -> None:
    dialogue = finishing_a_message()
    assert dialogue.effect == KnowContact()
    dialogue("contact_known")
    assert (dialogue.state, dialogue.keys) == ("person.review", ["person-review-known"])
    dialogue("send_message")
    assert dialogue.effect == LeaveMessage("Hello\nMy meter is upside down", None)
    dialogue("message_left")
    assert (dialogue.state, dialogue.keys, dialogue.choices) == (
        "menu",
        ["person-message-left"],
        ["pay_bill", "person"],
    )
    assert "lines" not in dialogue.facts


@pytest.mark.parametrize("address", [EMAIL, MOBILE, LANDLINE], ids=lambda address: address["kind"])
def test_somebody_unknown_says_where_to_reply(address: dict[str, str]) -> None:
    dialogue = finishing_a_message()
    dialogue("contact_unknown")
    assert (dialogue.state, dialogue.message.expects) == ("person.reach", "identifier")
    dialogue("identifier_typed", **address)
    dialogue("send_message")
    assert dialogue.effect == LeaveMessage("Hello\nMy meter is upside down", address)


def test_of_two_places_to_reply_the_first_is_taken() -> None:
    dialogue = finishing_a_message()
    dialogue("contact_unknown")
    dialogue("identifiers_typed", options=[EMAIL, MOBILE])
    assert dialogue.message.args["value"] == EMAIL["value"]


def test_an_identifier_that_was_typed_before_is_offered() -> None:
    dialogue = finishing_a_message(at_code())
    dialogue("contact_unknown")
    assert dialogue.choices[0] == "known_identifier"
    dialogue("known_identifier")
    assert dialogue.message.args["value"] == EMAIL["value"]


@pytest.mark.parametrize("event", ["email_misspelt", "number_misspelt", "identifier_missing"])
def test_what_cannot_be_replied_to_gets_help(event: str) -> None:
    dialogue = finishing_a_message()
    dialogue("contact_unknown")
    dialogue(event)
    assert (dialogue.state, dialogue.message.expects) == ("person.reach", "identifier")


def test_the_address_for_the_reply_can_be_changed_and_the_message_stays() -> None:
    dialogue = reviewing_a_message()
    assert dialogue("other_reply") == "person.reach"
    dialogue("identifier_typed", **MOBILE)
    assert dialogue.message.args == {"message": "Hello\nMy meter is upside down", "value": MOBILE["value"]}


def test_more_is_added_after_the_message_was_shown_without_asking_twice_for_the_address() -> None:
    dialogue = reviewing_a_message()
    dialogue("message_typed", text="And it hums")
    assert (dialogue.state, dialogue.message.args["message"]) == (
        "person.review",
        "Hello\nMy meter is upside down\nAnd it hums",
    )
    assert dialogue("add_more") == "person.message"
    dialogue("message_typed", text="Thanks")
    dialogue("message_done")
    dialogue("contact_unknown")
    assert (dialogue.state, dialogue.message.args["value"]) == ("person.review", EMAIL["value"])
    assert len(lines(dialogue.facts)) == 4


def test_nothing_to_send_is_said_before_the_first_line() -> None:
    dialogue = Dialogue()
    dialogue("person")
    dialogue("message_done")
    assert (dialogue.state, dialogue.keys) == ("person.message", ["person-nothing-to-send"])


@pytest.mark.parametrize("texts", [["x" * 190] * MAX_LINES, ["x" * 1990] * 2], ids=["lines", "characters"])
@pytest.mark.parametrize("event", ["message_typed", "card_typed"])
def test_a_full_message_says_that_the_last_line_is_left_out(texts: list[str], event: str) -> None:
    dialogue = Dialogue()
    dialogue("person")
    for text in texts:
        dialogue("message_typed", text=text)
    dialogue(event, text="one more thing, which is long" * 2)
    assert dialogue.keys[-1] == "person-message-full"
    assert lines(dialogue.facts) == texts
    assert sum(map(len, texts)) <= MAX_CHARACTERS


def test_a_line_with_a_card_number_is_kept_without_the_number() -> None:
    dialogue = writing_a_message()
    dialogue("card_typed", text="I paid with •••• 4242 twice")
    assert (dialogue.state, dialogue.keys) == ("person.message", ["card-typed", "person-message-more"])
    assert lines(dialogue.facts)[-1] == "I paid with •••• 4242 twice"


def test_a_line_that_was_a_piece_of_a_card_number_is_masked() -> None:
    dialogue = writing_a_message()
    dialogue("message_typed", text="4242 4242")
    mask_line(dialogue.facts, "4242 4242", "•••")
    assert lines(dialogue.facts) == ["Hello", "My meter is upside down", "•••"]


def test_a_message_begun_in_an_older_version_is_still_sent() -> None:
    decision = advance(Person.reach, {"message": "Old words"}, Event("identifier_typed", MOBILE))
    decision = advance(decision.state, decision.facts, Event("send_message"))
    assert decision.effects == (LeaveMessage("Old words", MOBILE),)


@pytest.mark.parametrize("event", ["menu", "start_over", "back", "pay_bill", "see_balance", "discard_message"])
def test_leaving_a_message_half_way_says_that_nothing_was_sent(event: str) -> None:
    dialogue = writing_a_message()
    dialogue(event)
    assert dialogue.keys[0] == "person-not-sent"
    assert not lines(dialogue.facts)


def test_leaving_before_the_first_line_says_nothing_of_a_message() -> None:
    dialogue = Dialogue()
    dialogue("person")
    dialogue("menu")
    assert dialogue.keys == ["menu"]


def test_every_rule_that_leaves_a_message_half_way_says_that_it_was_not_sent() -> None:
    facts = {
        "lines": ["Hello"], "reply_to": EMAIL, "account": "home", "identifier": EMAIL, "came_from": "pay_bill.owes",
        "accounts": ["home"],
    }  # fmt: skip
    left = set()
    for event, sources, _, _, _ in TABLE:
        for source in {sources} if isinstance(sources, str) else set(sources):
            if source not in WRITING:
                continue
            decision = advance(source, facts, Event(event, {**EMAIL, "text": "x", **COMPLETED_PAYMENT}))
            if decision.state.startswith("person."):
                continue
            left.add(event)
            assert "person-not-sent" in [getattr(effect, "key", "") for effect in decision.effects], (event, source)
    assert left >= {"menu", "start_over", "back", "pay_bill", "see_balance", "new_link", "discard_message"}


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


def test_back_within_the_message_keeps_it() -> None:
    dialogue = reviewing_a_message()
    assert dialogue("back") == "person.message"
    assert dialogue.keys == ["person-message-more"]
    dialogue = finishing_a_message()
    dialogue("contact_unknown")
    assert dialogue("back") == "person.message"
    assert len(lines(dialogue.facts)) == 2


def test_a_bill_can_be_paid_instead() -> None:
    dialogue = finishing_a_message()
    dialogue("contact_unknown")
    assert dialogue("pay_bill") == "pay_bill.finding"
    assert dialogue.effect == FindAccounts()


def test_one_message_too_many_is_refused_and_kept_to_be_sent_later() -> None:
    dialogue = finishing_a_message()
    dialogue("contact_known")
    dialogue("send_message")
    dialogue("message_refused", wait_s=1200)
    assert (dialogue.state, dialogue.keys) == ("person.review", ["person-message-refused"])
    assert "send_message" in dialogue.choices
    dialogue("send_message")
    assert dialogue.effect == LeaveMessage("Hello\nMy meter is upside down", None)
