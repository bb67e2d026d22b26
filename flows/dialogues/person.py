"""Talk to a person: the bot says at once that nobody is there, takes a message and mails it to the team.

Every line that the customer types belongs to the message until they say that it is complete. It is shown as it will
arrive before it leaves, and leaving the dialogue earlier says that nothing was sent.
"""

from collections.abc import Mapping
from typing import Any

from flows.dialogues.accounts import read_account
from flows.dialogues.prompts import ask, reply, say
from flows.dialogues.team_message import add_line, forget_message, has_room_for, lines, whole_message
from flows.effects import Effect, KnowContact, LeaveMessage, Say
from flows.rules import STAY, Action, Rule, Step
from flows.states import ACCOUNT_STATES, MENU, WAITING, WRITING, PayBill, Person
from flows.wording.words import Wait


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


def has_line(step: Step) -> bool:
    """The message has a line."""
    return bool(lines(step.facts))


def has_room(step: Step) -> bool:
    """The message has room for the line that was typed."""
    return has_room_for(step.facts, step.event.data["text"])


def take_line(step: Step) -> Effect:
    """Add a line to the message. Card numbers and codes are already masked in it."""
    add_line(step.facts, step.event.data["text"])
    return reply(step, "person-message-added") if step.state == Person.message else ask(step)


def take_line_without_card(step: Step) -> tuple[Effect, ...]:
    """Say that a card number was removed, and add the rest of its line to the message."""
    text = step.event.data.get("text", "")
    if not has_room_for(step.facts, text):
        return Say("card-typed"), reply(step, "person-message-full")
    add_line(step.facts, text)
    return Say("card-typed"), ask(step)


def check_contact(step: Step) -> Effect:
    """Ask whether the team can reply to the customer, now that the message is complete."""
    return KnowContact()


def has_reply_to(step: Step) -> bool:
    """The customer said where to reply."""
    return "reply_to" in step.facts


def forget_reply_to(step: Step) -> Effect:
    """Ask again for an address for the reply."""
    step.facts.pop("reply_to", None)
    return ask(step)


def review_known(step: Step) -> Effect:
    """Show a verified customer's message; the reply goes to the address that a code proved."""
    step.facts.pop("reply_to", None)
    return ask(step)


def review_with_typed(step: Step) -> Effect:
    """Store the email or number that was typed, the first when there were several, and show the message."""
    data = step.event.data
    return _review_with(step, data["options"][0] if "options" in data else data)


def review_with_known(step: Step) -> Effect:
    """Store the email or mobile that was typed earlier, and show the message."""
    return _review_with(step, step.facts["identifier"])


def has_identifier(step: Step) -> bool:
    """An email or mobile was typed earlier in this conversation."""
    return "identifier" in step.facts


def leave_message(step: Step) -> Effect:
    """Give the message to the team."""
    return LeaveMessage(whole_message(step.facts), step.facts.get("reply_to"))


def confirm_message(step: Step) -> Effect:
    """Confirm that the message is on its way."""
    forget_message(step.facts)
    return Say("person-message-left", choices=ask(step).choices)


def refuse_message(step: Step) -> Effect:
    """Refuse one more message so soon; it is kept, to be sent later."""
    return reply(step, "person-message-refused", {"wait": Wait(step.event.data["wait_s"])})


def leaving(action: Action) -> Action:
    """Return an action that leaves the message: after a word that it was not sent, if there was one, `action`."""

    def leave(step: Step) -> Effect | tuple[Effect, ...]:
        begun = forget_message(step.facts)
        effects = action(step)
        if not begun:
            return effects
        return (Say("person-not-sent"), *(effects if isinstance(effects, tuple) else (effects,)))

    return leave


def _review_with(step: Step, address: Mapping[str, Any]) -> Effect:
    step.facts["reply_to"] = {"kind": address["kind"], "value": address["value"]}
    return ask(step)


BOTH = (Person.message, Person.review)

# fmt: off
RULES: list[Rule] = [
    # event               source          target              guard                 action
    # The message, in as many lines as the customer types
    ("message_typed",     BOTH,           STAY,               has_room,             take_line),
    ("message_typed",     BOTH,           STAY,               None,                 say("person-message-full")),
    ("card_typed",        BOTH,           STAY,               None,                 take_line_without_card),
    ("message_done",      Person.message, Person.knowing,     has_line,             check_contact),
    ("message_done",      Person.message, STAY,               None,                 say("person-nothing-to-send")),
    ("add_more",          BOTH,           Person.message,     None,                 ask),

    # The address for the reply
    ("contact_known",     Person.knowing, Person.review,      None,                 review_known),
    ("contact_unknown",   Person.knowing, Person.review,      has_reply_to,         ask),
    ("contact_unknown",   Person.knowing, Person.reach,       None,                 ask),
    ("identifier_typed",  Person.reach,   Person.review,      None,                 review_with_typed),
    ("identifiers_typed", Person.reach,   Person.review,      None,                 review_with_typed),
    ("known_identifier",  Person.reach,   Person.review,      has_identifier,       review_with_known),
    ("email_misspelt",    Person.reach,   STAY,               None,                 say("identifier-bad-email")),
    ("number_misspelt",   Person.reach,   STAY,               None,                 say("person-bad-number")),
    ("identifier_missing", Person.reach,  STAY,               None,                 say("person-reach-missing")),

    # Shown as it will arrive, and sent
    ("other_reply",       Person.review,  Person.reach,       None,                 forget_reply_to),
    ("send_message",      Person.review,  Person.leaving,     has_line,             leave_message),
    ("message_left",      Person.leaving, MENU,               None,                 confirm_message),
    ("message_refused",   Person.leaving, Person.review,      None,                 refuse_message),
    ("discard_message",   WRITING,        MENU,               None,                 leaving(ask)),

    ("back",              Person.review,  Person.message,     None,                 ask),
    ("back",              Person.reach,   Person.message,     None,                 ask),
    ("back",              Person.message, PayBill.identifier, came_from_identifier, leaving(ask)),
    ("back",              Person.message, PayBill.code,       came_from_code,       leaving(ask)),
    ("back",              Person.message, PayBill.reading,    came_from_account,    leaving(read_account)),
    ("back",              Person.message, MENU,               None,                 leaving(ask)),
    ("person",            WRITING,        Person.message,     None,                 ask),
]
# fmt: on
