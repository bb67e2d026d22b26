"""Events: everything that can happen to a dialogue, as plain data named in the past tense."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from flows import effects
from flows.effects import NO_ARGS


class Event(Struct, frozen=True):
    """An event and its data."""

    name: str
    data: Mapping[str, Any] = NO_ARGS


class Decision(Struct):
    """The outcome of an event: the new state, the new facts (JSON-serialisable) and the effects to perform now."""

    state: str
    facts: dict[str, Any]
    effects: tuple[effects.Effect, ...]


ANSWERS: Mapping[type, tuple[str, ...]] = {
    effects.SendCode: ("code_sent", "code_refused"),
    effects.CheckCode: ("code_right", "code_wrong", "code_superseded", "code_expired", "code_used_up"),
    effects.FindAccounts: ("accounts", "not_verified"),
    effects.ReadStatement: ("statement", "not_verified"),
    effects.MakeLink: ("link_made", "nothing_to_pay", "pay_otherwise", "not_verified"),
    effects.SendReceipt: ("receipt_sent", "receipt_impossible"),
    effects.LeaveMessage: ("message_left", "message_refused"),
    effects.KnowContact: ("contact_known", "contact_unknown"),
}
"""The events with which the chatbot answers each effect. `Say` and `EndVerification` have no answer."""

EXTERNAL_EVENTS = (
    "payment_completed",
    "payment_failed",
    "payment_pending",
    "payment_abandoned",
    "payment_reversed",
    "link_expired",
)
"""Reports of a gateway or of the clock, handled in every state."""

GLOBAL_EVENTS = (
    "help",
    "start_over",
    "sign_out",
    "menu",
    "back",
    "repeat",
    "person",
    "stale_choice",
    "card_typed",
    "not_understood",
)
"""Events of the customer, typed or tapped, that every state handles."""

SMALL_TALK = (
    "greeting",
    "thanks",
    "goodbye",
    "are_you_a_bot",
    "payment_methods",
    "change_language",
    "out_of_scope",
)
"""Remarks beside the matter. Each gets an honest line and the state's prompt again."""
