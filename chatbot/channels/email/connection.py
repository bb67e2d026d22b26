"""A connection to the SMTP server, and the meaning of the server's replies."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from urllib.parse import urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from aiosmtplib.email import flatten_message

from chatbot.config.settings import EmailSettings
from chatbot.delivery.sender import Failed, Retry, SendResult, Sent

# Servers close idle connections, often after a minute; closing first saves the next message a failed try.
IDLE_TIMEOUT_S = 30.0
QUIT_TIMEOUT_S = 1.0
# Servers tolerate few RSETs in a session (Postfix 100, two for each imitation), then answer slowly.
MAX_IMITATIONS = 25
# RFC 4954: authentication required, too weak, failed, or encryption needed. An operator may correct these meanwhile.
AUTHENTICATION_CODES = {530, 534, 535, 538}
SERVICE_CLOSING = 421
FIRST_PERMANENT_CODE = 500
DISCONNECTED = Retry("disconnected")


class SmtpConnection:
    """A connection that opens for a message and closes after it was idle for a while."""

    def __init__(self, settings: EmailSettings, public_url: str, tls: ssl.SSLContext | None) -> None:
        self._smtp = smtp_client(settings, public_url, tls)
        self._imitations = 0
        self._idle_timer: asyncio.TimerHandle | None = None

    async def send(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        """Send an email. If the open connection turns out to be cut, open a new one, once."""
        return await self._use(lambda: self._transmit(email, sender, to))

    async def imitate(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        """Do the work of sending an email, with as many replies of the server, but name no recipient."""
        if self._imitations >= MAX_IMITATIONS:
            self._smtp.close()
            self._imitations = 0
        self._imitations += 1
        return await self._use(lambda: self._talk(email, sender, to))

    async def _use(self, transmit: Callable[[], Awaitable[SendResult]]) -> SendResult:
        self._stop_idle_timer()
        reused = self._smtp.is_connected
        try:
            result = await self._try(transmit)
            if reused and result == DISCONNECTED:
                result = await self._try(transmit)
        except BaseException:
            self._smtp.close()  # interrupted within a command, so that the protocol's state is unknown
            raise
        self._idle_timer = asyncio.get_running_loop().call_later(IDLE_TIMEOUT_S, self._smtp.close)
        return result

    async def quit(self) -> None:
        """Send QUIT if the server answers quickly, and close."""
        self._stop_idle_timer()
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(QUIT_TIMEOUT_S):
                await self._smtp.quit()
        self._smtp.close()

    async def _try(self, transmit: Callable[[], Awaitable[SendResult]]) -> SendResult:
        try:
            if not self._smtp.is_connected:
                await self._smtp.connect()
        except SMTPResponseException as error:
            self._smtp.close()
            return Retry(f"connect {error.code}")
        except (SMTPException, OSError) as error:
            self._smtp.close()
            return Retry(f"connect {type(error).__name__}")
        return await transmit()

    async def _transmit(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        try:
            await self._smtp.send_message(email, sender=sender, recipients=[to])
        except SMTPRecipientsRefused as error:  # raised for temporary refusals too
            return self._refused(error.recipients[0].code)
        except SMTPResponseException as error:
            return self._refused(error.code)
        except SMTPNotSupported:
            return Failed("address_not_supported")
        except (SMTPServerDisconnected, SMTPException, OSError):
            self._smtp.close()
            return DISCONNECTED
        except ValueError:
            return Failed("malformed")
        return Sent(email["Message-ID"])

    async def _talk(self, email: EmailMessage, sender: str, to: str) -> SendResult:
        try:
            flatten_message(email)
            to.encode("ascii")
            for _ in range(2):
                await self._smtp.mail(sender)
                await self._smtp.rset()
        except SMTPResponseException as error:
            return self._refused(error.code)
        except (SMTPServerDisconnected, SMTPException, OSError):
            self._smtp.close()
            return DISCONNECTED
        except ValueError:
            return Failed("malformed")
        return Sent()

    def _refused(self, code: int) -> SendResult:
        if code == SERVICE_CLOSING:
            self._smtp.close()
        permanent = code >= FIRST_PERMANENT_CODE and code not in AUTHENTICATION_CODES
        return Failed(str(code)) if permanent else Retry(str(code))

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None


def smtp_client(settings: EmailSettings, public_url: str, tls: ssl.SSLContext | None = None) -> SMTP:
    """Build an SMTP client, encrypted exactly as configured: a server that offers less gets no message."""
    return SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        local_hostname=urlsplit(public_url).hostname,  # the default resolves the machine's own name, which can be slow
        use_tls=settings.tls == "implicit",
        start_tls=settings.tls == "starttls",
        timeout=settings.timeout_s,
        tls_context=tls,
    )
