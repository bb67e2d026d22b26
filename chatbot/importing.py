"""Bringing in customers, accounts, invoices, direct debits and credits from the company's billing.

The file is JSON Lines: one JSON object a line, UTF-8, each with its `kind`. What is referred to stands above what
refers to it, or came with an earlier file. Amounts are whole minor units (4250 is £42.50), dates are YYYY-MM-DD.
One record of each kind, wrapped here to fit the page:

    {"kind": "customer", "id": "C-1", "name": "Ada Moss", "locale": "en",
     "emails": ["ada@example.com"], "mobiles": ["+447700900001"]}
    {"kind": "account", "number": "BB-1", "name": "Home broadband", "currency": "GBP", "customers": ["C-1"]}
    {"kind": "invoice", "number": "INV-1", "account": "BB-1", "issued_on": "2026-11-01", "due_on": "2026-11-15",
     "lines": [{"description": "Fibre 80", "amount_minor": 2000}, {"description": "VAT 20%", "amount_minor": 400}]}
    {"kind": "mandate", "reference": "DD-1", "account": "BB-1", "state": "active",
     "next_on": "2026-12-01", "next_minor": 2400}
    {"kind": "credit", "reference": "BACS-77", "account": "BB-1", "amount_minor": 1000}

A file is taken whole or not at all, and may be sent again at any time: what is there already is left alone; changed
names, identifiers, owners, due dates and collections are taken over; `"cancelled": true` cancels an invoice; a paid
invoice never reopens. While the records are booked, SQLite makes chats wait; so a first import of very many customers
belongs before the opening.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from tempfile import TemporaryFile
from typing import IO, Annotated, Literal

import phonenumbers
from babel.numbers import list_currencies
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from store import Database, Tx, imports
from store.ledger import InvoiceToBook

MOST_PROBLEMS = 100
"""A file with more problems than this is the wrong file; nobody reads the rest."""

CURRENCIES = frozenset(list_currencies())


def known_currency(code: str) -> str:
    """An ISO 4217 code, as written on the account."""
    if code not in CURRENCIES:
        raise ValueError("is no currency; write its three letters, such as GBP")
    return code


def email(text: str, info: ValidationInfo) -> str:
    """An email address in lower case."""
    if info.context is None:  # read back from our own file, where it is in this form already
        return text
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(f"{text!r} is no email address: {error}") from error


def mobile(text: str, info: ValidationInfo) -> str:
    """A telephone number as +447700900001. Numbers reserved for drama are fine, so it need only be possible."""
    if info.context is None:
        return text
    try:
        number = phonenumbers.parse(text, info.context.region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"{text!r} is no telephone number; write it as +447700900001") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{text!r} has too few or too many digits; write it as +447700900001")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class Checking:
    """The circumstances in which a file is checked: whose country a number without + belongs to."""

    region: str | None


Words = Annotated[str, Field(min_length=1, max_length=200)]
Minor = Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
Currency = Annotated[str, AfterValidator(known_currency)]


class Record(BaseModel):
    """One line of the file. Unknown names are refused: a misspelt one would be lost silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Customer(Record):
    """Somebody to recognise; `id` is the company's own customer number, `locale` such as "en"."""

    kind: Literal["customer"]
    id: Words
    name: Words
    locale: Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] | None = None
    emails: tuple[Annotated[str, AfterValidator(email)], ...] = ()
    mobiles: tuple[Annotated[str, AfterValidator(mobile)], ...] = ()


class Account(Record):
    """Something that is billed, and whose it is."""

    kind: Literal["account"]
    number: Words
    name: Words
    currency: Currency
    customers: Annotated[tuple[Words, ...], Field(min_length=1)]


class Line(Record):
    """What a line of an invoice says and comes to; a discount is negative, tax has a line of its own."""

    description: Words
    amount_minor: Minor


class Invoice(Record):
    """An issued invoice, in its account's currency."""

    kind: Literal["invoice"]
    number: Words
    account: Words
    issued_on: date
    due_on: date
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    cancelled: bool = False

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Invoice":
        if sum(line.amount_minor for line in self.lines) < 0:
            raise ValueError("its lines come to less than nothing; send a credit instead")
        return self


class Mandate(Record):
    """A direct debit and its next collection, where that is announced."""

    kind: Literal["mandate"]
    reference: Words
    account: Words
    state: Literal["pending", "active", "cancelled", "failed"]
    next_on: date | None = None
    next_minor: Annotated[Minor, Field(gt=0)] | None = None


class Credit(Record):
    """Money received or given elsewhere: a bank transfer, a voucher."""

    kind: Literal["credit"]
    reference: Words
    account: Words
    amount_minor: Annotated[Minor, Field(gt=0)]


AnyRecord = Customer | Account | Invoice | Mandate | Credit
RECORD: TypeAdapter[AnyRecord] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="kind")])


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


async def import_bills(
    database: Database, source: Iterable[str | bytes], *, region: str | None = None, now: datetime | None = None
) -> Imported | NotImported:
    """Take in a file, given as its lines (an open file will do). Memory does not grow with the file.

    region: the country (GB) of mobile numbers written without +. Raises StoreError when the database fails.
    """
    problems = Problems()
    with TemporaryFile() as checked:
        try:
            await asyncio.to_thread(_check, source, Checking(region), checked, problems)
            if problems.found:
                return problems.told(more=False)
            at = now or datetime.now(UTC)
            return Imported(await database.write(lambda tx: _book_all(tx, checked, at, problems)))
        except NothingTakenError:
            return problems.told(more=False)
        except TooManyError:
            return problems.told(more=True)


# ── reading: before the database is asked for anything ──


def _check(source: Iterable[str | bytes], checking: Checking, checked: IO[bytes], problems: Problems) -> None:
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
    checked.seek(0)
    for number, line in enumerate(checked, start=1):
        if line != b"\n":
            record = RECORD.validate_json(line)
            try:
                counts[record.kind, book(tx, record, at)] += 1
            except imports.Refused as refusal:
                problems.add(number, str(refusal))
    if problems.found:
        raise NothingTakenError
    return counts


def book(tx: Tx, record: AnyRecord, at: datetime) -> imports.Outcome:
    """Bring one checked record into the store; raises store.imports.Refused."""
    match record:
        case Customer():
            identifiers = [("email", value) for value in record.emails] + [("mobile", v) for v in record.mobiles]
            return imports.save_customer(tx, record.id, record.name, record.locale, identifiers, at)
        case Account():
            return imports.save_account(tx, record.number, record.name, record.currency, record.customers, at)
        case Invoice():
            lines = [(line.description, line.amount_minor) for line in record.lines]
            invoice = InvoiceToBook(record.number, record.issued_on, record.due_on, lines)
            return imports.save_invoice(tx, record.account, invoice, record.cancelled, at)
        case Mandate():
            return imports.save_mandate(
                tx, record.reference, record.account, record.state, record.next_on, record.next_minor
            )
        case Credit():
            return imports.save_credit(tx, record.reference, record.account, record.amount_minor, at)
