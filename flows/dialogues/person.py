"""Talk to a person: the bot says at once that nobody is there, takes a message and mails it to the team."""

from collections.abc import Mapping
from typing import Any

from flows.dialogues.accounts import read_account
from flows.dialogues.prompts import ask, reply, say
from flows.effects import Effect, KnowContact, LeaveMessage, Say
from flows.rules import STAY, Rule, Step
from flows.states import ACCOUNT_STATES, MENU, WAITING, PayBill, Person


def open_person(step: Step) -> Effect | tuple[Effect, ...]:
    """Say that nobody is there and when the team answers; store the state to go back to."""
    step.facts["came_from"] = WAITING.get(step.source, step.source)
    return reply(step, "person-away")


def came_from_identifier(step: Step) -> bool:
    """The customer was asked for an email or mobile."""
    return step.facts.get("came_from") in {PayBill.identifier, PayBill.which}


def came_from_code(step: Step) -> bool:
    """The customer was asked for a code."""
    return step.facts.get("came_from") == PayBill.code


def came_from_account(step: Step) -> bool:
    """The customer was looking at an account."""
    return step.facts.get("came_from") in ACCOUNT_STATES and "account" in step.facts


def store_message(step: Step) -> Effect:
    """Store the message until there is an address for the reply. Card numbers and codes are already masked in it."""
    step.facts["message"] = step.event.data["text"]
    return KnowContact()


def leave_message(step: Step) -> Effect:
    """Give the message of a verified customer to the team."""
    return LeaveMessage(step.facts.get("message", ""), None)


def leave_message_with_typed(step: Step) -> Effect:
    """Give the message to the team with the email or mobile that was typed; the first when there were several."""
    data = step.event.data
    return _leave_message(step, data["options"][0] if "options" in data else data)


def leave_message_with_known(step: Step) -> Effect:
    """Give the message to the team with the email or mobile that was typed earlier."""
    return _leave_message(step, step.facts["identifier"])


def has_identifier(step: Step) -> bool:
    """An email or mobile was typed earlier in this conversation."""
    return "identifier" in step.facts


def confirm_message(step: Step) -> Effect:
    """Confirm that the message is on its way."""
    step.facts.pop("message", None)
    return Say("person-message-left", choices=ask(step).choices)


def _leave_message(step: Step, address: Mapping[str, Any]) -> Effect:
    return LeaveMessage(step.facts.get("message", ""), {"kind": address["kind"], "value": address["value"]})


BOTH = (Person.message, Person.reach)

# fmt: off
RULES: list[Rule] = [
    # event               source          target              guard                 action
    ("message_typed",     Person.message, Person.knowing,     None,                 store_message),
    ("contact_known",     Person.knowing, Person.leaving,     None,                 leave_message),
    ("contact_unknown",   Person.knowing, Person.reach,       None,                 ask),
    ("identifier_typed",  Person.reach,   Person.leaving,     None,                 leave_message_with_typed),
    ("identifiers_typed", Person.reach,   Person.leaving,     None,                 leave_message_with_typed),
    ("known_identifier",  Person.reach,   Person.leaving,     has_identifier,       leave_message_with_known),
    ("landline_typed",    Person.reach,   STAY,               None,                 say("identifier-landline")),
    ("foreign_typed",     Person.reach,   STAY,               None,                 say("identifier-foreign")),
    ("texts_not_sent",    Person.reach,   STAY,               None,                 say("identifier-no-texts")),
    ("email_misspelt",    Person.reach,   STAY,               None,                 say("identifier-bad-email")),
    ("number_misspelt",   Person.reach,   STAY,               None,                 say("identifier-bad-number")),
    ("identifier_missing", Person.reach,  STAY,               None,                 say("identifier-missing")),
    ("message_left",      Person.leaving, MENU,               None,                 confirm_message),

    ("back",              Person.reach,   Person.message,     None,                 ask),
    ("back",              Person.message, PayBill.identifier, came_from_identifier, ask),
    ("back",              Person.message, PayBill.code,       came_from_code,       ask),
    ("back",              Person.message, PayBill.reading,    came_from_account,    read_account),
    ("back",              Person.message, MENU,               None,                 ask),
    ("person",            BOTH,           Person.message,     None,                 ask),
]
# fmt: on
