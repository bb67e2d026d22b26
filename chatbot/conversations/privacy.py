"""Which of a conversation's messages may be read: after a right code, all is the customer's while the code counts.

Messages are masked when they are read, in every place: `open`, a resend, the list of conversations. The
messages of the current turn are not masked: its sender gets the answer.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from chatbot.config.settings import LimitSettings
from chatbot.service import Service
from store.chats.conversations import Conversation, ConversationAccess, Message
from store.times import CLOCK_TOLERANCE

MAX_AHEAD_S = CLOCK_TOLERANCE.total_seconds()
# Choices whose labels tell nothing, so that a masked message still leads on.
HARMLESS_CHOICES = ("pay_bill", "person", "menu", "sign_out")


Access = Conversation | ConversationAccess
"""A conversation's verification, and the numbers of the messages that depend on it."""


def is_verified(access: Access, limits: LimitSettings, now: datetime) -> bool:
    """Whether a right code still counts: for 15 idle minutes and 12 hours in all, or as configured."""
    if access.contact is None or access.verified_at is None or access.active_at is None:
        return False
    idle, verified = now - access.active_at, now - access.verified_at
    return (
        # Not from a clock that ran ahead: it would count until the right one has caught up, and then once more.
        -MAX_AHEAD_S <= idle.total_seconds() <= limits.verified_idle_minutes * 60
        and -MAX_AHEAD_S <= verified.total_seconds() <= limits.verified_hours * 3600
    )


def may_read(access: Access, seq: int, limits: LimitSettings, now: datetime) -> bool:
    """Whether the message with this number may be read now."""
    if seq > access.private_seq:
        return True
    is_theirs = access.contact == access.private_to and seq > access.private_after
    return is_theirs and is_verified(access, limits, now)


def masked(service: Service, access: Access, messages: Sequence[Message]) -> Sequence[Message]:
    """Return messages with the words, choices and cards of those taken out that may not be read now."""
    if not messages or messages[0].seq > access.private_seq:
        return messages
    now, limits = service.clock.now(), service.settings.limits
    return [
        message if may_read(access, message.seq, limits, now) else _mask(service, access.locale, message)
        for message in messages
    ]


def preview(service: Service, access: Access, last_seq: int, text: str) -> str:
    """Return the newest message's text for the list of conversations."""
    readable = may_read(access, last_seq, service.settings.limits, service.clock.now())
    return text if readable else hidden_text(service, access.locale)


def hidden_text(service: Service, locale: str) -> str:
    """Return the words in place of a masked message."""
    return service.words.text("message-hidden", locale)


def _mask(service: Service, locale: str, message: Message) -> Message:
    offered = (message.extra or {}).get("choices", ())
    choices = [choice for choice in offered if choice["id"] in HARMLESS_CHOICES]
    return replace(message, text=hidden_text(service, locale), extra={"choices": choices} if choices else None)
