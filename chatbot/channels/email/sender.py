"""Sends emails through the company's SMTP server, over a few connections that are kept open between letters."""

import asyncio
import contextlib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from chatbot.config.settings import EmailSettings
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Failed, Retry, SendResult, Sent
from chatbot.service import Service

# Servers hang up on those who keep silent, often after a minute; leaving first spares a letter the discovery.
IDLE_S = 30.0
# Refusals of ourselves, not of the letter (sign-in required, refused, too weak), which may be put right while it waits.
SIGN_IN = {530, 534, 535, 538}
PERMANENT = 500


class EmailSender:
    """The way out for emails; used as an asynchronous context manager.

    `tls` replaces the machine's own list of trusted authorities, for a server with a certificate of the company's own.
    """

    def __init__(self, service: Service, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings = service.settings.email
        self._sender = settings.sender or ""
        public_url = service.settings.server.public_url
        self._free = [Connection(settings, public_url, tls) for _ in range(settings.connections)]
        self._places = asyncio.Semaphore(settings.connections)

    async def __aenter__(self) -> Self:
        """Connect to nothing yet; the first letter does."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of the server."""
        await asyncio.gather(*(connection.leave() for connection in self._free))

    async def send(self, letter: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        """Send an email. Sent twice under the same `key` it is the same email, with the same Message-ID."""
        del maybe_sent
        if self._settings.host is None or not self._sender:
            return Failed("no_server")
        try:
            email = compose(letter, key, self._sender)
        except ValueError:  # an address or a name with a line break in it, for one
            return Failed("malformed")
        try:
            async with self._places, asyncio.timeout(self._settings.timeout_s):  # standing in line is no part of a try
                connection = self._free.pop()  # the one that was used last: where one is enough, one is kept open
                try:
                    return await connection.hand_over(email, parseaddr(self._sender)[1], letter.to)
                finally:
                    self._free.append(connection)
        except TimeoutError:
            return Retry("timeout")


class Connection:
    """A connection to the server, opened for a letter and kept open for a while after it."""

    def __init__(self, settings: EmailSettings, public_url: str, tls: ssl.SSLContext | None) -> None:
        self._smtp = connection_to(settings, public_url, tls)
        self._idle: asyncio.TimerHandle | None = None

    async def hand_over(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        """Give an email to the server; a kept connection that turns out to be gone is opened anew, once."""
        self._stay()
        kept = self._smtp.is_connected
        try:
            outcome = await self._try(email, sender, to)
            if kept and outcome == DISCONNECTED:
                outcome = await self._try(email, sender, to)
        except BaseException:
            self._smtp.close()  # in the middle of a command: nothing sensible can be said on it any more
            raise
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._smtp.close)
        return outcome

    async def leave(self) -> None:
        """Say goodbye, if there is time for it."""
        self._stay()
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._smtp.quit()
        self._smtp.close()

    async def _try(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        try:
            if not self._smtp.is_connected:
                await self._smtp.connect()
        except SMTPResponseException as fault:
            self._smtp.close()
            return Retry(f"connect {fault.code}")
        except (SMTPException, OSError) as fault:
            self._smtp.close()
            return Retry(f"connect {type(fault).__name__}")
        return await self._transmit(email, sender, to)

    async def _transmit(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        try:
            await self._smtp.send_message(email, sender=sender, recipients=[to])
        except SMTPRecipientsRefused as fault:  # temporary refusals too; the code is with the recipient
            return self._refused(fault.recipients[0].code)
        except SMTPResponseException as fault:
            return self._refused(fault.code)
        except SMTPNotSupported:
            return Failed("address_not_supported")
        except (SMTPServerDisconnected, SMTPException, OSError):
            self._smtp.close()
            return DISCONNECTED
        except ValueError:
            return Failed("malformed")
        return Sent(email["Message-ID"])

    def _refused(self, code: int) -> SendResult:
        if code == 421:  # the server is about to hang up
            self._smtp.close()
        return Failed(str(code)) if code >= PERMANENT and code not in SIGN_IN else Retry(str(code))

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


DISCONNECTED = Retry("disconnected")


def connection_to(settings: EmailSettings, public_url: str, tls: ssl.SSLContext | None = None) -> SMTP:
    """Prepare a connection, encrypted exactly as configured: a server that offers less is not spoken to."""
    return SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        local_hostname=urlsplit(public_url).hostname,  # to look the machine's own up could take long
        use_tls=settings.tls == "implicit",
        start_tls=settings.tls == "starttls",
        timeout=settings.timeout_s,
        tls_context=tls,
    )


def compose(letter: OutgoingMessage, key: str, sender: str) -> EmailMessage:
    """Put an email into its envelope, byte for byte the same each time; ValueError for what no header can hold."""
    name, address = parseaddr(sender)
    email = EmailMessage(policy=SMTP_POLICY)
    email["From"] = Address(name, addr_spec=address)
    email["To"] = Address(addr_spec=letter.to)
    email["Subject"] = letter.subject
    email["Date"] = format_datetime(letter.written_at)
    email["Message-ID"] = f"<{key}@{address.rpartition('@')[2]}>"
    if letter.reply_to is not None:
        email["Reply-To"] = Address(addr_spec=letter.reply_to)
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note comes back
    email["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    email.set_content(letter.text, cte="quoted-printable")
    if letter.html is not None:
        email.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        email.set_boundary(f"=_{key}")
    return email
