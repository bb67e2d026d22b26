"""The demo's inbox: accepts every email and text in place of the real senders, and shows them."""

from datetime import datetime
from typing import Any

from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.letters import LetterRenderer
from chatbot.delivery.sender import Sender, Sent
from chatbot.service import Service
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.database import Tx
from store.times import stamp

MAX_LETTERS = 200

ShownLetter = dict[str, Any]
"""A letter of /dev/inbox.json: {channel, to, subject?, text, at}."""


class Inbox(Sender):
    """Sends nothing, and renders sent letters from the outbox on demand.

    So letters survive a restart of the demo, and its files hold no code.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._renderer = LetterRenderer(service)
        self._shown: dict[str, ShownLetter | None] = {}  # by row id; a letter never changes, and is read often

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> Sent:
        """Accept a message."""
        del message, maybe_sent
        return Sent(key)

    async def letters(self) -> list[ShownLetter]:
        """Return the newest letters, the newest first."""
        return await self._service.database.read(self._read)

    def _read(self, tx: Tx) -> list[ShownLetter]:
        sent = outbox.newest_sent(tx, MAX_LETTERS)
        self._shown = {row.id: self._shown.get(row.id) or self._show(tx, row, at) for row, at in sent}
        return [letter for letter in self._shown.values() if letter is not None]

    def _show(self, tx: Tx, row: ClaimedMessage, sent_at: datetime) -> ShownLetter | None:
        message = self._renderer.render(tx, row)
        if message is None:
            return None
        subject = {"subject": message.subject} if message.subject else {}
        return {"channel": message.channel, "to": message.to, **subject, "text": message.text, "at": stamp(sent_at)}
