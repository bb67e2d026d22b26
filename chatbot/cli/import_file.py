"""`billchat import`: a bill file from the company's billing system."""

import asyncio
import sys
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from chatbot.cli.interruption import Interrupted, Interruption
from chatbot.config.load import load
from chatbot.config.settings import Settings
from chatbot.imports.jsonl import Imported, ImportStopped, book_file, check_file
from chatbot.imports.problems import NotImported
from chatbot.payments.gateways import GATEWAYS
from store import open_database
from store.drivers.opening import describe, refuse_to_create_as_root


def run(arguments: Namespace) -> int:
    """Import the file into the configured database."""
    return import_file(load(arguments.config, GATEWAYS), arguments.file)


def import_file(settings: Settings, path: Path) -> int:
    """Import a file and print the counts or the problems.

    Returns the exit status: 1 if the file was rejected, 128 and the signal's number if a signal stopped the import. A
    signal that arrives once all is booked stops nothing. Raises StoreError for a database that root may not make.
    """
    place = describe(settings.database.url)  # before the database is created, so that a new one is called new
    warning = refuse_to_create_as_root(settings.database.url)
    with Interruption() as interruption, TemporaryFile() as checked:
        try:
            rejected = _check(settings, path, checked)
            interruption.only_note()
            result = rejected or asyncio.run(_book(settings, checked, interruption))
        except (Interrupted, ImportStopped):
            sys.stderr.write("Nothing was imported.\n")
            return 128 + interruption.signal
    match result:
        case Imported(counts):
            sys.stderr.write(f"Imported into the {place}.\n{warning}")
            sys.stdout.writelines(f"{kind}s {outcome}: {count}\n" for (kind, outcome), count in sorted(counts.items()))
            return 0
        case NotImported(problems):
            sys.stderr.writelines([f"{problem}\n" for problem in problems])
            sys.stderr.write("Nothing was imported.\n")
            return 1


def _check(settings: Settings, path: Path, checked: BinaryIO) -> NotImported | None:
    try:
        with path.open("rb") as lines:
            return check_file(lines, checked, settings.region.country)
    except OSError as error:
        return NotImported((f"{path} cannot be read: {error.strerror}",))


async def _book(settings: Settings, checked: BinaryIO, interruption: Interruption) -> Imported | NotImported:
    database = open_database(settings.database.url)
    try:
        await database.migrate()
        return await book_file(database, checked, is_stopped=lambda: interruption.signal != 0)
    finally:
        await database.close()
