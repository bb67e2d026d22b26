"""Moments as text: UTC, milliseconds, fixed width, so that the texts sort by time."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

WIDTH = len("2026-11-23T09:30:00.000Z")
CLOCK_TOLERANCE = timedelta(minutes=1)
"""A time further ahead than this lies in the future. Less is no fault: clocks of several machines differ by seconds."""
_FORMAT = "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"  # takes half the time of isoformat


@lru_cache(maxsize=4096)  # a turn writes one moment many times, and reads those of earlier turns
def stamp(moment: datetime) -> str:
    """Format an aware datetime as `2026-11-23T09:30:00.000Z`, cut to the millisecond; ValueError for a naive one."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = moment.astimezone(UTC)
    day, time = (moment.year, moment.month, moment.day), (moment.hour, moment.minute, moment.second)
    return _FORMAT % (*day, *time, moment.microsecond // 1000)


def parse(text: str) -> datetime:
    """Parse the format of `stamp`; ValueError for any other text."""
    if len(text) != WIDTH or text[-1] != "Z":
        raise ValueError(f"not a moment as the store writes it: {text!r}")
    return datetime.fromisoformat(text)


def now() -> str:
    """Return the present as text, for records only; decisions take the time from a clock."""
    return stamp(datetime.now(UTC))
