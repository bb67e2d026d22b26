"""Ids that the program makes: 26 letters and digits that sort in the order in which a process made them.

The form is Crockford's base 32 (no I, L, O, U) of 48 bits of time and 80 random bits. Nothing but letters and digits,
because some payment gateways accept no more in a reference.
"""

from secrets import randbits
from time import time_ns

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26

_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))

_newest = 0


def new_id() -> str:
    """A new id, above all that this process made before; ids of other processes sort with it by the millisecond.

    Within a millisecond, and when the clock is set back, the next one lies a random step of up to 64 bits higher, so
    knowing one id does not tell its neighbour.
    """
    global _newest  # noqa: PLW0603 (the order is the process's)
    random = randbits(80 + 64)
    _newest = number = max(time_ns() // 1_000_000 << 80 | random >> 64, _newest + 1 + random % 2**64)
    return encoded(number)


def encoded(number: int) -> str:
    """The id of a number of 128 bits."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
