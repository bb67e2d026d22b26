"""The demo's customers: an internet provider's, with bills that look as if they were sent this month.

| email | mobile | has |
| --- | --- | --- |
| owes@example.com | +44 7700 900001 | £42.50 outstanding over two invoices, one of them overdue |
| dd@example.com | +44 7700 900002 | a direct debit, next collection dated and priced |
| clear@example.com | +44 7700 900003 | nothing to pay |
| many@example.com | +44 7700 900004 | two accounts, one of them owing |

The numbers are from the range that Ofcom reserves for drama.
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


BILLED_AGAIN = ("NB-204417", "NB-176043")
"""The accounts that get a new invoice in place of each that was paid."""
STEP = 1000
"""How far the numbers of an invoice and of the one in its place are apart."""
PATIENCE = timedelta(minutes=5)
"""Who has paid only a part is let finish before the paid part is billed again."""


async def load_demo(database: Database, today: date) -> None:
    """Bring the demo's customers in, or what is still to pay of theirs up to date, with new bills for those paid."""
    at = datetime.combine(today, time(9), UTC)

    def load(tx: Tx) -> None:
        for record in records(today):
            book(tx, _in_its_place(tx, record), at)

    await database.write(load)


async def bill_again(database: Database, today: date, now: datetime) -> None:
    """Send new bills to who has paid theirs, so that the demo never runs dry."""
    if await database.read(lambda tx: any(_is_due(tx, account, today, now) for account in BILLED_AGAIN)):
        await load_demo(database, today)


def _is_due(tx: Tx, account: str, today: date, now: datetime) -> bool:
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
    return bool(row["balance"] <= 0) or parse(row["paid_at"]) < now - PATIENCE


def _in_its_place(tx: Tx, record: AnyRecord) -> AnyRecord:
    """Return the invoice that stands where this one began: itself, or the newest that took a paid one's place."""
    if not isinstance(record, InvoiceRecord) or record.account not in BILLED_AGAIN:
        return record
    number = int(record.number.removeprefix("INV-"))
    while (
        known := tx.one("select state from invoices where number = :number", {"number": f"INV-{number}"})
    ) is not None:
        if known["state"] != "paid":
            break
        number += STEP
    return record.model_copy(update={"number": f"INV-{number}"})


def records(today: date) -> list[AnyRecord]:
    """Everything the demo starts with, what is referred to first."""
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
