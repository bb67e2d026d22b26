"""Sends emails through the company's SMTP server, over a pool of connections that stay open between messages."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from chatbot.channels.email.connection import SmtpConnection
from chatbot.config.email_address import Mailbox, ascii_address, parse_mailbox
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Failed, Retry, Sender, SendResult
from chatbot.service import Service

Transmit = Callable[[SmtpConnection, EmailMessage, str, str], Awaitable[SendResult]]


class EmailSender(Sender):
    """The sender of emails; an asynchronous context manager."""

    def __init__(self, service: Service) -> None:
        self._settings = settings = service.settings.email
        self._from = None if settings.sender is None else parse_mailbox(settings.sender)
        public_url = service.settings.server.public_url
        # A configured CA file replaces the machine's authorities, so that no public one can issue a certificate.
        tls = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file is not None else None
        self._idle = [SmtpConnection(settings, public_url, tls) for _ in range(settings.connections)]
        self._available = asyncio.Semaphore(settings.connections)

    async def __aenter__(self) -> Self:
        """Open no connection yet; the first message does."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Quit the connections."""
        await asyncio.gather(*(connection.quit() for connection in self._idle))

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        """Send an email. It is the same on every try, with the Message-ID made of `key`.

        An email that a server refuses is offered once more without its Reply-To, which a stranger typed.
        """
        del maybe_sent
        return await self._with_connection(message, key, SmtpConnection.send)

    async def imitate(self, message: OutgoingMessage, *, key: str) -> SendResult:
        """Compose an email, wait for a connection and talk to the server as for sending, but send nothing."""
        return await self._with_connection(message, key, SmtpConnection.imitate)

    async def _with_connection(self, message: OutgoingMessage, key: str, transmit: Transmit) -> SendResult:
        if self._settings.host is None or self._from is None:
            return Failed("no_server")
        try:
            email = mime_message(message, key, self._from)
            to = parse_mailbox(message.to).address
        except ValueError:  # such as a line break in an address or a name
            return Failed("malformed")
        result = await self._transmit(transmit, email, self._from.address, to)
        if isinstance(result, Failed) and "Reply-To" in email:
            del email["Reply-To"]
            result = await self._transmit(transmit, email, self._from.address, to)
        return result

    async def _transmit(self, transmit: Transmit, email: EmailMessage, sender: str, to: str) -> SendResult:
        try:
            # Waiting for a connection does not count towards the time limit of a try.
            async with self._available, asyncio.timeout(self._settings.timeout_s):
                connection = (
                    self._idle.pop()
                )  # the last one used: under light load, one stays open and the others close
                try:
                    return await transmit(connection, email, sender, to)
                finally:
                    self._idle.append(connection)
        except TimeoutError:
            return Retry("timeout")


def mime_message(message: OutgoingMessage, key: str, sender: Mailbox) -> EmailMessage:
    """Build the MIME message, byte for byte the same on every try. Raises ValueError for values that no header allows.

    It is marked so that no out-of-office notes come back: RFC 3834, and Exchange's own header.
    """
    email = EmailMessage(policy=SMTP_POLICY)
    email["From"] = Address(sender.name, addr_spec=sender.address)
    email["To"] = Address(addr_spec=parse_mailbox(message.to).address)
    email["Subject"] = message.subject
    email["Date"] = format_datetime(message.written_at)
    email["Message-ID"] = f"<{key}@{sender.address.rpartition('@')[2]}>"
    if message.reply_to is not None:
        with contextlib.suppress(ValueError):  # the team reads it in the text
            email["Reply-To"] = Address(addr_spec=ascii_address(message.reply_to))
    email["Auto-Submitted"] = "auto-generated"
    email["X-Auto-Response-Suppress"] = "All"
    email.set_content(message.text, cte="quoted-printable")
    if message.html is not None:
        email.add_alternative(message.html, subtype="html", cte="quoted-printable")
        email.set_boundary(f"=_{key}")
    return email
