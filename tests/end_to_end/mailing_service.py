"""The service with its real email sender, and a mail server that demands STARTTLS, each as a process of its own.

`python -m tests.end_to_end.mailing_service mail FOLDER MAIL_PORT` or `… serve FOLDER PORT MAIL_PORT`.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from chatbot.app import build_app
from chatbot.cli.event_loop import new_event_loop
from chatbot.config.settings import (
    DatabaseSettings,
    EmailSettings,
    LimitSettings,
    SecretSettings,
    ServerSettings,
    Settings,
)
from chatbot.operations import logs
from chatbot.service import open_service
from tests.end_to_end.demo_server import DemoServer
from tests.mail_server import certificate, mail_server
from tests.ports import free_port

NO_LIMIT = 1_000_000


@dataclass
class MailingService(DemoServer):
    """The service over an SQLite database in its folder, with an SMTP server that speaks STARTTLS."""

    mail_port: int = 0

    def command(self) -> list[str]:
        return [*_program("serve", self.folder), str(self.port), str(self.mail_port)]


@contextlib.contextmanager
def mailing_service(folder: Path) -> Iterator[MailingService]:
    """Run both processes until the block ends."""
    mail_port = free_port()
    service = MailingService(folder, mail_port=mail_port)
    mail = DemoServer(folder, port=mail_port)
    mail.command = lambda: [*_program("mail", folder), str(mail_port)]  # type: ignore[method-assign]
    mail.is_ready = (folder / "certificate.pem").exists  # type: ignore[method-assign]
    mail.start()
    try:
        service.start()
        yield service
        assert service.stop() == 0
    finally:
        for process in (service, mail):
            if process.process is not None and process.process.poll() is None:
                process.kill()


def settings(folder: Path, port: int, mail_port: int) -> Settings:
    return Settings(
        server=ServerSettings(port=port, public_url=f"http://127.0.0.1:{port}"),
        database=DatabaseSettings(url=f"sqlite:///{folder}/billchat.db"),
        secrets=SecretSettings(key=SecretStr("a key for tests that is long enough")),
        email=EmailSettings(
            host="127.0.0.1",
            port=mail_port,
            tls="starttls",
            ca_file=folder / "certificate.pem",
            sender="Northwind Billing <billing@northwind.example>",
        ),
        limits=LimitSettings(
            identifiers_per_conversation_per_hour=NO_LIMIT,
            identifiers_per_address_per_hour=NO_LIMIT,
            messages_per_ten_seconds=NO_LIMIT,
            messages_per_session_per_hour=NO_LIMIT,
            frames_per_address_per_second=NO_LIMIT,
            requests_per_address_per_second=NO_LIMIT,
            starts_per_session_per_hour=NO_LIMIT,
            starts_per_address_per_minute=NO_LIMIT,
            starts_per_address_per_hour=NO_LIMIT,
        ),
    )


def _program(part: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.end_to_end.mailing_service", part, str(folder)]


def _serve(folder: Path, port: int, mail_port: int) -> None:
    logs.set_up(machine_readable=True)
    app = build_app(open_service(settings(folder, port, mail_port)))
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=new_event_loop())


async def _mail(folder: Path, port: int) -> None:
    tls, _ = certificate(folder)
    async with mail_server(tls, port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    part, folder, *ports = sys.argv[1:]
    if part == "mail":
        asyncio.run(_mail(Path(folder), int(ports[0])))
    else:
        _serve(Path(folder), int(ports[0]), int(ports[1]))
