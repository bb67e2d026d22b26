"""`billchat import`: a bill file from the company's billing system."""

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from chatbot.config.load import load
from chatbot.config.settings import Settings
from chatbot.imports.jsonl import Imported, import_bills
from chatbot.imports.problems import NotImported
from chatbot.payments.gateways import GATEWAYS
from store import open_database
from store.drivers.opening import describe


def run(arguments: Namespace) -> int:
    """Import the file into the configured database."""
    return asyncio.run(import_file(load(arguments.config, GATEWAYS), arguments.file))


async def import_file(settings: Settings, path: Path) -> int:
    """Import a file and print the counts or the problems; returns the exit status, 1 if nothing was imported."""
    place = describe(settings.database.url)  # before the database is created, so that a new one is called new
    database = open_database(settings.database.url)
    try:
        await database.migrate()
        with path.open("rb") as lines:
            result = await import_bills(database, lines, region=settings.region.country)
    except OSError as error:
        result = NotImported((f"{path} cannot be read: {error.strerror}",))
    finally:
        await database.close()
    match result:
        case Imported(counts):
            summary = [f"{kind}s {outcome}: {count}\n" for (kind, outcome), count in sorted(counts.items())]
            sys.stderr.write(f"Imported into the {place}.\n")
            sys.stdout.writelines(summary or [f"{path} holds no records.\n"])
            return 0
        case NotImported(problems):
            sys.stderr.writelines([f"{problem}\n" for problem in problems])
            sys.stderr.write("Nothing was imported.\n")
            return 1
