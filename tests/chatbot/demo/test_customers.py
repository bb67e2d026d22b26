"""The demo's customers keep their promised bills, on any day and after any number of starts."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from chatbot.demo.customers import GRACE, load_demo, renew_bills
from store import Database, Tx, open_database
from store.billing.accounts import find_contact
from store.billing.ledger import Entry, book_entry
from store.billing.statements import Statement, statements_of

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/billchat.db")
    await opened.migrate()
    await load_demo(opened, TODAY)
    yield opened
    await opened.close()


async def statements(database: Database, name: str, mobile: str, today: date = TODAY) -> list[Statement]:
    def read(tx: Tx) -> list[Statement]:
        contact = find_contact(tx, "email", f"{name}@example.com")
        assert contact is not None
        assert contact == find_contact(tx, "mobile", mobile)
        return statements_of(tx, contact, today)

    return await database.read(read)


async def test_one_owes_42_50_over_two_invoices(database: Database) -> None:
    (stand,) = await statements(database, "owes", "+447700900001")
    assert stand.owed_minor == stand.account.balance_minor == 4250
    assert stand.account.currency == "GBP"
    assert [invoice.overdue for invoice in stand.invoices] == [True, False]
    assert sum(invoice.amount_minor for invoice in stand.invoices) == 4250
    assert stand.mandate is None


async def test_one_pays_by_direct_debit(database: Database) -> None:
    (stand,) = await statements(database, "dd", "+447700900002")
    assert stand.mandate is not None
    assert stand.mandate.next_minor == stand.owed_minor == 3480
    assert stand.mandate.next_on is not None
    assert stand.mandate.next_on > TODAY.isoformat()


async def test_one_has_nothing_to_pay(database: Database) -> None:
    (stand,) = await statements(database, "clear", "+447700900003")
    assert (stand.owed_minor, stand.account.balance_minor, stand.invoices, stand.mandate) == (0, 0, (), None)


async def test_one_has_two_accounts_and_owes_on_one(database: Database) -> None:
    owing, clear = await statements(database, "many", "+447700900004")
    assert owing.owed_minor > 0
    assert clear.owed_minor == 0


async def test_loading_again_later_doubles_nothing_and_moves_the_dates(database: Database) -> None:
    later = TODAY + timedelta(days=100)
    await load_demo(database, later)
    await load_demo(database, later)

    (stand,) = await statements(database, "owes", "+447700900001", later)
    assert stand.owed_minor == 4250
    assert [invoice.overdue for invoice in stand.invoices] == [True, False]
    (stand,) = await statements(database, "dd", "+447700900002", later)
    assert stand.mandate is not None
    assert stand.mandate.next_on is not None
    assert stand.mandate.next_on > later.isoformat()


async def pay(database: Database, numbers: list[str], at: datetime) -> None:
    def settle(tx: Tx) -> None:
        for number in numbers:
            invoice = tx.one("select * from invoices where number = :number", {"number": number})
            assert invoice is not None
            tx.execute_count("update invoices set state = 'paid' where number = :number", {"number": number})
            book_entry(tx, Entry(invoice["account"], "payment", -invoice["total_minor"], "GBP", source=number), at)

    await database.write(settle)


async def owed(database: Database) -> int:
    return (await statements(database, "owes", "+447700900001"))[0].account.balance_minor


async def test_a_customer_with_everything_paid_is_billed_again(database: Database) -> None:
    for numbers in (["INV-30871", "INV-31206"], ["INV-31871", "INV-32206"]):
        await pay(database, numbers, NOW)
        assert await owed(database) == 0
        await renew_bills(database, TODAY, NOW)
        assert await owed(database) == 4250


async def test_a_customer_with_a_part_paid_may_finish_first(database: Database) -> None:
    await pay(database, ["INV-30871"], NOW)
    await renew_bills(database, TODAY, NOW)
    assert await owed(database) == 1370
    await renew_bills(database, TODAY, NOW + GRACE * 2)
    assert await owed(database) == 4250


async def test_a_demo_that_is_started_again_owes_everything(database: Database) -> None:
    await pay(database, ["INV-30871"], NOW)
    await load_demo(database, TODAY + timedelta(days=3))
    assert await owed(database) == 4250
