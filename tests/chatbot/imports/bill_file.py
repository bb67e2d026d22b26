"""Records of a small bill file, and its import."""

import json
from datetime import date
from typing import Any

from chatbot.imports.jsonl import Imported, import_bills
from chatbot.imports.problems import NotImported
from store import Database
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
LINE: Record = {"description": "A", "amount_minor": 100}
CREDIT: Record = {"kind": "credit", "reference": "BACS-1", "account": "BB-1", "amount_minor": 1000}
ALL = [CUSTOMER, ACCOUNT, INVOICE, MANDATE, CREDIT]


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
