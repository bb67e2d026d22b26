"""Accounts: contacts are found by their identifiers, and see their own accounts only."""

from typing import Any

import pytest

from store import Conflict, Database, Tx
from store.billing.accounts import add_contact, contact_email, find_account, find_contact, owns
from tests.store import bills
from tests.store.bills import NOW


async def test_a_contact_is_found_by_exactly_its_identifiers(database: Database) -> None:
    def ask(tx: Tx) -> list[Any]:
        ada = add_contact(tx, "Ada", [("email", "ada@example.com"), ("mobile", "+447700900001")], NOW)
        return [
            find_contact(tx, "email", "ada@example.com") == ada,
            find_contact(tx, "mobile", "+447700900001") == ada,
            find_contact(tx, "mobile", "ada@example.com"),
            find_contact(tx, "email", "Ada@example.com"),
            contact_email(tx, ada),
            contact_email(tx, add_contact(tx, "Bo", [("mobile", "+447700900002")], NOW)),
        ]

    assert await database.write(ask) == [True, True, None, None, "ada@example.com", None]


async def test_an_identifier_belongs_to_one_contact(database: Database) -> None:
    await database.write(lambda tx: bills.customer(tx, "ada@example.com"))
    with pytest.raises(Conflict):
        await database.write(lambda tx: bills.customer(tx, "ada@example.com"))


async def test_a_contact_owns_its_accounts_and_no_others(database: Database) -> None:
    def ask(tx: Tx) -> None:
        ada, other = bills.customer(tx), bills.customer(tx)
        shared, foreign = bills.account(tx, ada, other), bills.account(tx, other)
        assert owns(tx, ada, shared)
        assert owns(tx, other, shared)
        assert not owns(tx, ada, foreign)

    await database.write(ask)


async def test_an_account_has_its_present_balance(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        bills.invoice(tx, account, 4250)
        bills.credit(tx, account, 250)
        found = find_account(tx, account)
        assert found is not None
        assert (found.id, found.currency, found.balance_minor) == (account, "GBP", 4000)
        assert find_account(tx, "none") is None

    await database.write(ask)
