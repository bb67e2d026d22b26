"""The command line: serve, demo, talk, import, unlock, flows, check-config."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from chatbot.app import build_app
from chatbot.cli.event_loop import new_event_loop
from chatbot.cli.unlock import unlock
from chatbot.config.load import ConfigError, load
from chatbot.config.serving_checks import require_fit_to_serve
from chatbot.config.settings import Settings
from chatbot.imports.jsonl import import_file
from chatbot.operations import logs, workers
from chatbot.payments.gateways import GATEWAYS
from chatbot.service import open_service
from flows import draw
from store.database import StoreError

# More processes than a machine has cores for only cost memory.
MOST_WORKERS = 64


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns its exit status: 0 done, 1 refused with words on standard error, 2 wrong usage."""
    asked = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = asked.command
    try:
        return command(asked)
    except (ConfigError, StoreError, workers.AddressTakenError) as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="billchat", description="A chat assistant that gets bills paid.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(command=command)
        return made

    def with_config(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made.add_argument("--config", type=Path, default=Path("config.yaml"), help="where config.yaml is")
        return made

    serve = with_config(add("serve", _serve, "Serve customers."))
    serve.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="how many processes; more need PostgreSQL"
    )
    serve.add_argument(
        "--worker", metavar="PLACE", help=argparse.SUPPRESS
    )  # how chatbot.operations.workers starts each
    add("demo", _demo, "Serve the demo: four customers, an inbox, a sandbox for payments.").add_argument(
        "--port", type=int, default=8080
    )
    add("talk", _talk, "Hold a conversation in this terminal, as a demo customer.").add_argument(
        "--locale", default="en", help="the language to talk in"
    )
    with_config(add("import", _import, "Import accounts, invoices and mandates.")).add_argument("file", type=Path)
    with_config(add("unlock", _unlock, "Let a customer in again whom wrong codes locked out.")).add_argument(
        "identifier", help="the customer's email or mobile"
    )
    add("flows", _flows, "Draw the dialogue as a Mermaid diagram.").add_argument(
        "--document", action="store_true", help="print the whole of docs/flows.md instead"
    )
    with_config(add("check-config", _check_config, "Report every problem of a configuration."))
    return parser


def _serve(asked: argparse.Namespace) -> int:
    settings = load(asked.config, GATEWAYS)
    require_fit_to_serve(settings, asked.workers)
    logs.set_up(machine_readable=True)
    if asked.workers > 1:
        command = [sys.executable, "-m", "chatbot", "serve", "--config", str(asked.config)]
        return workers.run(command, settings.server.host, settings.server.port, asked.workers)
    context = None if asked.worker is None else workers.WorkerContext.read(asked.worker)
    _run(build_app(open_service(settings)), settings, context=context)
    return 0


def _demo(asked: argparse.Namespace) -> int:
    from chatbot.demo import app  # late: who serves real customers does not load it

    settings = app.settings(asked.port)
    logs.set_up(machine_readable=False)
    _run(app.build(settings), settings, ready=lambda: print(app.greeting(settings), flush=True))
    return 0


def _talk(asked: argparse.Namespace) -> int:
    from chatbot.cli.talk import talk  # late, likewise

    logs.set_up(machine_readable=False, level=logging.WARNING)
    asyncio.run(talk(asked.locale))
    return 0


def _import(asked: argparse.Namespace) -> int:
    return asyncio.run(import_file(load(asked.config, GATEWAYS), asked.file))


def _unlock(asked: argparse.Namespace) -> int:
    return asyncio.run(unlock(load(asked.config, GATEWAYS), asked.identifier))


def _flows(asked: argparse.Namespace) -> int:
    sys.stdout.write(draw.document() if asked.document else draw.draw())
    return 0


def _check_config(asked: argparse.Namespace) -> int:
    require_fit_to_serve(load(asked.config, GATEWAYS))
    print(f"{asked.config} is ready to serve.")
    return 0


def _run(
    app: web.Application,
    settings: Settings,
    *,
    ready: Callable[[], None] = lambda: None,
    context: workers.WorkerContext | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM. Nothing logs addresses, since those of payment links hold tokens."""

    async def announce(app: web.Application) -> None:
        ready()

    app.on_startup.append(announce)
    if context is None:
        workers.refuse_taken(settings.server.host, settings.server.port)
    else:
        context.attach(app)
    web.run_app(
        app,
        host=settings.server.host if context is None else None,
        port=settings.server.port if context is None else None,
        sock=None if context is None else context.listeners,
        access_log=None,
        print=None,
        shutdown_timeout=5,
        loop=new_event_loop(),
    )


def _count(written: str) -> int:
    if not written.isdecimal() or not 1 <= int(written) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_WORKERS}")
    return int(written)
