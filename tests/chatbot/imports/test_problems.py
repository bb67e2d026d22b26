"""Files that are refused: each problem names its line and field, in words for the operator."""

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from chatbot.imports.jsonl import Imported, import_bills
from chatbot.imports.lines import MAX_LINE
from chatbot.imports.problems import NotImported
from store import Database
from tests.chatbot.imports.bill_file import (
    ACCOUNT,
    ALL,
    CREDIT,
    CUSTOMER,
    INVOICE,
    LINE,
    MANDATE,
    import_records,
    owed,
    problems,
)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"kind": "customer", "id": "C-1", "name": ""}, "name: is empty"),
        (CUSTOMER | {"name": " \u200b "}, "name: is empty"),
        (CUSTOMER | {"name": "A" * 201}, "name: has more than 200 characters"),
        (CUSTOMER | {"name": 5}, "name: must be text in quotes"),
        (CUSTOMER | {"name": "Ada\nMoss"}, "name: holds the control character U+000A; leave it out"),
        (CUSTOMER | {"name": "Ada\rMoss"}, "name: holds the control character U+000D; leave it out"),
        (CUSTOMER | {"name": "Ada\x00"}, "name: holds the control character U+0000; leave it out"),
        (CUSTOMER | {"name": "Ada\u2028Moss"}, "name: holds the control character U+2028; leave it out"),
        (CUSTOMER | {"name": "\u202eAda"}, "name: holds the control character U+202E; leave it out"),
        (CUSTOMER | {"name": "\ud800"}, "name: holds half of a surrogate pair; leave it out"),
        (CUSTOMER | {"id": "C\u200b-1"}, "id: holds the invisible or lost character U+200B; leave it out"),
        (CUSTOMER | {"id": "C-\ufffd"}, "id: holds the invisible or lost character U+FFFD; leave it out"),
        (CUSTOMER | {"locale": "English"}, "locale: is no language; write it as en or es-MX"),
        (CUSTOMER | {"emails": "ada@example.com"}, "emails: must be a list in brackets"),
        (CUSTOMER | {"emails": ["ada@example.com", "no"]}, "emails.1: 'no' is no email address; write it as ada@"),
        (CUSTOMER | {"mobiles": ["07700 900001"]}, "mobiles.0: '07700 900001' is no mobile number; write it as +44"),
        (CUSTOMER | {"mobiles": ["+44 77"]}, "mobiles.0: '+44 77' is no mobile number; write it as +447700900001"),
        (CUSTOMER | {"mobiles": ["+44 7700 FLOWER"]}, "mobiles.0: '+44 7700 FLOWER' is no mobile number"),
        (CUSTOMER | {"mobiles": ["+44 7700 900001 ext 5"]}, "mobiles.0: '+44 7700 900001 ext 5' is no mobile number"),
        (CUSTOMER | {"mobiles": ["+44 20 7946 0018"]}, "mobiles.0: '+44 20 7946 0018' is no mobile but a landline"),
        (CUSTOMER | {"colour": "red"}, "colour: is no key of this kind; check its spelling"),
        (CUSTOMER | {"col\x1b[2Jour": "red"}, "col\\x1b[2Jour: is no key of this kind; check its spelling"),
        (CUSTOMER | {"kind": "person"}, "kind: must be 'customer', 'account', 'invoice', 'mandate', 'credit'"),
        ({"id": "C-1"}, "kind: is missing"),
        (ACCOUNT | {"currency": "QQQ"}, "currency: is no currency in use; write its three letters, such as GBP"),
        (ACCOUNT | {"currency": "XXX"}, "currency: is no currency in use"),
        (ACCOUNT | {"currency": "DEM"}, "currency: is no currency in use"),
        (ACCOUNT | {"customers": []}, "customers: holds nothing; at least one is needed"),
        ({k: v for k, v in ACCOUNT.items() if k != "name"}, "name: is missing"),
        (INVOICE | {"due_on": "15/11/2026"}, 'due_on: must be a day in quotes, as in "2026-11-15"'),
        (INVOICE | {"due_on": 0}, 'due_on: must be a day in quotes, as in "2026-11-15"'),
        (INVOICE | {"due_on": 1795000000}, 'due_on: must be a day in quotes, as in "2026-11-15"'),
        (INVOICE | {"due_on": "1795000000"}, 'due_on: must be a day in quotes, as in "2026-11-15"'),
        (INVOICE | {"due_on": "2026-11-15T00:00:00Z"}, 'due_on: must be a day in quotes, as in "2026-11-15"'),
        (INVOICE | {"due_on": "2026-02-30"}, "due_on: is a day that the calendar does not have"),
        (INVOICE | {"due_on": "0026-11-15"}, "due_on: is no day between 1900 and 2199"),
        (INVOICE | {"due_on": "2026-10-31"}, "line 1: due_on is before issued_on; check the two days"),
        (INVOICE | {"cancelled": 1}, "cancelled: must be true or false"),
        (INVOICE | {"cancelled": "yes"}, "cancelled: must be true or false"),
        (INVOICE | {"lines": ["A"]}, "lines.0: must be an object in braces"),
        (INVOICE | {"lines": [LINE | {"amount_minor": 24.5}]}, "lines.0.amount_minor: must be a whole number of minor"),
        (INVOICE | {"lines": [LINE | {"amount_minor": "24"}]}, "lines.0.amount_minor: must be a whole number of minor"),
        (INVOICE | {"lines": [LINE | {"amount_minor": True}]}, "lines.0.amount_minor: must be a whole number of minor"),
        (INVOICE | {"lines": [LINE | {"amount_minor": 1e400}]}, "line 1: holds Infinity, which is no number"),
        (INVOICE | {"lines": [LINE | {"amount_minor": 2**53 + 1}]}, "amount_minor: must be at most 9007199254740992"),
        (INVOICE | {"lines": [LINE | {"amount_minor": -1}]}, "line 1: its lines come to less than nothing; send a cr"),
        (INVOICE | {"lines": [LINE | {"amount_minor": 2**53}] * 2}, "its lines come to more than 9007199254740992 mi"),
        (
            INVOICE | {"lines": [LINE | {"description": "Fibre\n80"}]},
            "lines.0.description: holds the control character",
        ),
        (MANDATE | {"state": "paused"}, "state: must be 'pending', 'active', 'cancelled' or 'failed'"),
        (MANDATE | {"next_on": 20261201}, 'next_on: must be a day in quotes, as in "2026-11-15"'),
        (CREDIT | {"amount_minor": -5}, "amount_minor: must be above 0"),
    ],
)
async def test_an_invalid_record_is_reported_with_its_line_and_field(
    database: Database, record: dict[str, Any], words: str
) -> None:
    (problem,) = await problems(database, record)
    assert problem.startswith("line 1: ")
    assert words in problem
    assert not any(
        of_the_library in problem for of_the_library in ("Value error", "Input should", "permitted", "valid ")
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"kind": "customer", "id": "C-2", "name": "René"}'.encode("latin-1"), "is not UTF-8 (0xE9 is byte 47); save"),
        (b"\xff\xfe\x00\n", "is not UTF-8 (0xFF is byte 1); save the file as UTF-8"),
        (b"not json", "is no valid JSON from column 1 on; put one whole record on each line"),
        (b'{"kind": "customer",', "is no valid JSON from column 21 on"),
        (b'{"kind": "customer"} {}', "is no valid JSON from column 22 on"),
        (b"[]", "must be a JSON object: a record in braces"),
        (b"5", "must be a JSON object: a record in braces"),
        (b'{"kind": "credit", "amount_minor": NaN}', "holds NaN, which is no number"),
        (b'{"kind": "credit", "amount_minor": 1, "amount_minor": 2}', "has the key 'amount_minor' twice"),
        (b"9" * 5000, "holds a number that is too long"),
        (b"[" * 100_000, "is nested too deeply for a record"),
        (b'{"kind": "customer", "name": "' + b"a" * MAX_LINE, "is longer than 1048576 bytes; put one record on each"),
    ],
)
async def test_a_line_that_is_no_record_is_named(database: Database, line: bytes, words: str) -> None:
    lines = [b"\xef\xbb\xbf" + json.dumps(CUSTOMER).encode() + b"\r\n", b"\r\n", line + b"\n"]
    result = await import_bills(database, lines)
    assert isinstance(result, NotImported)
    (problem,) = result.problems
    assert problem.startswith(f"line 3: {words}")
    assert isinstance(await import_bills(database, lines[:2]), Imported)


