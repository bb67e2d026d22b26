"""Ids: unique, and in the order of their creation."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.ids import ALPHABET, LENGTH, encoded, new_id

numbers = st.integers(0, 2**128 - 1)


@given(numbers, numbers)
def test_ids_sort_as_their_numbers(one: int, other: int) -> None:
    first, second = encoded(one), encoded(other)
    assert len(first) == LENGTH
    assert set(first) <= set(ALPHABET)
    assert (one < other) == (first < second)


def test_ids_sort_as_they_are_made_and_none_is_made_twice() -> None:
    made = [new_id() for _ in range(10_000)]
    assert sorted(set(made)) == made
    assert new_id().isalnum()


def test_ids_go_on_rising_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr("store.ids.time_ns", lambda: 0)
    assert new_id() > before


def test_an_id_begins_with_its_time() -> None:
    morning = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
    assert encoded(morning << 80)[:10] < encoded(morning + 1 << 80)[:10]
