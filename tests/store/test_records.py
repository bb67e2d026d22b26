"""Rows become records and records become parameters, by the types of the fields."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Struct, ValidationError

from store.records import params, record, records, to_json

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Choice(Struct, frozen=True):
    id: str


class Sample(Struct):
    id: str
    count: int
    due_at: datetime
    ended_at: datetime | None
    facts: dict[str, Any]
    extra: dict[str, Any] | None
    offered: list[Choice]
    seen: bool


ROW = {
    "id": "a",
    "count": 3,
    "due_at": "2026-11-23T12:00:00.000Z",
    "ended_at": None,
    "facts": '{"amount_minor":4250}',
    "extra": None,
    "offered": '[{"id":"pay"}]',
    "seen": 1,
}
SAMPLE = Sample("a", 3, NOON, None, {"amount_minor": 4250}, None, [Choice("pay")], True)


def test_a_row_becomes_a_record_and_its_further_columns_are_ignored() -> None:
    assert record({**ROW, "state": "open"}, Sample) == SAMPLE
    assert records([ROW, ROW], Sample) == [SAMPLE, SAMPLE]


def test_a_record_becomes_the_parameters_it_was_read_from() -> None:
    assert params(SAMPLE) == ROW
    assert record(params(SAMPLE), Sample) == SAMPLE


def test_a_field_that_may_be_null_is_converted_where_it_is_not() -> None:
    row = {**ROW, "ended_at": "2026-11-23T12:00:00.000Z", "extra": "{}"}
    found = record(row, Sample)
    assert (found.ended_at, found.extra) == (NOON, {})
    assert params(found) == row


def test_a_missing_column_is_an_error() -> None:
    with pytest.raises(KeyError, match="seen"):
        record({name: value for name, value in ROW.items() if name != "seen"}, Sample)


def test_json_of_another_shape_is_an_error() -> None:
    with pytest.raises(ValidationError):
        record({**ROW, "offered": '{"id":"pay"}'}, Sample)


def test_json_keeps_every_letter() -> None:
    assert to_json({"name": "Zoë 🦊"}) == '{"name":"Zoë 🦊"}'
