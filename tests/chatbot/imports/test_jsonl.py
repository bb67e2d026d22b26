"""Importing bills: whole or not at all, repeatable, every problem reported."""

from collections.abc import Iterable
from typing import Any

import pytest

from chatbot.imports.jsonl import import_bills
from chatbot.imports.problems import MAX_PROBLEMS, NotImported
from store import Database
from store.billing.accounts import find_contact
from store.billing.statements import statements_of
from tests.chatbot.imports.bill_file import (
    ACCOUNT,
    ALL,
    CREDIT,
    CUSTOMER,
    INVOICE,
    MANDATE,
    TODAY,
    import_counts,
    import_records,
    owed,
    problems,
    tables,
)


async def test_a_file_becomes_a_statement(database: Database) -> None:
    assert await import_counts(database, *ALL) == {
        (kind, "added"): 1 for kind in ("customer", "account", "invoice", "mandate", "credit")
    }

    facts = (await owed(database)).as_facts()
    assert facts["balance_minor"] == 1400
    assert [(i["number"], i["amount_minor"]) for i in facts["invoices"]] == [("INV-1", 1400)]
    assert facts["mandate"] == {"next_on": "2026-12-01", "next_minor": 2400, "currency": "GBP"}


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    await import_records(database, *ALL)
    before = await tables(database)

    assert set((await import_counts(database, *ALL)).values()) == {1}
    assert {outcome for _, outcome in await import_counts(database, *ALL)} == {"unchanged"}
    assert await tables(database) == before


async def test_changed_records_are_updated(database: Database) -> None:
    await import_records(database, *ALL)

    assert await import_counts(
        database,
        CUSTOMER | {"name": "Ada Fenn"},
        ACCOUNT | {"name": "Fibre"},
        INVOICE | {"due_on": "2026-11-29"},
        MANDATE | {"next_on": "2026-12-08", "next_minor": 2500},
    ) == {(kind, "changed"): 1 for kind in ("customer", "account", "invoice", "mandate")}

    facts = (await owed(database)).as_facts()
    assert facts["account"]["name"] == "Fibre"
    assert facts["invoices"][0]["due_on"] == "2026-11-29"
    assert facts["mandate"]["next_minor"] == 2500


async def test_a_removed_email_identifies_nobody(database: Database) -> None:
    await import_records(database, CUSTOMER)
    await import_records(database, CUSTOMER | {"emails": ["new@example.com"]})

    found = await database.read(
        lambda tx: [find_contact(tx, "email", f"{name}@example.com") for name in ("ada", "new")]
    )
    assert found[0] is None
    assert found[1] is not None


async def test_an_email_can_move_to_another_customer_once_removed(database: Database) -> None:
    await import_records(database, CUSTOMER)
    heir = CUSTOMER | {"id": "C-2", "name": "Bo", "mobiles": []}

    (problem,) = await problems(database, heir)
    assert problem == (
        "line 1: another customer has the email ada@example.com; give it to one of them only,"
        " and put the customer who gave it up above the one who takes it over"
    )
    assert await import_counts(database, CUSTOMER | {"emails": []}, heir) == {
        ("customer", "changed"): 1,
        ("customer", "added"): 1,
    }


async def test_an_account_can_change_hands_and_have_two(database: Database) -> None:
    other = CUSTOMER | {"id": "C-2", "emails": ["bo@example.com"], "mobiles": []}
    await import_records(database, CUSTOMER, other, ACCOUNT | {"customers": ["C-1", "C-2"]})
    assert (await owed(database)).account == (await owed(database, "bo@example.com")).account

    assert await import_counts(database, ACCOUNT | {"customers": ["C-2"]}) == {("account", "changed"): 1}
    ada = await database.read(lambda tx: statements_of(tx, str(find_contact(tx, "email", "ada@example.com")), TODAY))
    assert ada == []


async def test_a_credit_may_name_the_invoice_that_it_pays(database: Database) -> None:
    later = INVOICE | {"number": "INV-2", "due_on": "2026-12-15"}
    named = CREDIT | {"amount_minor": 2400, "invoice": "INV-2"}
    await import_records(database, CUSTOMER, ACCOUNT, INVOICE, later, named)
    assert [invoice.number for invoice in (await owed(database)).invoices] == ["INV-1"]
    assert await import_counts(database, named) == {("credit", "unchanged"): 1}
    assert await problems(database, named | {"reference": "BACS-2", "invoice": "INV-9"}) == (
        "line 1: there is no invoice INV-9; put the invoice's line above this one",
    )


async def test_a_paid_invoice_never_reopens(database: Database) -> None:
    await import_records(database, *ALL, CREDIT | {"reference": "BACS-2", "amount_minor": 1400})
    assert (await owed(database)).account.balance_minor == 0

    assert await import_counts(database, INVOICE | {"due_on": "2027-01-01"}) == {("invoice", "unchanged"): 1}
    assert (await owed(database)).invoices == ()


async def test_a_cancelled_invoice_is_credited_once(database: Database) -> None:
    await import_records(database, CUSTOMER, ACCOUNT, INVOICE)
    for outcome in ("changed", "unchanged"):
        assert await import_counts(database, INVOICE | {"cancelled": True}) == {("invoice", outcome): 1}

    stand = await owed(database)
    assert (stand.account.balance_minor, stand.invoices) == (0, ())
    assert await import_counts(database, INVOICE | {"number": "INV-2", "cancelled": True}) == {("invoice", "added"): 1}
    assert (await owed(database)).account.balance_minor == 0


async def test_a_file_with_a_problem_imports_nothing(database: Database) -> None:
    before = await tables(database)

    assert await problems(database, *ALL, INVOICE | {"number": "INV-2", "account": "BB-9"}) == (
        "line 6: there is no account BB-9; put the account's line above this one",
    )
    assert await tables(database) == before


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (ACCOUNT | {"currency": "EUR"}, "line 1: account BB-1 is kept in GBP; open another account for EUR"),
        (ACCOUNT | {"customers": ["C-9"]}, "line 1: there is no customer C-9; put the customer's line above this one"),
        (INVOICE | {"lines": INVOICE["lines"][:1]}, "line 1: invoice INV-1 was booked with other lines"),
        (CREDIT | {"amount_minor": 1}, "line 1: credit BACS-1 was booked on another account or with another amount"),
    ],
)
async def test_a_record_that_contradicts_the_store_is_reported(
    database: Database, record: dict[str, Any], words: str
) -> None:
    await import_records(database, *ALL)
    (problem,) = await problems(database, record)
    assert problem.startswith(words)


async def test_every_problem_of_a_file_is_reported_at_once(database: Database) -> None:
    found = await problems(database, CUSTOMER | {"emails": ["no", "never"], "name": ""}, ACCOUNT | {"currency": "x"})
    assert [problem.split(":")[0] for problem in found] == ["line 1", "line 1", "line 1", "line 2"]


async def test_reading_stops_at_the_limit_of_problems(database: Database) -> None:
    def endless() -> Iterable[str]:
        while True:
            yield "not json\n"

    result = await import_bills(database, endless())
    assert isinstance(result, NotImported)
    assert len(result.problems) == MAX_PROBLEMS + 1
    assert result.problems[0].startswith("line 1: ")


async def test_names_of_every_script_are_kept_as_they_are(database: Database) -> None:
    names = ["می\u200cخواهم", "\u200fרות כהן", "क्\u200dष", "José O’Brien – Söhne", "👩\u200d👧 Ltd"]
    for name in names:
        await import_records(database, CUSTOMER | {"name": name})
        assert (await tables(database))["contacts"][0][2] == name
