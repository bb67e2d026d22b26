"""Letting a customer in again whose email or mobile was locked by wrong codes."""

import sys

from chatbot.config.settings import Settings
from flows.understanding.identifiers import find_identifiers
from store.chats import codes
from store.drivers.opening import describe, open_database, refuse_missing


async def unlock(settings: Settings, typed: str) -> int:
    """The command `billchat unlock`: forget the wrong codes of one email or mobile; returns the exit status."""
    found = find_identifiers(typed, settings.region.country, settings.sms.countries).identifiers
    if len(found) != 1:
        sys.stderr.write(f"{typed!r} is no email or mobile; write it as the customer does.\n")
        return 1
    refuse_missing(settings.database.url)
    database = open_database(settings.database.url)
    await database.migrate()
    forgotten = await database.write(lambda tx: codes.clear_failures(tx, found[0].value))
    await database.close()
    sys.stdout.write(
        f"Wrong codes forgotten in the {describe(settings.database.url)}: {forgotten}."
        " The customer can ask for a new code now.\n"
    )
    return 0
