"""Moments as text: UTC, milliseconds, one fixed width, so that the order of the texts is the order of the moments."""

from datetime import UTC, datetime
from functools import lru_cache

WIDTH = len("2026-11-23T09:30:00.000Z")
_FORM = "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"  # filled in in half of the time that isoformat takes


@lru_cache(maxsize=4096)  # a turn writes its one moment many times, and reads those of the turns before
def stamp(moment: datetime) -> str:
    """`2026-11-23T09:30:00.000Z` for an aware datetime, cut to the millisecond; ValueError for a naive one."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = moment.astimezone(UTC)
    day, time = (moment.year, moment.month, moment.day), (moment.hour, moment.minute, moment.second)
    return _FORM % (*day, *time, moment.microsecond // 1000)


def parse(text: str) -> datetime:
    """The moment that `stamp` wrote; ValueError for any other text."""
    if len(text) != WIDTH or text[-1] != "Z":
        raise ValueError(f"not a moment as the store writes it: {text!r}")
    return datetime.fromisoformat(text)


def now() -> str:
    """The present as text, for what is only kept for the record; whatever decides takes its time from a clock."""
    return stamp(datetime.now(UTC))
