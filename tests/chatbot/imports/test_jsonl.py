"""Importing bills: whole or not at all, repeatable, every problem reported."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chatbot.imports.jsonl import MAX_PROBLEMS, Imported, NotImported, import_bills
from flows.understanding.identifiers import find_identifiers
from store import Database, open_database
from store.billing.accounts import find_contact
from store.billing.statements import Statement, statements_of

TODAY = date(2026, 11, 23)

Record = dict[str, Any]

CUSTOMER: Record = {
    "kind": "customer",
    "id": "C-1",
    "name": "Ada Moss",
    "locale": "en",
    "emails": ["Ada@Example.com"],
    "mobiles": ["+44 7700 900001"],
}
ACCOUNT: Record = {
    "kind": "account",
    "number": "BB-1",
    "name": "Home broadband",
    "currency": "GBP",
    "customers": ["C-1"],
}
INVOICE: Record = {
    "kind": "invoice",
    "number": "INV-1",
    "account": "BB-1",
    "issued_on": "2026-11-01",
    "due_on": "2026-11-15",
    "lines": [{"description": "Fibre 80", "amount_minor": 2000}, {"description": "VAT 20%", "amount_minor": 400}],
}
MANDATE: Record = {
    "kind": "mandate",
    "reference": "DD-1",
    "account": "BB-1",
    "state": "active",
    "next_on": "2026-12-01",
    "next_minor": 2400,
}
CREDIT: Record = {"kind": "credit", "reference": "BACS-1", "account": "BB-1", "amount_minor": 1000}
ALL = [CUSTOMER, ACCOUNT, INVOICE, MANDATE, CREDIT]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/billchat.db")
    await opened.migrate()
    yield opened
    await opened.close()


async def import_records(
    database: Database, *records: dict[str, Any], region: str | None = None
) -> Imported | NotImported:
    return await import_bills(database, [json.dumps(record) + "\n" for record in records], region=region)


async def import_counts(database: Database, *records: dict[str, Any]) -> dict[tuple[str, str], int]:
    result = await import_records(database, *records)
    assert isinstance(result, Imported), result
    return dict(result.counts)


async def problems(database: Database, *records: dict[str, Any]) -> tuple[str, ...]:
    result = await import_records(database, *records)
    assert isinstance(result, NotImported)
    return result.problems


async def owed(database: Database, email: str = "ada@example.com") -> Statement:
    def read(tx: Any) -> Statement:
        contact = find_contact(tx, "email", email)
        assert contact is not None
        return statements_of(tx, contact, TODAY)[0]

    return await database.read(read)


async def tables(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    names = [
        "contacts",
        "identifiers",
        "accounts",
        "account_contacts",
        "invoices",
        "invoice_lines",
        "entries",
        "mandates",
    ]
    return await database.read(
        lambda tx: {name: [tuple(dict(row).values()) for row in tx.all(f"select * from {name}")] for name in names}
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
        ({"kind": "customer", "id": "C-1", "name": ""}, "name: String should have at least 1 character"),
        (CUSTOMER | {"emails": ["ada@example.com", "no"]}, "emails.1: Value error, 'no' is no email address"),
        (
            CUSTOMER | {"mobiles": ["07700 900001"]},
            "mobiles.0: Value error, '07700 900001' is no telephone number; write",
        ),
        (CUSTOMER | {"mobiles": ["+44 77"]}, "mobiles.0: Value error, '+44 77' has too few or too many digits"),
        (CUSTOMER | {"colour": "red"}, "colour: Extra inputs are not permitted"),
        (CUSTOMER | {"kind": "person"}, "kind"),
        (ACCOUNT | {"currency": "QQQ"}, "currency: Value error, is no currency in use"),
        (ACCOUNT | {"currency": "XXX"}, "currency: Value error, is no currency in use"),
        (ACCOUNT | {"currency": "DEM"}, "currency: Value error, is no currency in use"),
        (ACCOUNT | {"customers": []}, "customers: Value error, holds nothing"),
        (INVOICE | {"due_on": "15/11/2026"}, "due_on: "),
        (INVOICE | {"lines": [{"description": "A", "amount_minor": 24.5}]}, "lines.0.amount_minor: "),
        (INVOICE | {"lines": [{"description": "A", "amount_minor": -1}]}, "send a credit instead"),
        (CREDIT | {"amount_minor": -5}, "amount_minor: Input should be greater than 0"),
    ],
)
async def test_an_invalid_record_is_reported_with_its_line_and_field(
    database: Database, record: dict[str, Any], words: str
) -> None:
    (problem,) = await problems(database, record)
    assert problem.startswith("line 1: ")
    assert words in problem


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


async def test_invalid_bytes_blank_lines_and_a_byte_order_mark_are_handled(database: Database) -> None:
    lines = [b"\xef\xbb\xbf" + json.dumps(CUSTOMER).encode() + b"\r\n", b"\r\n", b"\xff\xfe\x00\n"]
    result = await import_bills(database, lines)
    assert isinstance(result, NotImported)
    (problem,) = result.problems
    assert problem.startswith("line 3: ")
    assert isinstance(await import_bills(database, lines[:2]), Imported)


async def test_a_national_number_needs_its_country(database: Database) -> None:
    result = await import_records(database, CUSTOMER | {"mobiles": ["07700 900001"]}, region="GB")
    assert isinstance(result, Imported)
    assert await database.read(lambda tx: find_contact(tx, "mobile", "+447700900001")) is not None


@pytest.mark.parametrize(
    ("imported", "typed"),
    [
        ("o’brien@example.com", "o'brien@example.com"),
        ("ﬁona@example.com", "fiona@example.com"),
        ("\ufeffada@example.com", "ada@example.com"),
        ("mary\u2011ann@example.com", "mary-ann@example.com"),
        ("ada@exam\u00adple.com\u200e", "Ada@Example.com"),
    ],
)
async def test_a_customer_is_found_by_the_email_that_was_imported(
    database: Database, imported: str, typed: str
) -> None:
    await import_records(database, CUSTOMER | {"emails": [imported]})
    for text in (imported, typed):
        (identifier,) = find_identifiers(text, "GB", ("GB",)).identifiers
        assert await database.read(lambda tx, value=identifier.value: find_contact(tx, "email", value)) is not None


async def test_importing_again_corrects_an_email_that_was_stored_as_it_was_written(database: Database) -> None:
    await import_records(database, CUSTOMER | {"emails": ["o'brien@example.com"]})
    stored_before = {"before": "o’brien@example.com"}
    await database.write(
        lambda tx: tx.execute("update identifiers set value = :before where kind = 'email'", stored_before)
    )

    again = CUSTOMER | {"emails": ["o’brien@example.com"]}
    assert await import_counts(database, again) == {("customer", "changed"): 1}
    assert await database.read(lambda tx: find_contact(tx, "email", "o'brien@example.com")) is not None
    assert await import_counts(database, again) == {("customer", "unchanged"): 1}


async def test_a_mobile_with_typographic_dashes_is_imported(database: Database) -> None:
    await import_records(database, CUSTOMER | {"mobiles": ["\u202a+44\u00a07700\u2011900001\u202c"]})
    assert await database.read(lambda tx: find_contact(tx, "mobile", "+447700900001")) is not None
