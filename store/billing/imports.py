"""Imports of records from the company's billing: each is added, changed or found unchanged, and never doubled.

Every function returns an ImportOutcome, or raises RecordRefused for a record that contradicts the store. History stays:
an invoice keeps its lines and total, a paid invoice never reopens, a credit is booked once.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum

from store.billing import payment_links
from store.billing.accounts import add_account, add_contact, lock_account
from store.billing.ledger import MAX_MINOR, Entry, InvoiceToBook, book_entry, book_invoice, cancel_invoice, settle
from store.database import Row, Tx
from store.ids import new_id

IMPORT_LOCK = "imports"
"""Serialises imports: of two files at the same time, the second waits, as long as for any lock."""


class ImportOutcome(StrEnum):
    """The effect of importing a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class RecordRefused(Exception):
    """A record that contradicts the store; the message says how, and names the remedy."""


def save_customer(
    tx: Tx, reference: str, name: str, locale: str | None, identifiers: Sequence[tuple[str, str]], at: datetime
) -> ImportOutcome:
    """Save a customer with exactly these (kind, value) identifiers. Open links go with one that is taken away."""
    tx.advisory_lock(IMPORT_LOCK)
    known = tx.one("select id, name, locale from contacts where reference = :reference", {"reference": reference})
    if known is None:
        contact = add_contact(tx, name, (), at, reference=reference, locale=locale)
        _add_identifiers(tx, contact, identifiers)
        return ImportOutcome.ADDED
    contact = known["id"]
    renamed = tx.execute_count(
        "update contacts set name = :name, locale = :locale"
        " where id = :id and (name <> :name or coalesce(locale, '') <> coalesce(:locale, ''))",
        {"id": contact, "name": name, "locale": locale},
    )
    rows = tx.all("select kind, value from identifiers where contact = :contact", {"contact": contact})
    had = {(row["kind"], row["value"]) for row in rows}
    gone = had.difference(identifiers)
    for kind, value in gone:
        tx.execute("delete from identifiers where kind = :kind and value = :value", {"kind": kind, "value": value})
    if gone:
        payment_links.revoke_links(tx, contact)
    _add_identifiers(tx, contact, [identifier for identifier in identifiers if identifier not in had])
    return ImportOutcome.CHANGED if renamed or had != set(identifiers) else ImportOutcome.UNCHANGED


def _add_identifiers(tx: Tx, contact: str, identifiers: Iterable[tuple[str, str]]) -> None:
    for kind, value in dict.fromkeys(identifiers):
        added = tx.execute_count(
            "insert into identifiers (kind, value, contact) values (:kind, :value, :contact)"
            " on conflict (kind, value) do nothing",
            {"kind": kind, "value": value, "contact": contact},
        )
        if not added:
            raise RecordRefused(
                f"another customer has the {kind} {value}; give it to one of them only,"
                " and put the customer who gave it up above the one who takes it over"
            )


def save_account(
    tx: Tx, number: str, name: str, currency: str, customers: Sequence[str], at: datetime
) -> ImportOutcome:
    """Save an account that belongs to exactly these customers (references). A former owner's open links are revoked."""
    tx.advisory_lock(IMPORT_LOCK)
    owners = {_contact(tx, reference) for reference in customers}
    known = tx.one("select id, name, currency from accounts where number = :number", {"number": number})
    if known is None:
        add_account(tx, number, name, currency, sorted(owners), at)
        return ImportOutcome.ADDED
    if known["currency"] != currency:
        raise RecordRefused(f"account {number} is kept in {known['currency']}; open another account for {currency}")
    account = known["id"]
    if known["name"] != name:
        tx.execute("update accounts set name = :name where id = :id", {"id": account, "name": name})
    had = {
        row["contact"] for row in tx.all("select contact from account_contacts where account = :id", {"id": account})
    }
    if had == owners:
        return ImportOutcome.UNCHANGED if known["name"] == name else ImportOutcome.CHANGED
    lock_account(tx, account)  # a link that is being made has committed, or will see the new owners
    pairs = [{"account": account, "contact": contact} for contact in had - owners]
    tx.execute_many("delete from account_contacts where account = :account and contact = :contact", pairs)
    pairs = [{"account": account, "contact": contact} for contact in owners - had]
    tx.execute_many("insert into account_contacts (account, contact) values (:account, :contact)", pairs)
    payment_links.revoke_links_of_others(tx, account)
    return ImportOutcome.CHANGED


def _contact(tx: Tx, reference: str) -> str:
    row = tx.one("select id from contacts where reference = :reference", {"reference": reference})
    if row is None:
        raise RecordRefused(f"there is no customer {reference}; put the customer's line above this one")
    contact: str = row["id"]
    return contact


def save_invoice(tx: Tx, account: str, invoice: InvoiceToBook, cancelled: bool, at: datetime) -> ImportOutcome:
    """Save an invoice on an account (number). An unpaid invoice may change its dates; any may be cancelled."""
    owner = _account(tx, account)
    known = tx.one(
        "select id, account, issued_on, due_on, total_minor, state from invoices where number = :number",
        {"number": invoice.number},
    )
    if known is None:
        _refuse_beyond_bounds(tx, owner, invoice.total_minor)
        added = book_invoice(tx, owner["id"], owner["currency"], invoice, at)
        if cancelled:
            cancel_invoice(tx, added, at)
        settle(tx, owner["id"])
        return ImportOutcome.ADDED
    if known["account"] != owner["id"]:
        raise RecordRefused(f"invoice {invoice.number} was booked on another account; use another number")
    if known["total_minor"] != invoice.total_minor or _lines(tx, known["id"]) != [*invoice.lines]:
        raise RecordRefused(
            f"invoice {invoice.number} was booked with other lines and an issued invoice stays as it is;"
            " cancel it and send a new one, or send a credit"
        )
    if cancelled and known["state"] != "cancelled":
        cancel_invoice(tx, known["id"], at)
        settle(tx, owner["id"])
        payment_links.check_pages(tx, owner["id"])
        return ImportOutcome.CHANGED
    return _change_dates(tx, known, invoice)


