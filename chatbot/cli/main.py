"""The command line: the table of commands, and the exit status of each run."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from chatbot.cli.command import CONFIG, Command, argument
from chatbot.config.load import ConfigError
from chatbot.operations.listening import AddressTakenError
from store.database import StoreError

MAX_WORKERS = 64  # more processes than cores only cost memory


def _worker_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MAX_WORKERS}")
    return int(text)


WORKERS = argument(
    "--workers", type=_worker_count, default=1, metavar="N", help="how many processes; more need PostgreSQL"
)

COMMANDS = (
    Command(
        "serve",
        "Serve customers.",
        "chatbot.cli.serve",
        (
            CONFIG,
            WORKERS,
            # Added by chatbot.operations.workers when it starts a worker.
            argument("--worker", metavar="SOCKETS", help=argparse.SUPPRESS),
        ),
    ),
    Command(
        "demo",
        "Serve the demo: four customers, an inbox, a sandbox for payments.",
        "chatbot.cli.demo",
        (argument("--port", type=int, default=8080),),
    ),
    Command(
        "talk",
        "Hold a conversation in this terminal, as a demo customer.",
        "chatbot.cli.talk",
        (argument("--locale", default="en", help="the language to talk in"),),
    ),
    Command(
        "import",
        "Import accounts, invoices and mandates.",
        "chatbot.cli.import_file",
        (CONFIG, argument("file", type=Path)),
    ),
    Command(
        "unlock",
        "Let a customer in again whom wrong codes locked out.",
        "chatbot.cli.unlock",
        (CONFIG, argument("identifier", help="the customer's email or mobile")),
    ),
    Command(
        "flows",
        "Draw the dialogue as a Mermaid diagram.",
        "chatbot.cli.flows",
        (argument("--document", action="store_true", help="print the whole of docs/flows.md instead"),),
    ),
    Command("check-config", "Report every problem of a configuration.", "chatbot.cli.check_config", (CONFIG, WORKERS)),
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns its exit status: 0 done, 1 refused with a reason on standard error, 2 wrong usage."""
    return prepare(arguments)()


def prepare(arguments: list[str] | None = None) -> Callable[[], int]:
    """Parse the arguments and load the command's module; returns the function that runs it."""
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    run = command.load()

    def run_command() -> int:
        try:
            return run(parsed)
        except (ConfigError, StoreError, AddressTakenError) as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 0

    return run_command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="billchat", description="A chat assistant that gets bills paid.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.help, description=command.help)
        added.set_defaults(command=command)
        for each in command.arguments:
            each.add_to(added)
    return parser
