"""The post: what the bench's server sends its customers, and they read. A code is known to whoever gets its letter."""

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


class Postman(Sender):
    """A sender that hands each letter to the bench's mailbox."""

    def __init__(self, mailbox: str) -> None:
        self._way = socket.socket(socket.AF_UNIX)
        self._way.connect(mailbox)

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> Sent:
        """Hand a message over."""
        del maybe_sent
        self._way.sendall(json.dumps([message.to, message.text]).encode() + b"\n")
        return Sent(key)


class Mailbox:
    """Where the bench's customers wait for their codes."""

    def __init__(self) -> None:
        self._codes: defaultdict[str, asyncio.Future[str]] = defaultdict(asyncio.get_running_loop().create_future)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Take letters in at a socket of the file system."""
        mailbox = cls()
        await asyncio.start_unix_server(mailbox._take_in, path)
        return mailbox

    async def code(self, email: str) -> str:
        """Return the code in the next letter to an address, or in the one that has come already."""
        code = await self._codes[email]
        del self._codes[email]
        return code

    async def _take_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # the bench is over
            while line := await reader.readline():
                to, text = json.loads(line)
                found = re.search(r"\b\d{6}\b", text)
                assert found is not None, "the bench's customers get nothing but codes"
                self._codes[to].set_result(found[0])
        writer.close()