async def test_a_utf_16_file_is_one_problem(database: Database) -> None:
    file = io.BytesIO("".join(json.dumps(record) + "\n" for record in ALL).encode("utf-16"))
    assert await import_bills(database, file) == NotImported(("line 1: is UTF-16; save the file as UTF-8",))


async def test_a_line_of_any_length_needs_little_memory(database: Database, tmp_path: Path) -> None:
    with (tmp_path / "long.jsonl").open("w+b") as file:
        file.truncate(200 * MAX_LINE)  # a sparse file: one line of NULs
        tracemalloc.start()
        result = await import_bills(database, file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert isinstance(result, NotImported)
    assert len(result.problems) == 1
    assert peak < 8 * MAX_LINE


async def test_the_sum_of_an_account_is_bounded(database: Database) -> None:
    largest = INVOICE | {"lines": [LINE | {"amount_minor": 2**53}]}
    invoices = [largest | {"number": f"INV-{n}"} for n in range(1100)]
    result = await import_records(database, CUSTOMER, ACCOUNT, *invoices)
    assert isinstance(result, NotImported)
    assert result.problems[0] == (
        "line 4: account BB-1 would come to more than 9007199254740992 minor units; check the amounts"
    )
    credits_ = [CREDIT | {"reference": f"BACS-{n}", "amount_minor": 2**53} for n in range(2)]
    assert await problems(database, CUSTOMER, ACCOUNT, invoices[0], *credits_) == (
        "line 5: account BB-1 would come to more than 9007199254740992 minor units; check the amounts",
    )
    await import_records(database, CUSTOMER, ACCOUNT, invoices[0], credits_[0])
    assert (await owed(database)).account.balance_minor == 0
