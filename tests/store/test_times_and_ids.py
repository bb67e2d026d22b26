"""Moments and ids as text: nothing is lost that counts, and the order of the texts is the order of things."""

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


milliseconds = st.integers(0, 2**48 - 1)
randoms = st.integers(0, 2**80 - 1)


@given(milliseconds, milliseconds, randoms, randoms)
def test_ids_sort_by_their_millisecond(one: int, other: int, x: int, y: int) -> None:
    first, second = encoded(one, x), encoded(other, y)
    assert len(first) == LENGTH
    assert set(first) <= set(ALPHABET)
    assert ((one, x) < (other, y)) == (first < second)


def test_ids_made_together_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000
    assert new_id().isalnum()
