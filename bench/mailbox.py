"""Delivers the server's emails to the simulated customers, through a Unix socket."""

import asyncio
import contextlib
import json
import re
import socket
from collections import defaultdict
from pathlib import Path
from typing import Self

from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Sender, Sent


class MailboxSender(Sender):
    """A sender that writes each email to the mailbox's socket."""

    def __init__(self, mailbox: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(mailbox)

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> Sent:
        """Write the recipient and the text as a line of JSON."""
        del maybe_sent
        self._socket.sendall(json.dumps([message.to, message.text]).encode() + b"\n")
        return Sent(key)


class Mailbox:
    """Receives emails, and hands their codes to the waiting customers."""

    def __init__(self) -> None:
        self._codes: defaultdict[str, asyncio.Future[str]] = defaultdict(asyncio.get_running_loop().create_future)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Listen on a Unix socket at `path`."""
        mailbox = cls()
        await asyncio.start_unix_server(mailbox._receive, path)
        return mailbox

    async def code(self, email: str) -> str:
        """Return the code in the next email to an address, which may have arrived already."""
        code = await self._codes[email]
        del self._codes[email]
        return code

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # the benchmark has ended
            while line := await reader.readline():
                to, text = json.loads(line)
                found = re.search(r"\b\d{6}\b", text)
                assert found is not None, "every email to the benchmark's customers holds a code"
                self._codes[to].set_result(found[0])
        writer.close()
