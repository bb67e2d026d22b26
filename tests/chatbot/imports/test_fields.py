"""Imported emails and mobiles: found by what the customer types."""

import pytest

from chatbot.imports.jsonl import Imported
from flows.understanding.identifiers import find_identifiers
from store import Database
from store.billing.accounts import find_contact
from tests.chatbot.imports.bill_file import (
    CUSTOMER,
    import_counts,
    import_records,
)


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
