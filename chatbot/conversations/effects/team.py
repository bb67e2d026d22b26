"""The effect that gives the team a customer's message."""

from chatbot.conversations.turn import Turn
from flows.effects import LeaveMessage
from flows.events import Event
from store.chats.codes import newest_challenge


def leave_message(turn: Turn, effect: LeaveMessage) -> Event:
    """Email a customer's message to the team. Answer: `message_left`. Raises LookupError without `team.email`."""
    reply_to = effect.reply_to
    if reply_to is None and (challenge := newest_challenge(turn.tx, turn.conversation.id)) is not None:
        reply_to = {"kind": challenge.kind, "value": challenge.value}
    settings = turn.service.settings
    if settings.team.email is None:
        raise LookupError("team.email is not set, so a customer's message has nowhere to go")
    turn.queue(
        "message_for_team",
        channel="email",
        recipient=settings.team.email,
        locale=settings.languages.default,
        args={"conversation": turn.conversation.id, "text": effect.text, "reply_to": reply_to},
    )
    return Event("message_left")
