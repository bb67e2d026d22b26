"""Imports bill files in JSON Lines; `chatbot.imports.records` describes the records.

A file is imported whole or not at all, and importing it again changes nothing. Changed names, identifiers, owners, due
dates and collections are updated; `"cancelled": true` cancels an invoice; a paid invoice never reopens. With SQLite,
chats wait while the records are booked, so the first import of very many customers belongs before the launch.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, BinaryIO

from pydantic import ValidationError

from chatbot.imports.fields import ImportContext
from chatbot.imports.lines import InvalidLine, UnreadableFile, parse_line, read_lines
from chatbot.imports.problems import NotImported, Problems, TooManyProblems, in_words
from chatbot.imports.records import (
    RECORD,
    AccountRecord,
    AnyRecord,
    CreditRecord,
    CustomerRecord,
    InvoiceRecord,
    MandateRecord,
)
from store import Database, Tx
from store.billing import imports
from store.billing.ledger import InvoiceToBook


@dataclass(frozen=True, slots=True)
class Imported:
    """The number of records by (kind, outcome), as in `counts["invoice", "added"]`."""

    counts: Counter[tuple[str, str]]


class RolledBack(Exception):
    """Rolls back the records booked so far of a file that has problems."""


class ImportStopped(Exception):
    """The import was stopped while it booked, and has been rolled back."""


async def import_bills(
    database: Database, source: BinaryIO | Iterable[str | bytes], *, region: str | None = None
) -> Imported | NotImported:
    """Import a file, given as its lines, such as an open file. Memory does not grow with the size of the file.

    `region`: the country of mobile numbers written without +, such as GB. Raises StoreError if the database fails.
    """
    with TemporaryFile() as checked:
        rejected = await asyncio.to_thread(check_file, source, checked, region)
        return rejected or await book_file(database, checked)


# ── reading: no database yet ──


def check_file(
    source: BinaryIO | Iterable[str | bytes], checked: IO[bytes], region: str | None = None
) -> NotImported | None:
    """Validate each line and write it to `checked` in canonical form, on the same line number; returns the problems."""
    problems = Problems()
    try:
        records = _check_lines(source, ImportContext(region), checked, problems)
    except TooManyProblems:
        return problems.result(more=True)
    if problems.found:
        return problems.result(more=False)
    return None if records else NotImported(("the file holds no records; look at how it was made",))


def _check_lines(
    source: BinaryIO | Iterable[str | bytes], context: ImportContext, checked: IO[bytes], problems: Problems
) -> int:
    """Return the number of records."""
    records = 0
    for number, line in enumerate(read_lines(source), start=1):
        try:
            value = parse_line(line, first=number == 1)
            if value is not None:
                checked.write(RECORD.validate_python(value, context=context).model_dump_json().encode())
                records += 1
        except ValidationError as error:
            for problem in in_words(error):
                problems.add(number, problem)
        except InvalidLine as error:
            problems.add(number, str(error))
            if isinstance(error, UnreadableFile):
                break
        checked.write(b"\n")
    return records


# ── booking: one unit of work ──


async def book_file(
    database: Database, checked: IO[bytes], *, is_stopped: Callable[[], bool] = lambda: False
) -> Imported | NotImported:
    """Book the file of checked records, whole or not at all.

    `is_stopped` is asked before each record. Raises ImportStopped, or StoreError if the database fails.
    """
    at, problems = datetime.now(UTC), Problems()
    try:
        return Imported(await database.write(lambda tx: _book_all(tx, checked, at, problems, is_stopped)))
    except RolledBack:
        return problems.result(more=False)
    except TooManyProblems:
        return problems.result(more=True)


def _book_all(
    tx: Tx, checked: IO[bytes], at: datetime, problems: Problems, is_stopped: Callable[[], bool]
) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    problems.found.clear()  # the store may retry a unit of work
    checked.seek(0)
    for number, line in enumerate(checked, start=1):
        if is_stopped():
            raise ImportStopped
        if line != b"\n":
            record = RECORD.validate_json(line)
            try:
                counts[record.kind, book(tx, record, at)] += 1
            except imports.RecordRefused as error:
                problems.add(number, str(error))
    if is_stopped():
        raise ImportStopped
    if problems.found:
        raise RolledBack
    return counts


def book(tx: Tx, record: AnyRecord, at: datetime) -> imports.ImportOutcome:
    """Save one validated record. Raises store.billing.imports.RecordRefused."""
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
            return imports.save_credit(tx, record.reference, record.account, record.amount_minor, at, record.invoice)
