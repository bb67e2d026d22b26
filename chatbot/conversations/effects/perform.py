"""The table of effects: which function performs each, and which need a verified customer."""

from collections.abc import Callable, Mapping
from typing import Any

from chatbot.conversations import verification
from chatbot.conversations.effects import billing, paying, team
from chatbot.conversations.turn import Turn
from flows import effects
from flows.effects import Effect
from flows.events import Event

Perform = Callable[[Turn, Any], Event | None]


def verified_only(perform: Perform) -> Perform:
    """Perform an effect for a verified customer only; the dialogue's state alone opens no account."""

    def guarded(turn: Turn, effect: Effect) -> Event | None:
        return perform(turn, effect) if turn.is_verified else verification.not_verified(turn)

    return guarded


EFFECTS: Mapping[type[Effect], Perform] = {
    effects.Say: Turn.say,
    effects.SendCode: verification.send_code,
    effects.CheckCode: verification.check_code,
    effects.EndVerification: verification.end_verification,
    effects.KnowContact: verification.know_contact,
    effects.FindAccounts: verified_only(billing.find_accounts),
    effects.ReadStatement: verified_only(billing.read_statement),
    effects.MakeLink: verified_only(paying.make_link),
    effects.SendReceipt: paying.send_receipt,
    effects.LeaveMessage: team.leave_message,
}
"""By the effect's type: the function that performs it and returns the event that answers it, None for no answer."""
