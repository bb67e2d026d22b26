"""Importing bill files, whose form is in `chatbot.imports.records`.

A file is taken whole or not at all, and may be sent again at any time: what is there already is left alone; changed
names, identifiers, owners, due dates and collections are taken over; `"cancelled": true` cancels an invoice; a paid
invoice never reopens. While the records are booked, SQLite makes chats wait; so a first import of very many customers
belongs before the opening.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from pydantic import ValidationError

from chatbot.config.settings import Settings
from chatbot.imports.records import (
    RECORD,
    AccountRecord,
    AnyRecord,
    CreditRecord,
    CustomerRecord,
    ImportContext,
    InvoiceRecord,
    MandateRecord,
)
from store import Database, Tx, open_database
from store.billing import imports
from store.billing.ledger import InvoiceToBook
from store.drivers.opening import describe

MOST_PROBLEMS = 100
"""A file with more problems than this is the wrong file; nobody reads the rest."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file brought, counted by (kind, outcome): `counts["invoice", "added"]`."""

    counts: Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class NotImported:
    """Nothing was taken in. Each problem names its line, what is wrong and what to do."""

    problems: tuple[str, ...]


@dataclass(slots=True)
class Problems:
    """What is wrong with a file, up to a limit."""

    found: list[str] = field(default_factory=list)

    def add(self, line: int, problem: str) -> None:
        """Note a problem of a line; raises TooMany when it makes no sense to go on."""
        if len(self.found) == MOST_PROBLEMS:
            raise TooManyError
        self.found.append(f"line {line}: {problem}")

    def told(self, *, more: bool) -> NotImported:
        """The answer to the operator."""
        return NotImported((*self.found, "… and more; mend these first") if more else tuple(self.found))


class TooManyError(Exception):
    """More problems than are worth telling."""


class NothingTakenError(Exception):
    """Rolls back what was booked of a file that has problems."""


async def import_file(settings: Settings, path: Path) -> int:
    """The command `billchat import`: take in a file and say what it brought; returns the exit status, 1 if refused."""
    place = describe(settings.database.url)  # before a new one is made, so that it is told as new
    database = open_database(settings.database.url)
    try:
        await database.migrate()
        with path.open("rb") as lines:
            answer = await import_bills(database, lines, region=settings.region.country)
    except OSError as error:
        answer = NotImported((f"{path} cannot be read: {error.strerror}",))
    finally:
        await database.close()
    match answer:
        case Imported(counts):
            told = [f"{kind}s {outcome}: {count}\n" for (kind, outcome), count in sorted(counts.items())]
            sys.stderr.write(f"Imported into the {place}.\n")
            sys.stdout.writelines(told or [f"{path} holds no records.\n"])
            return 0
        case NotImported(problems):
            sys.stderr.writelines([f"{problem}\n" for problem in problems])
            sys.stderr.write("Nothing was imported.\n")
            return 1


async def import_bills(
    database: Database, source: Iterable[str | bytes], *, region: str | None = None, now: datetime | None = None
) -> Imported | NotImported:
    """Take in a file, given as its lines (an open file will do). Memory does not grow with the file.

    region: the country (GB) of mobile numbers written without +. Raises StoreError when the database fails.
    """
    problems = Problems()
    with TemporaryFile() as checked:
        try:
            await asyncio.to_thread(_check, source, ImportContext(region), checked, problems)
            if problems.found:
                return problems.told(more=False)
            at = now or datetime.now(UTC)
            return Imported(await database.write(lambda tx: _book_all(tx, checked, at, problems)))
        except NothingTakenError:
            return problems.told(more=False)
        except TooManyError:
            return problems.told(more=True)


# ── reading: before the database is asked for anything ──


def _check(source: Iterable[str | bytes], checking: ImportContext, checked: IO[bytes], problems: Problems) -> None:
    """Write the records, one a line as in the source, with identifiers in the form that they are looked up by."""
    for number, line in enumerate(source, start=1):
        text = line.decode(errors="replace") if isinstance(line, bytes) else line
        text = text.removeprefix("\ufeff").strip()  # spreadsheet programs begin a file with this mark
        if text:
            try:
                checked.write(RECORD.validate_json(text, context=checking).model_dump_json().encode())
            except ValidationError as error:
                for problem in error.errors(include_url=False, include_input=False, include_context=False):
                    problems.add(number, _told(problem["loc"], problem["msg"]))
        checked.write(b"\n")


def _told(path: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in path[1:])  # the first part is the kind
    return f"{where}: {message}" if where else message


# ── booking: one unit of work ──


def _book_all(tx: Tx, checked: IO[bytes], at: datetime, problems: Problems) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    problems.found.clear()  # of an earlier run: a unit of work may be run more than once
    checked.seek(0)
    for number, line in enumerate(checked, start=1):
        if line != b"\n":
            record = RECORD.validate_json(line)
            try:
                counts[record.kind, book(tx, record, at)] += 1
            except imports.RecordRefused as refusal:
                problems.add(number, str(refusal))
    if problems.found:
        raise NothingTakenError
    return counts


def book(tx: Tx, record: AnyRecord, at: datetime) -> imports.ImportOutcome:
    """Bring one checked record into the store; raises store.billing.imports.Refused."""
    match record:
        case CustomerRecord():
            identifiers = [("email", value) for value in record.emails] + [("mobile", v) for v in record.mobiles]
            return imports.save_customer(tx, record.id, record.name, record.locale, identifiers, at)
        case AccountRecord():
            return imports.save_account(tx, record.number, record.name, record.currency, record.customers, at)
        case InvoiceRecord():
            lines = [(line.description, line.amount_minor) for line in record.lines]
            invoice = InvoiceToBook(record.number, record.issued_on, record.due_on, lines)
            return imports.save_invoice(tx, record.account, invoice, record.cancelled, at)
        case MandateRecord():
            return imports.save_mandate(
                tx, record.reference, record.account, record.state, record.next_on, record.next_minor
            )
        case CreditRecord():
            return imports.save_credit(tx, record.reference, record.account, record.amount_minor, at)
