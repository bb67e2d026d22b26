"""The demo's customers, of an internet provider, with invoices dated around today.

| email | mobile | has |
| --- | --- | --- |
| owes@example.com | +44 7700 900001 | £42.50 outstanding over two invoices, one of them overdue |
| dd@example.com | +44 7700 900002 | a direct debit, next collection dated and priced |
| clear@example.com | +44 7700 900003 | nothing to pay |
| many@example.com | +44 7700 900004 | two accounts, one of them owing |

The mobile numbers are from the range that Ofcom reserves for drama.
"""

from datetime import UTC, date, datetime, time, timedelta

from chatbot.imports.jsonl import book
from chatbot.imports.records import (
    AccountRecord,
    AnyRecord,
    CreditRecord,
    CustomerRecord,
    InvoiceLine,
    InvoiceRecord,
    MandateRecord,
)
from store import Database, Tx
from store.times import parse

VAT = "VAT 20%"

RENEWED_ACCOUNTS = ("NB-204417", "NB-176043")
"""The accounts that get a new invoice for each paid one."""
NUMBER_STEP = 1000
"""The distance between the numbers of an invoice and its renewal."""
GRACE = timedelta(minutes=5)
"""After a partial payment, how long to wait for the rest before the paid part is billed again."""


async def load_demo(database: Database, today: date) -> None:
    """Import the demo's customers. If they exist: move open invoices to new dates and renew the paid ones."""
    at = datetime.combine(today, time(9), UTC)

    def load(tx: Tx) -> None:
        for record in records(today):
            book(tx, _renewed(tx, record), at)

    await database.write(load)


async def renew_bills(database: Database, today: date, now: datetime) -> None:
    """Issue new invoices for paid ones, so that the demo always has something to pay."""
    if await database.read(lambda tx: any(_needs_renewal(tx, account, today, now) for account in RENEWED_ACCOUNTS)):
        await load_demo(database, today)


def _needs_renewal(tx: Tx, account: str, today: date, now: datetime) -> bool:
    full = sum(
        line.amount_minor
        for record in records(today)
        if isinstance(record, InvoiceRecord) and record.account == account
        for line in record.lines
    )
    [row] = tx.all(
        """select coalesce(sum(e.amount_minor), 0) as balance,
            max(case e.kind when 'payment' then e.booked_at end) as paid_at
        from accounts a join entries e on e.account = a.id where a.number = :number""",
        {"number": account},
    )
    if row["balance"] >= full or row["paid_at"] is None:
        return False
    return bool(row["balance"] <= 0) or parse(row["paid_at"]) < now - GRACE


def _renewed(tx: Tx, record: AnyRecord) -> AnyRecord:
    """Return the record with the number of its first renewal that is not paid; unchanged if it is not renewed."""
    if not isinstance(record, InvoiceRecord) or record.account not in RENEWED_ACCOUNTS:
        return record
    number = int(record.number.removeprefix("INV-"))
    while (
        known := tx.one("select state from invoices where number = :number", {"number": f"INV-{number}"})
    ) is not None:
        if known["state"] != "paid":
            break
        number += NUMBER_STEP
    return record.model_copy(update={"number": f"INV-{number}"})


def records(today: date) -> list[AnyRecord]:
    """Return all records of the demo, customers and accounts before the records that refer to them."""
    return [*_owes(today), *_pays_by_direct_debit(today), *_is_clear(today), *_has_two_accounts(today)]


def _owes(today: date) -> list[AnyRecord]:
    account = "NB-204417"
    return [
        _customer("C-1001", "Olivia Hart", "owes@example.com", "+447700900001"),
        _account(account, "Home broadband and phone, 4 Mill Lane", "C-1001"),
        _invoice("INV-30871", account, today - timedelta(days=5), ("Fibre 65, monthly charge", 2400), (VAT, 480)),
        _invoice(
            "INV-31206",
            account,
            today + timedelta(days=9),
            ("Evening and weekend calls", 800),
            ("Wi-Fi extender, last instalment", 342),
            (VAT, 228),
        ),
    ]


def _pays_by_direct_debit(today: date) -> list[AnyRecord]:
    account = "NB-198530"
    collected_on = today + timedelta(days=8)
    return [
        _customer("C-1002", "Daniel Okafor", "dd@example.com", "+447700900002"),
        _account(account, "Home broadband, Flat 2, 61 Harbour Street", "C-1002"),
        _invoice("INV-31210", account, collected_on, ("Fibre 150, monthly charge", 2900), (VAT, 580)),
        MandateRecord(
            kind="mandate",
            reference="NB-DD-198530",
            account=account,
            state="active",
            next_on=collected_on,
            next_minor=3480,
        ),
    ]


def _is_clear(today: date) -> list[AnyRecord]:
    account = "NB-211902"
    return [
        _customer("C-1003", "Clara Nowak", "clear@example.com", "+447700900003"),
        _account(account, "Home broadband, 15 Station Road", "C-1003"),
        _invoice("INV-30894", account, today - timedelta(days=12), ("Fibre 65, monthly charge", 2400), (VAT, 480)),
        CreditRecord(kind="credit", reference="BACS-77120", account=account, amount_minor=2880),
    ]


def _has_two_accounts(today: date) -> list[AnyRecord]:
    home, office = "NB-176043", "NB-220115"
    return [
        _customer("C-1004", "Maya Fernandes", "many@example.com", "+447700900004"),
        _account(home, "Home broadband, 27 Orchard Road", "C-1004"),
        _account(office, "Office broadband, Unit 5, The Maltings", "C-1004"),
        _invoice("INV-31214", home, today + timedelta(days=11), ("Fibre 80, monthly charge", 2600), (VAT, 520)),
        _invoice(
            "INV-30902", office, today - timedelta(days=10), ("Business Fibre 300, monthly charge", 4500), (VAT, 900)
        ),
        CreditRecord(kind="credit", reference="BACS-77131", account=office, amount_minor=5400),
    ]


def _customer(reference: str, name: str, email: str, mobile: str) -> CustomerRecord:
    return CustomerRecord(kind="customer", id=reference, name=name, locale="en", emails=(email,), mobiles=(mobile,))


def _account(number: str, name: str, customer: str) -> AccountRecord:
    return AccountRecord(kind="account", number=number, name=name, currency="GBP", customers=(customer,))


def _invoice(number: str, account: str, due_on: date, *lines: tuple[str, int]) -> InvoiceRecord:
    return InvoiceRecord(
        kind="invoice",
        number=number,
        account=account,
        issued_on=due_on - timedelta(days=14),
        due_on=due_on,
        lines=tuple(InvoiceLine(description=description, amount_minor=amount) for description, amount in lines),
    )
