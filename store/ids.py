"""Ids made by the program: 26 letters and digits that sort by creation time within a process.

The format is Crockford's base 32 (no I, L, O, U) of 48 bits of time and 80 random bits. Letters and digits only,
because some payment gateways accept nothing else in a reference.
"""

from datetime import datetime
from secrets import randbits
from time import time_ns

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26

_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))

_newest = 0


def new_id() -> str:
    """Return a new id, greater than all earlier ids of this process; between processes ids sort by the millisecond.

    Within a millisecond, and after the clock was set back, the next id is higher by a random step of up to 64 bits, so
    that an id does not reveal its neighbour.
    """
    global _newest  # noqa: PLW0603 (the order is the process's)
    random = randbits(80 + 64)
    _newest = number = max(time_ns() // 1_000_000 << 80 | random >> 64, _newest + 1 + random % 2**64)
    return encoded(number)


def encoded(number: int) -> str:
    """Encode a number of 128 bits as an id."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def first_id_of(at: datetime) -> str:
    """Return the lowest id that may have been made at this time."""
    return encoded(int(at.timestamp() * 1000) << 80)
