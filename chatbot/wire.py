"""The wire contract's shapes: what clients may send, and how a message leaves."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chatbot.service import Service
from flows.effects import PAY_URL
from store.conversations import Message

MOST_TEXT = 2000
ClientId = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
ConversationId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Payload(BaseModel):
    """What a client sends with an event; keys that a later client may add are passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Start(Payload):
    """Begin a conversation; `id` is the client's id for this request."""

    id: ClientId
    action: Annotated[str, StringConstraints(max_length=40)] | None = None


class Open(Payload):
    """Ask for a conversation's messages above a number."""

    conversation: ConversationId
    after: Annotated[int, Field(ge=0, le=2**53)] = 0


class Say(Payload):
    """Say something: either words or one of the choices offered."""

    conversation: ConversationId
    id: ClientId
    text: Annotated[str, StringConstraints(max_length=MOST_TEXT)] | None = None
    choice: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Say":
        if (self.text is None) == (self.choice is None):
            raise ValueError("say needs a text or a choice, and not both")
        if self.text is not None and not self.text.strip():
            raise ValueError("the text is empty")
        return self


class Seen(Payload):
    """Say how far the customer has read."""

    conversation: ConversationId
    seq: Annotated[int, Field(ge=0, le=2**53)]


def utc(at: datetime) -> str:
    """Write a time as ISO 8601 UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def leave(service: Service, conversation: str, message: Message) -> dict[str, Any]:
    """Return a stored message as it goes to a client.

    A payment link's address holds a token and is therefore never stored: it is put together here.
    """
    wire: dict[str, Any] = {
        "seq": message.seq,
        "id": message.client_id
        if message.author == "customer" and message.client_id
        else f"{conversation[:12]}-{message.seq}",
        "from": message.author,
        "at": message.at,
        "text": message.text,
    }
    if message.name is not None:
        wire["name"] = message.name
    if message.extra is not None:
        wire.update(message.extra)
        card = message.extra.get("card")
        if card is not None and card["kind"] == "payment_link":
            url = pay_url(service, card["link"])
            wire["card"] = {key: value for key, value in card.items() if key != "link"} | {"url": url}
            wire["text"] = message.text.replace(PAY_URL, url)
    return wire


def pay_url(service: Service, link: str) -> str:
    """Return the address of a payment link's page."""
    return f"{service.settings.server.public_url}/pay/{service.keys.link_token(link)}"
