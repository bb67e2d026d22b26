"""Contacts (customers), the identifiers they are recognised by, and their accounts."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from store.database import Tx
from store.ids import new_id
from store.records import record
from store.times import stamp


class Account(Struct, frozen=True):
    """A billed account. Money in minor units; a negative balance is credit."""

    id: str
    number: str
    name: str
    currency: str
    balance_minor: int


FIND_CONTACT = "select contact from identifiers where kind = :kind and value = :value"
IDENTIFIERS = "select kind, value from identifiers where contact = :contact"
OWNS = "select 1 from account_contacts where contact = :contact and account = :account"
BALANCE = "cast(coalesce((select sum(amount_minor) from entries where account = a.id), 0) as bigint)"
ACCOUNT = f"select a.id, a.number, a.name, a.currency, {BALANCE} as balance_minor from accounts a where a.id = :account"


def add_contact(
    tx: Tx,
    name: str,
    identifiers: Iterable[tuple[str, str]],
    at: datetime,
    *,
    reference: str | None = None,
    locale: str | None = None,
) -> str:
    """Write a new contact with (kind, value) identifiers in the form that `find_contact` takes; returns the id.

    `reference` is the customer's number in the company's systems. Raises Conflict for an identifier already in use.
    """
    contact = new_id()
    tx.execute(
        "insert into contacts (id, reference, name, locale, created_at) values (:id, :reference, :name, :locale, :at)",
        {"id": contact, "reference": reference, "name": name, "locale": locale, "at": stamp(at)},
    )
    tx.execute_many(
        "insert into identifiers (kind, value, contact) values (:kind, :value, :contact)",
        [{"kind": kind, "value": value, "contact": contact} for kind, value in identifiers],
    )
    return contact


def find_contact(tx: Tx, kind: str, value: str) -> str | None:
    """Return the contact with an identifier: kind "email" (lower case) or "mobile" (+447700900001)."""
    row = tx.one(FIND_CONTACT, {"kind": kind, "value": value})
    return row["contact"] if row else None


def contact_email(tx: Tx, contact: str) -> str | None:
    """Return a contact's email address; of several, the alphabetically first."""
    rows = tx.all(IDENTIFIERS, {"contact": contact})
    return min((row["value"] for row in rows if row["kind"] == "email"), default=None)


LONG_NUMBERS = """
select a.number from account_contacts c join accounts a on a.id = c.account
where c.contact = :contact and length(a.number) >= :digits
union all
select i.number from account_contacts c join invoices i on i.account = c.account
where c.contact = :contact and length(i.number) >= :digits
limit 1000
"""


def long_numbers(tx: Tx, contact: str) -> list[str]:
    """Return those of a contact's account and invoice numbers that have room for a card number's 12 digits."""
    return [row["number"] for row in tx.all(LONG_NUMBERS, {"contact": contact, "digits": 12})]


def add_account(tx: Tx, number: str, name: str, currency: str, contacts: Iterable[str], at: datetime) -> str:
    """Write a new account of one or more contacts; returns the id. Customers see `number` and `name`."""
    account = new_id()
    tx.execute(
        "insert into accounts (id, number, name, currency, created_at) values (:id, :number, :name, :currency, :at)",
        {"id": account, "number": number, "name": name, "currency": currency, "at": stamp(at)},
    )
    tx.execute_many(
        "insert into account_contacts (account, contact) values (:account, :contact)",
        [{"account": account, "contact": contact} for contact in contacts],
    )
    return account


def find_account(tx: Tx, account: str) -> Account | None:
    """Return an account with its present balance."""
    row = tx.one(ACCOUNT, {"account": account})
    return record(row, Account) if row else None


def owns(tx: Tx, contact: str, account: str) -> bool:
    """Whether the account is this contact's. Check before revealing anything about an account."""
    return tx.one(OWNS, {"contact": contact, "account": account}) is not None


def lock_account(tx: Tx, account: str) -> None:
    """Lock an account until the transaction ends: no other transaction books on it or makes a link for it."""
    tx.lock_rows("select id from accounts where id = :account", {"account": account})
