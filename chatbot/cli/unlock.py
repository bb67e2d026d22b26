"""`billchat unlock`: lifts the lock that wrong codes put on an email or mobile."""

import asyncio
import sys
from argparse import Namespace

from chatbot.config.load import load
from chatbot.config.settings import Settings
from chatbot.payments.gateways import GATEWAYS
from flows.understanding.identifiers import find_identifiers
from store.billing import accounts
from store.chats import codes
from store.drivers.opening import describe, open_database, refuse_missing


def run(arguments: Namespace) -> int:
    """Unlock the identifier given."""
    return asyncio.run(unlock(load(arguments.config, GATEWAYS), arguments.identifier))


async def unlock(settings: Settings, identifier: str) -> int:
    """Delete the failed codes of one email or mobile, written in any usual form.

    Returns the exit status, 1 if there was nothing to unlock.
    """
    found = find_identifiers(identifier, settings.region.country, settings.sms.countries).identifiers
    if len(found) != 1:
        sys.stderr.write(f"{identifier!r} is no email or mobile; write it as the customer does.\n")
        return 1
    refuse_missing(settings.database.url)
    database = open_database(settings.database.url)
    await database.migrate()
    value = found[0].value
    contact = await database.read(lambda tx: accounts.find_contact(tx, found[0].kind, value))
    deleted = await database.write(lambda tx: codes.clear_failures(tx, value))
    await database.close()
    place = describe(settings.database.url)
    if contact is None:
        sys.stderr.write(f"No customer in the {place} has {value}; look at its spelling, or import the customer.\n")
    if deleted:
        told = f"Wrong codes forgotten in the {place}: {deleted}."
        sys.stdout.write(f"{told}{'' if contact is None else ' The customer can ask for a new code now.'}\n")
    elif contact is not None:
        sys.stderr.write(f"{value} is not locked: the {place} holds no wrong codes for it.\n")
    return 0 if deleted and contact is not None else 1