def _change_dates(tx: Tx, known: Row, invoice: InvoiceToBook) -> ImportOutcome:
    dates = {"issued_on": invoice.issued_on.isoformat(), "due_on": invoice.due_on.isoformat()}
    same = (known["issued_on"], known["due_on"]) == (dates["issued_on"], dates["due_on"])
    if same or known["state"] in ("paid", "cancelled"):
        return ImportOutcome.UNCHANGED
    tx.execute(
        "update invoices set issued_on = :issued_on, due_on = :due_on where id = :id", {"id": known["id"], **dates}
    )
    return ImportOutcome.CHANGED


def _refuse_beyond_bounds(tx: Tx, account: Row, amount_minor: int) -> None:
    """Refuse an amount with which an account's debits or its credits come to more than MAX_MINOR.

    The two are bounded apart, so that a sum over all entries fits 64 bits in whatever order they are added up.
    """
    bounded = "amount_minor > 0" if amount_minor > 0 else "amount_minor < 0"
    row = tx.one(
        f"select cast(coalesce(sum(amount_minor), 0) as bigint) as total from entries"
        f" where account = :account and {bounded}",
        {"account": account["id"]},
    )
    if row is not None and abs(row["total"] + amount_minor) > MAX_MINOR:
        raise RecordRefused(
            f"account {account['number']} would come to more than {MAX_MINOR} minor units; check the amounts"
        )


def _account(tx: Tx, number: str) -> Row:
    tx.advisory_lock(IMPORT_LOCK)
    row = tx.one("select id, number, currency from accounts where number = :number", {"number": number})
    if row is None:
        raise RecordRefused(f"there is no account {number}; put the account's line above this one")
    return row


def _lines(tx: Tx, invoice: str) -> list[tuple[str, int]]:
    rows = tx.all(
        "select description, amount_minor from invoice_lines where invoice = :invoice order by position",
        {"invoice": invoice},
    )
    return [(row["description"], row["amount_minor"]) for row in rows]


def save_mandate(
    tx: Tx, reference: str, account: str, state: str, next_on: date | None, next_minor: int | None
) -> ImportOutcome:
    """Save a direct debit on an account (number), pending, active, cancelled or failed, and its next collection."""
    payer = _account(tx, account)
    mandate = {
        "reference": reference,
        "account": payer["id"],
        "state": state,
        "next_on": next_on.isoformat() if next_on else None,
        "next_minor": next_minor,
        "currency": payer["currency"],
    }
    known = tx.one(
        "select reference, account, state, next_on, next_minor, currency from mandates where reference = :reference",
        {"reference": reference},
    )
    if known is None:
        tx.execute(
            "insert into mandates (id, account, reference, state, next_on, next_minor, currency)"
            " values (:id, :account, :reference, :state, :next_on, :next_minor, :currency)",
            {"id": new_id(), **mandate},
        )
        payment_links.check_pages(tx, payer["id"])
        return ImportOutcome.ADDED
    if known["account"] != payer["id"]:
        raise RecordRefused(
            f"direct debit {reference} collects for another account; cancel it there and use another reference"
        )
    if dict(known) == mandate:
        return ImportOutcome.UNCHANGED
    tx.execute(
        "update mandates set state = :state, next_on = :next_on, next_minor = :next_minor where reference = :reference",
        mandate,
    )
    payment_links.check_pages(tx, payer["id"])
    return ImportOutcome.CHANGED


def save_credit(
    tx: Tx, reference: str, account: str, amount_minor: int, at: datetime, invoice: str | None = None
) -> ImportOutcome:
    """Save a credit from outside the chat (a bank transfer, a voucher).

    It covers the invoice (number) that it names, and with the rest, or without a name, the invoices due first.
    """
    credited = _account(tx, account)
    source = f"imported:{reference}"
    named = None if invoice is None else _invoice_of(tx, invoice, credited)
    entry = Entry(credited["id"], "credit", -amount_minor, credited["currency"], source, invoice=named)
    known = tx.one(
        "select account, amount_minor, invoice from entries where kind = 'credit' and source = :source",
        {"source": source},
    )
    if known is None:
        _refuse_beyond_bounds(tx, credited, entry.amount_minor)
        book_entry(tx, entry, at)
        payment_links.check_pages(tx, credited["id"])
        settle(tx, credited["id"])
        return ImportOutcome.ADDED
    if (known["account"], known["amount_minor"]) != (entry.account, entry.amount_minor):
        raise RecordRefused(
            f"credit {reference} was booked on another account or with another amount; use another reference"
        )
    if known["invoice"] != entry.invoice:
        raise RecordRefused(
            f"credit {reference} was booked for another invoice or for none, and stays so; leave `invoice` as it was"
        )
    return ImportOutcome.UNCHANGED


def _invoice_of(tx: Tx, number: str, account: Row) -> str:
    """Return the id of an invoice of the account."""
    row = tx.one("select id, account from invoices where number = :number", {"number": number})
    if row is None:
        raise RecordRefused(f"there is no invoice {number}; put the invoice's line above this one")
    if row["account"] != account["id"]:
        raise RecordRefused(f"invoice {number} is of another account; a credit pays invoices of its own account only")
    found: str = row["id"]
    return found
