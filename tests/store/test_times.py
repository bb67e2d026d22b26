"""Moments as text: exact to the millisecond, and in the order of the moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
