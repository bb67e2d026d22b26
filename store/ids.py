"""Ids that the program makes: 26 letters and digits that sort by the millisecond in which they were made.

The form is Crockford's base 32 (no I, L, O, U) of 48 bits of time and 80 random bits. Nothing but letters and digits,
because some payment gateways accept no more in a reference.
"""

from secrets import randbits
from time import time_ns

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26

_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))


def new_id() -> str:
    """A new id. Its 80 random bits come from the system: knowing one id says nothing about its neighbours."""
    return encoded(time_ns() // 1_000_000, randbits(80))


def encoded(milliseconds: int, random: int) -> str:
    """The id of a moment (milliseconds since 1970, below 2**48) and 80 bits."""
    number = milliseconds << 80 | random
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
