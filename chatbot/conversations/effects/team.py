"""The effect that gives the team a customer's message."""

from datetime import timedelta

from chatbot.conversations.turn import Turn
from chatbot.conversations.verification import whole_seconds
from flows.effects import LeaveMessage
from flows.events import Event
from store.chats.codes import newest_challenge
from store.chats.sending_limits import TEAM_MESSAGE, SendingLimit, record_sending, wait_until_allowed

_HOUR = timedelta(hours=1)


def leave_message(turn: Turn, effect: LeaveMessage) -> Event:
    """Email a customer's message to the team. Answers: `message_left`, or `message_refused` {wait_s} above a limit.

    Raises LookupError without `team.email`.
    """
    reply_to = effect.reply_to
    if reply_to is None and (challenge := newest_challenge(turn.tx, turn.conversation.id)) is not None:
        reply_to = {"kind": challenge.kind, "value": challenge.value}
    settings = turn.service.settings
    if settings.team.email is None:
        raise LookupError("team.email is not set, so a customer's message has nowhere to go")
    limits = _limits(turn)
    wait = wait_until_allowed(turn.tx, TEAM_MESSAGE, limits, turn.now)
    if wait > timedelta(0):
        turn.service.metrics.slowed_down.labels(limit="team_messages").inc()
        return Event("message_refused", {"wait_s": whole_seconds(wait)})
    record_sending(turn.tx, TEAM_MESSAGE, limits, turn.now)
    turn.queue(
        "message_for_team",
        channel="email",
        recipient=settings.team.email,
        locale=settings.languages.default,
        args={"conversation": turn.conversation.id, "text": effect.text, "reply_to": reply_to},
    )
    return Event("message_left")


def _limits(turn: Turn) -> list[SendingLimit]:
    numbers, conversation = turn.service.settings.limits, turn.conversation
    limits = [
        SendingLimit(f"conversation {conversation.id}", numbers.team_messages_per_conversation_per_hour, _HOUR),
        SendingLimit(f"session {conversation.session}", numbers.team_messages_per_session_per_hour, _HOUR),
    ]
    if turn.address is not None:
        limits.append(SendingLimit(f"address {turn.address}", numbers.team_messages_per_address_per_hour, _HOUR))
    return limits
