"""The turn's working object: one event of one conversation, inside its transaction."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct, field

from chatbot.conversations.privacy import is_verified
from chatbot.service import Service
from flows.effects import PAY_URL, Say
from store.billing.statements import Statement
from store.chats import outbox
from store.chats.conversations import Conversation, Message
from store.database import Tx
from store.times import stamp

PREVIEW_LENGTH = 120


class Turn(Struct):
    """One event of one conversation in its transaction, with the messages written so far.

    `address` is the digest of the sender's network address, None for an event that no customer sent; `origin` names
    the sender's connection. `statements` caches the accounts' statements by account id. `queued` tells that the outbox
    has new rows, `payments_due` that hosted pages are to be cancelled. `renewed_token` is the browser's new
    token after a right code, `old_session` the session before it; `signed_out` tells that a verification was ended.
    """

    tx: Tx
    service: Service
    conversation: Conversation
    now: datetime
    address: str | None = None
    origin: str | None = None
    messages: list[Message] = field(default_factory=list)
    statements: Mapping[str, Statement] = field(default_factory=dict)
    queued: bool = False
    payments_due: bool = False
    renewed_token: str | None = None
    old_session: str | None = None
    signed_out: bool = False

    @property
    def today(self) -> date:
        """The date in the company's time zone."""
        return self.now.astimezone(self.service.zone).date()

    @property
    def is_verified(self) -> bool:
        """Whether the customer's right code still counts.

        The contact was checked against the books when the conversation was loaded.
        """
        return is_verified(self.conversation, self.service.settings.limits, self.now)

    def end_verification(self) -> None:
        """Forget the customer that a right code proved."""
        conversation = self.conversation
        conversation.contact = conversation.verified_at = conversation.active_at = None
        conversation.verified_kind = conversation.verified_value = None

    def write(
        self, author: str, text: str, extra: dict[str, object] | None = None, client_id: str | None = None
    ) -> None:
        """Add the conversation's next message; after a right code it is the customer's alone."""
        conversation = self.conversation
        conversation.last_seq += 1
        if conversation.contact is not None:
            conversation.private_seq = conversation.last_seq
        conversation.preview = text.replace(PAY_URL, "…")[:PREVIEW_LENGTH]
        self.messages.append(
            Message(conversation.last_seq, author, stamp(self.now), text, extra=extra or None, client_id=client_id)
        )

    def say(self, effect: Say) -> None:
        """Write a message of the bot in the customer's language; its choices replace those offered before."""
        rendered = self.service.words.render(effect, self.conversation.locale, self.service.zone)
        extra: dict[str, object] = {}
        if rendered.choices:
            extra["choices"] = rendered.choices
        if rendered.expects:
            extra["expects"] = rendered.expects
        if rendered.card:
            extra["card"] = rendered.card
        self.conversation.offered = list(rendered.choices)
        self.write("bot", rendered.text, extra)

    def queue(
        self,
        kind: str,
        *,
        channel: str,
        recipient: str,
        locale: str,
        args: Mapping[str, object],
        expires_at: datetime | None = None,
    ) -> None:
        """Put a letter of a kind (`code`, `receipt`, …) into the outbox, due at once."""
        self.queued = True
        outbox.queue(
            self.tx,
            channel=channel,
            recipient=recipient,
            kind=kind,
            locale=locale,
            args=args,
            now=self.now,
            expires_at=expires_at,
        )
