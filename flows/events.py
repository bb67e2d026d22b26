"""What can happen to a dialogue: past tense, as plain data. Every event name that the tables know has a row here."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from flows import effects
from flows.effects import nothing


class Event(Struct, frozen=True):
    """Something that happened, with what is known about it."""

    name: str
    data: Mapping[str, Any] = field(default_factory=nothing)


class Decision(Struct):
    """Where the dialogue stands after an event, what it has learnt (JSON-serialisable), and what is to be done now."""

    state: str
    facts: dict[str, Any]
    effects: tuple[effects.Effect, ...]


ANSWERS: Mapping[type, tuple[str, ...]] = {
    effects.SendCode: ("code_sent", "code_refused"),
    effects.CheckCode: ("code_right", "code_wrong", "code_expired", "code_used_up"),
    effects.FindAccounts: ("accounts", "not_verified"),
    effects.ReadStatement: ("statement", "not_verified"),
    effects.MakeLink: ("link_made", "nothing_to_pay", "not_verified"),
    effects.SendReceipt: ("receipt_sent", "receipt_impossible"),
    effects.LeaveMessage: ("message_left",),
    effects.KnowContact: ("contact_known", "contact_unknown"),
}
"""The events with which the chatbot answers each effect. `Say` has no answer."""

OUTSIDE = (
    "payment_completed",
    "payment_failed",
    "payment_pending",
    "payment_abandoned",
    "payment_reversed",
    "link_expired",
)
"""What a gateway or the clock reports, in whatever state the dialogue is."""

EVERYWHERE = (
    "help",
    "start_over",
    "menu",
    "back",
    "repeat",
    "person",
    "stale_choice",
    "card_typed",
    "not_understood",
)
"""What every state understands, typed or as a button."""

SMALL_TALK = (
    "greeting",
    "thanks",
    "goodbye",
    "are_you_a_bot",
    "payment_methods",
    "change_language",
    "out_of_scope",
)
"""What people also say. It gets an honest line and the state's question again."""
