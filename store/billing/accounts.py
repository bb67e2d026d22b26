"""Who the company bills: customers, what they can be recognised by, and their accounts."""

from collections.abc import Iterable
from datetime import datetime

from store.database import Tx
from store.ids import new_id
from store.times import stamp


def add_contact(
    tx: Tx,
    name: str,
    identifiers: Iterable[tuple[str, str]],
    at: datetime,
    *,
    reference: str | None = None,
    locale: str | None = None,
) -> str:
    """A new customer with (kind, value) identifiers, already in the form that `find_contact` takes; returns the id.

    `reference` is the customer's number in the company's systems. Raises Conflict when somebody else has an identifier.
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


def add_account(tx: Tx, number: str, name: str, currency: str, contacts: Iterable[str], at: datetime) -> str:
    """A new account of one or more contacts; `number` and `name` are what the customer sees. Returns the id."""
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
