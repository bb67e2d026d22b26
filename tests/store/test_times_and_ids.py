"""Moments and ids as text: precise to the millisecond, and sorted by time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.ids import ALPHABET, LENGTH, encoded, new_id
from store.times import WIDTH, parse, stamp

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC) | offsets)  # noqa: DTZ001


@given(moments)
def test_a_moment_comes_back_to_the_millisecond(moment: datetime) -> None:
    text = stamp(moment)
    assert len(text) == WIDTH
    assert timedelta() <= moment - parse(text) < timedelta(milliseconds=1)
    assert stamp(parse(text)) == text


@given(moments, moments)
def test_texts_sort_as_their_moments(one: datetime, other: datetime) -> None:
    if one <= other:
        assert stamp(one) <= stamp(other)
    else:
        assert stamp(one) >= stamp(other)


def test_a_moment_has_the_agreed_form() -> None:
    assert stamp(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) == "2026-11-23T09:30:00.000Z"


def test_a_moment_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        stamp(datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "2026-11-23", "2026-11-23T09:30:00Z", "2026-11-23T09:30:00.000+00:00"])
def test_a_text_of_another_form_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="not a moment"):
        parse(text)


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
