"""Billchat as it serves customers, on the benchmark's database and mailbox."""

import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Mapping

from pydantic import SecretStr

from bench.customers import SECRET
from bench.mailbox import MailboxSender
from chatbot.app import build_app
from chatbot.cli.web_server import run_app
from chatbot.config.settings import (
    DatabaseSettings,
    LimitSettings,
    PaymentSettings,
    SecretSettings,
    ServerSettings,
    Settings,
)
from chatbot.delivery.sender import Sender
from chatbot.operations import logs
from chatbot.payments.gateways.sandbox import SandboxSettings
from chatbot.service import Service, open_service

NO_LIMIT = 10**9


def main(port: int, url: str, mailbox: str) -> None:
    """Serve on a port, with the database at `url`."""
    gc.freeze()  # as `python -m chatbot` does once its code is loaded
    logs.set_up(machine_readable=True, level=30)
    service = open_service(
        Settings(
            server=ServerSettings(port=port, public_url=f"http://127.0.0.1:{port}", trusted_proxies=["127.0.0.1"]),
            database=DatabaseSettings(url=url),
            secrets=SecretSettings(key=SecretStr(SECRET)),
            payments=PaymentSettings.using(sandbox=SandboxSettings(secret=SecretStr(SECRET))),
            limits=LimitSettings(
                codes_per_ten_minutes=NO_LIMIT,
                codes_per_day=NO_LIMIT,
                codes_per_day_from_all_addresses=NO_LIMIT,
                identifiers_per_conversation_per_hour=NO_LIMIT,
                identifiers_per_address_per_hour=NO_LIMIT,
                failures_per_address_per_hour=NO_LIMIT,
                messages_per_ten_seconds=NO_LIMIT,
                starts_per_session_per_hour=NO_LIMIT,
                starts_per_address_per_minute=NO_LIMIT,
                starts_per_address_per_hour=NO_LIMIT,
                connections_per_address=NO_LIMIT,
                connections_per_address_per_minute=NO_LIMIT,
                messages_per_session_per_hour=NO_LIMIT,
                messages_per_address_per_hour=NO_LIMIT,
                text_kilobytes_per_address_per_hour=NO_LIMIT,
                frames_per_address_per_second=NO_LIMIT,
                requests_per_address_per_second=NO_LIMIT,
                kilobytes_per_address_per_second=NO_LIMIT,
            ),
        )
    )

    @contextlib.asynccontextmanager
    async def senders(_: Service) -> AsyncIterator[Mapping[str, Sender]]:
        yield {"email": MailboxSender(mailbox)}

    run_app(build_app(service, senders), service.settings.server)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
