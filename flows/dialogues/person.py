"""Talk to a person: nobody is there, which is said at once; a message is taken and mailed to the team."""

from collections.abc import Mapping
from typing import Any

from flows.dialogues.prompts import ask, reply, saying
from flows.effects import Effect, KnowContact, LeaveMessage, ReadStatement, Say
from flows.rules import STAY, Rule, Step
from flows.states import MENU, WAITING, PayBill, Person

ABOUT_AN_ACCOUNT = {PayBill.owes, PayBill.settled, PayBill.picking, PayBill.paying, PayBill.paid}


def open_person(step: Step) -> Effect | tuple[Effect, ...]:
    """Say that nobody is there and when the team answers; remember the way back."""
    step.facts["came_from"] = WAITING.get(step.was, step.was)
    return reply(step, "person-away")


def came_from_identifier(step: Step) -> bool:
    """The customer was asked for an email or mobile."""
    return step.facts.get("came_from") in {PayBill.identifier, PayBill.which}


def came_from_code(step: Step) -> bool:
    """The customer was asked for a code."""
    return step.facts.get("came_from") == PayBill.code


def came_from_account(step: Step) -> bool:
    """The customer was looking at an account."""
    return step.facts.get("came_from") in ABOUT_AN_ACCOUNT and "account" in step.facts


def read_again(step: Step) -> Effect:
    """Back to the account, as it is now."""
    return ReadStatement(step.facts["account"])


def keep_message(step: Step) -> Effect:
    """Keep the message until it is known where to reply. Card numbers and codes are already masked in it."""
    step.facts["message"] = step.event.data["text"]
    return KnowContact()


def hand_over(step: Step) -> Effect:
    """Give the message of a verified customer to the team."""
    return LeaveMessage(step.facts.get("message", ""), None)


def hand_over_with_address(step: Step) -> Effect:
    """Give the message to the team with the email or mobile that was typed; the first when there were several."""
    data = step.event.data
    return _hand_over_to(step, data["options"][0] if "options" in data else data)


def hand_over_with_known(step: Step) -> Effect:
    """Give the message to the team with the email or mobile that was typed earlier."""
    return _hand_over_to(step, step.facts["identifier"])


def has_identifier(step: Step) -> bool:
    """An email or mobile was typed earlier in this conversation."""
    return "identifier" in step.facts


def thank(step: Step) -> Effect:
    """The message is on its way."""
    step.facts.pop("message", None)
    return Say("person-message-left", choices=ask(step).choices)


def _hand_over_to(step: Step, address: Mapping[str, Any]) -> Effect:
    return LeaveMessage(step.facts.get("message", ""), {"kind": address["kind"], "value": address["value"]})


BOTH = (Person.message, Person.reach)

# fmt: off
RULES: list[Rule] = [
    # event               from            to                  guard                 effect
    ("message_typed",     Person.message, Person.knowing,     None,                 keep_message),
    ("contact_known",     Person.knowing, Person.leaving,     None,                 hand_over),
    ("contact_unknown",   Person.knowing, Person.reach,       None,                 ask),
    ("identifier_typed",  Person.reach,   Person.leaving,     None,                 hand_over_with_address),
    ("identifiers_typed", Person.reach,   Person.leaving,     None,                 hand_over_with_address),
    ("known_identifier",  Person.reach,   Person.leaving,     has_identifier,       hand_over_with_known),
    ("landline_typed",    Person.reach,   STAY,               None,                 saying("identifier-landline")),
    ("foreign_typed",     Person.reach,   STAY,               None,                 saying("identifier-foreign")),
    ("texts_not_sent",    Person.reach,   STAY,               None,                 saying("identifier-no-texts")),
    ("email_misspelt",    Person.reach,   STAY,               None,                 saying("identifier-bad-email")),
    ("number_misspelt",   Person.reach,   STAY,               None,                 saying("identifier-bad-number")),
    ("identifier_missing", Person.reach,  STAY,               None,                 saying("identifier-missing")),
    ("message_left",      Person.leaving, MENU,               None,                 thank),

    ("back",              Person.reach,   Person.message,     None,                 ask),
    ("back",              Person.message, PayBill.identifier, came_from_identifier, ask),
    ("back",              Person.message, PayBill.code,       came_from_code,       ask),
    ("back",              Person.message, PayBill.reading,    came_from_account,    read_again),
    ("back",              Person.message, MENU,               None,                 ask),
    ("person",            BOTH,           Person.message,     None,                 ask),
]
# fmt: on
