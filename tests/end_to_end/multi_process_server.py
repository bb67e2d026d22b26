"""The service in N processes, with the demo's inbox: `python -m … PORT SETTINGS N`."""

import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from aiohttp import web

from chatbot.app import build_app
from chatbot.cli.web_server import run_app
from chatbot.config.settings import Settings
from chatbot.delivery.sender import Sender
from chatbot.demo import app as demo
from chatbot.demo import pages, provider
from chatbot.demo.inbox import Inbox
from chatbot.operations import logs, workers
from chatbot.operations.worker import WorkerContext
from chatbot.pages import templating
from chatbot.payments.gateways import GATEWAYS
from chatbot.service import Service, open_service
from tests.end_to_end.configured_demo import merged
from tests.end_to_end.demo_server import DemoServer
from tests.ports import free_port


@dataclass
class MultiProcessServer(DemoServer):
    """Worker processes on PostgreSQL and Redis. Several servers with one folder, and so one key, are one service."""

    workers: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)

    def command(self) -> list[str]:
        settings = json.dumps(self.settings)
        return [
            sys.executable,
            "-m",
            "tests.end_to_end.multi_process_server",
            str(self.port),
            settings,
            str(self.workers),
        ]

    @property
    def log(self) -> Path:
        return self.folder / f"server-{self.port}.log"

    @property
    def pids(self) -> list[int]:
        """The process ids of the running workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def rolling_restart(self) -> None:
        """Ask for new workers, one after the other."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def query(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Read from the database. Raises ConnectionError while it is not reachable."""
        try:
            with psycopg.connect(self.settings["database"]["url"]) as connection:
                return connection.execute(sql.replace("?", "%s"), params).fetchall()  # type: ignore[call-overload]
        except psycopg.OperationalError as error:
            raise ConnectionError from error


@contextlib.asynccontextmanager
async def payment_provider(folder: Path, billchat: DemoServer) -> AsyncIterator[dict[str, Any]]:
    """Serve the demo's payment provider on an address of its own; yields the settings with that address."""
    port = free_port()
    settings = {"payments": {"sandbox": {"base_url": f"http://127.0.0.1:{port}"}}}
    service = open_service(settings_of(folder, billchat.port, settings))
    app = web.Application()
    templating.set_up(app)
    provider.mount(app, service, None)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield settings
    finally:
        await runner.cleanup()
        await service.database.close()


def settings_of(folder: Path, port: int, changes: Mapping[str, Any]) -> Settings:
    return Settings.with_gateways(GATEWAYS)(**merged(demo.settings(port, folder).model_dump(), changes))


def build(settings: Settings) -> web.Application:
    """Build the service with senders that put emails and texts into the demo's inbox."""
    service = open_service(settings)
    inbox = Inbox(service)

    @contextlib.asynccontextmanager
    async def senders(_: Service) -> AsyncIterator[Mapping[str, Sender]]:
        yield {"email": inbox, "sms": inbox}

    app = build_app(service, senders)
    app.add_routes(pages.routes(service, inbox, []))
    return app


def main(port: str, written: str, *more: str) -> int:
    logs.set_up(machine_readable=False)
    settings = settings_of(demo.FOLDER, int(port), json.loads(written))
    if more[0] != "--worker":
        command = [sys.executable, "-m", "tests.end_to_end.multi_process_server", port, written]
        return workers.run(command, settings.server.host, settings.server.port, int(more[0]))
    context = WorkerContext.parse(more[1])
    run_app(build(settings), settings.server, context=context)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
