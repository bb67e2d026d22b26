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

from chatbot.bills import Account, AnyRecord, Credit, Customer, Invoice, Line, Mandate
from chatbot.importing import book
from store import Database, Tx

VAT = "VAT 20%"


async def load_demo(database: Database, today: date) -> None:
    """Bring the demo's customers in, or what is still to pay of theirs up to date; a bill that was paid stays paid."""
    at = datetime.combine(today, time(9), UTC)

    def load(tx: Tx) -> None:
        for record in records(today):
            book(tx, record, at)

    await database.write(load)


async def bill_again(database: Database, today: date) -> None:
    """Send the customers who have paid everything new bills like the old ones, so that the demo never runs dry."""
    if await database.look(_paid_up):
        at = datetime.combine(today, time(9), UTC)
        await database.write(lambda tx: _bill_again(tx, today, at))


_PAID_UP = """
select a.number, count(e.payment) as times from accounts a join entries e on e.account = a.id
where a.number in ('NB-204417', 'NB-176043')
group by a.id, a.number having sum(e.amount_minor) <= 0 and count(e.payment) > 0
"""


def _paid_up(tx: Tx) -> dict[str, int]:
    """Return who has paid everything, and how often they have paid so far."""
    return {row["number"]: row["times"] for row in tx.all(_PAID_UP)}


def _bill_again(tx: Tx, today: date, at: datetime) -> None:
    times = _paid_up(tx)
    for record in records(today):
        if isinstance(record, Invoice) and record.account in times:
            number = int(record.number.removeprefix("INV-")) + 1000 * times[record.account]
            book(tx, record.model_copy(update={"number": f"INV-{number}"}), at)


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
        Mandate(
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
        Credit(kind="credit", reference="BACS-77120", account=account, amount_minor=2880),
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
        Credit(kind="credit", reference="BACS-77131", account=office, amount_minor=5400),
    ]


def _customer(reference: str, name: str, email: str, mobile: str) -> Customer:
    return Customer(kind="customer", id=reference, name=name, locale="en", emails=(email,), mobiles=(mobile,))


def _account(number: str, name: str, customer: str) -> Account:
    return Account(kind="account", number=number, name=name, currency="GBP", customers=(customer,))


def _invoice(number: str, account: str, due_on: date, *lines: tuple[str, int]) -> Invoice:
    return Invoice(
        kind="invoice",
        number=number,
        account=account,
        issued_on=due_on - timedelta(days=14),
        due_on=due_on,
        lines=tuple(Line(description=description, amount_minor=amount) for description, amount in lines),
    )
