"""The wire contract's shapes: payloads of clients' events, the welcome, and stored messages as clients get them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from chatbot.conversations.pay_url import pay_url
from chatbot.conversations.privacy import preview
from chatbot.service import Service
from flows.effects import PAY_URL
from store.chats.conversations import ConversationAccess, Message
from store.database import Row
from store.records import record
from store.times import stamp

MAX_TEXT = 2000
ClientId = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"\A[A-Za-z0-9_-]+\Z")]
ConversationId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[!-~]+\Z")]
Seq = Annotated[int, Meta(ge=0, le=2**53)]

# Actions of the home view that this version offers. Each has a text `action-NAME`.
ACTIONS = ("pay_bill", "person")


class TextTooLongError(ValueError):
    """A text has more characters than a message may have."""


class Payload(Struct, frozen=True, omit_defaults=True):
    """The payload of a client's event. Unknown keys are ignored, so that later clients may add some."""


class StartPayload(Payload, frozen=True):
    """Begin a conversation; `id` is the client's id for this request."""

    id: ClientId
    action: Annotated[str, Meta(max_length=40, pattern=r"\A[!-~]*\Z")] | None = None


class OpenPayload(Payload, frozen=True):
    """Request a conversation's messages with seq > `after`."""

    conversation: ConversationId
    after: Seq = 0


class SayPayload(Payload, frozen=True):
    """Say a text or one of the choices offered."""

    conversation: ConversationId
    id: ClientId
    text: str | None = None
    choice: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\A[!-~]+\Z")] | None = None

    def __post_init__(self) -> None:
        """Check the text. Raises ValueError, also for half a surrogate pair, which no database stores."""
        text = self.text
        if (text is None) == (self.choice is None):
            raise ValueError("say needs a text or a choice, and not both")
        if text is None:
            return
        if len(text) > MAX_TEXT:
            raise TextTooLongError
        if not text.strip():
            raise ValueError("the text is empty")
        if not text.isascii():
            text.encode()


class SeenPayload(Payload, frozen=True):
    """Report the last message that the customer has read."""

    conversation: ConversationId
    seq: Seq


def too_long(error: Exception) -> bool:
    """Tell whether a payload was refused for nothing but the length of its text."""
    return isinstance(error.__cause__, TextTooLongError)


def welcome(service: Service, session: str, locale: str, conversations: Sequence[Row]) -> dict[str, Any]:
    """Return the first event of every connection. `conversations` are the session's, the newest first.

    `now` lets a device with a wrong clock judge correctly whether a link has expired.
    """
    words, brand = service.words, service.settings.brand
    return {
        "session": session,
        "locale": locale,
        "brand": {"name": brand.name, "colour": brand.colour},
        "actions": [
            {"id": action, "label": words.text(f"action-{action.replace('_', '-')}", locale)} for action in ACTIONS
        ],
        "conversations": [
            {
                "id": row["id"],
                "title": words.text(f"title-{row['state'].partition('.')[0].replace('_', '-')}", locale),
                "preview": preview(service, record(row, ConversationAccess), row["last_seq"], row["preview"]),
                "at": row["updated_at"],
                "unread": row["unread"],
                "with": row["held_by"],
            }
            for row in conversations
        ],
        "agents_online": False,
        "now": stamp(service.clock.now()),
    }


def messages_to_wire(service: Service, conversation: str, messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return stored messages as clients get them."""
    return [message_to_wire(service, conversation, message) for message in messages]


def message_to_wire(service: Service, conversation: str, message: Message) -> dict[str, Any]:
    """Return a stored message as clients get it, with the payment page's address in text and card."""
    wire: dict[str, Any] = {
        "seq": message.seq,
        "id": message.client_id
        if message.author == "customer" and message.client_id
        else f"{conversation}-{message.seq}",
        "from": message.author,
        "at": message.at,
        "text": message.text,
    }
    if message.name is not None:
        wire["name"] = message.name
    if message.extra is not None:
        wire.update(message.extra)
        card = message.extra.get("card")
        if card is not None and card.get("link") is not None:
            wire["card"] = card | {"link": service.keys.link_reference(card["link"])}
            if card["kind"] == "payment_link":
                url = pay_url(service, card["link"])
                wire["card"]["url"] = url
                wire["text"] = message.text.replace(PAY_URL, url)
    return wire
