"""`billchat unlock`: lifts the lock that wrong codes put on an email or mobile."""

import asyncio
import sys
from argparse import Namespace

from chatbot.config.load import load
from chatbot.config.settings import Settings
from chatbot.payments.gateways import GATEWAYS
from flows.understanding.identifiers import find_identifiers
from store.chats import codes
from store.drivers.opening import describe, open_database, refuse_missing


def run(arguments: Namespace) -> int:
    """Unlock the identifier given."""
    return asyncio.run(unlock(load(arguments.config, GATEWAYS), arguments.identifier))


async def unlock(settings: Settings, identifier: str) -> int:
    """Delete the failed codes of one email or mobile, written in any usual form; returns the exit status."""
    found = find_identifiers(identifier, settings.region.country, settings.sms.countries).identifiers
    if len(found) != 1:
        sys.stderr.write(f"{identifier!r} is no email or mobile; write it as the customer does.\n")
        return 1
    refuse_missing(settings.database.url)
    database = open_database(settings.database.url)
    await database.migrate()
    deleted = await database.write(lambda tx: codes.clear_failures(tx, found[0].value))
    await database.close()
    sys.stdout.write(
        f"Wrong codes forgotten in the {describe(settings.database.url)}: {deleted}."
        " The customer can ask for a new code now.\n"
    )
    return 0
