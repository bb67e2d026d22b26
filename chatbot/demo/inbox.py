"""The demo's inbox: takes every email and text that would have left, and shows them."""

from datetime import datetime
from typing import Any

from chatbot.delivery import letter as letters
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Sent
from chatbot.service import Service
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.database import Tx
from store.times import stamp

SHOWN = 200


class Inbox:
    """Sends nothing. What would have left is written anew from the outbox each time somebody looks.

    So a restarted demo still shows it all, and the demo's files hold no code either.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._written: dict[str, dict[str, Any] | None] = {}  # a letter never changes, and is looked at often

    async def send(self, letter: OutgoingMessage, *, key: str, maybe_sent: bool) -> Sent:
        """Say that a letter has left."""
        del letter, maybe_sent
        return Sent(key)

    async def letters(self) -> list[dict[str, Any]]:
        """Return the letters as /dev/inbox.json shows them, the newest first: {channel, to, subject?, text, at}."""
        return await self._service.database.read(self._letters)

    def _letters(self, tx: Tx) -> list[dict[str, Any]]:
        sent = outbox.sent_newest(tx, SHOWN)
        self._written = {row.id: self._written.get(row.id) or self._shown(tx, row, at) for row, at in sent}
        return [letter for letter in self._written.values() if letter is not None]

    def _shown(self, tx: Tx, row: ClaimedMessage, sent_at: datetime) -> dict[str, Any] | None:
        letter = letters.write(tx, self._service, row)
        if letter is None:
            return None
        subject = {"subject": letter.subject} if letter.subject else {}
        return {"channel": letter.channel, "to": letter.to, **subject, "text": letter.text, "at": stamp(sent_at)}
