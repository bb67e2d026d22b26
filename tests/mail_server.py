"""A real SMTP server for tests: records emails, and replies as scripted."""

import asyncio
import contextlib
import email
import email.policy
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG = "hang"
DROP = "drop"


@dataclass
class MailServer:
    """Accepts emails on 127.0.0.1.

    `rcpt` and `data` are the replies to the next RCPT and DATA commands, "250 OK" when empty; HANG never replies, DROP
    cuts the connection.
    """

    port: int = 0
    password: str | None = None
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    received: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    connections: int = 0
    encrypted: bool = False
    _open: list[SMTP] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.password is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        self.encrypted = server.transport is not None and server.transport.get_extra_info("sslcontext") is not None
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._reply(self.rcpt, server)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await self._reply(self.data, server)
        if reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.raw.append(envelope.content)
            self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients.append(list(envelope.rcpt_tos))
        return reply

    async def _reply(self, replies: list[str], server: SMTP) -> str:
        reply = replies.pop(0) if replies else "250 OK"
        if reply == DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if reply in (HANG, DROP):
            await asyncio.Event().wait()
        return reply

    @property
    def open(self) -> int:
        """The number of open connections."""
        return sum(protocol.transport is not None and not protocol.transport.is_closing() for protocol in self._open)

    def hang_up(self) -> None:
        """Cut every connection, as a restarted server does."""
        for protocol in self._open:
            if protocol.transport is not None:
                protocol.transport.close()


@contextlib.asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False, password: str | None = None, port: int = 0
) -> AsyncIterator[MailServer]:
    """Run a server until the block ends; with `tls` it demands STARTTLS, or speaks TLS from the start."""
    server = MailServer(password=password)

    def signed_in(smtp: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given.password == (password or "").encode(), handled=False)

    def new_connection() -> SMTP:
        server.connections += 1
        protocol = SMTP(
            server,
            hostname="mail.example",
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            authenticator=signed_in if password else None,
            auth_require_tls=False,
        )
        server._open.append(protocol)
        return protocol

    listening = await asyncio.get_running_loop().create_server(
        new_connection, "127.0.0.1", port, ssl=tls if implicit else None
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.hang_up()
        await asyncio.sleep(0.02)  # until the connections have closed


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for a day, signed by itself; returns the server's context, and the file for clients."""
    key, cert = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(cert), "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    return server, cert
