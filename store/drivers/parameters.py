"""One SQL text for both databases: `:name` parameters by their places, as each database numbers them.

PostgreSQL knows no names. SQLite does, but Python's module then asks it for the name of each parameter, one by one and
giving up the interpreter each time: a thirtieth of a turn.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from store.database import Params, Row

if TYPE_CHECKING:  # a service on SQLite does without psycopg, and its start without what that takes to load
    from psycopg.pq.abc import PGresult

# Where a colon is no parameter: in quotes, in comments and in ::casts.
_PARTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|::|:(?P<name>[A-Za-z_]\w*)", re.DOTALL)

Decode = Callable[[bytes], Any]
Columns = list[tuple[str, Decode]]


def _whole(value: bytes) -> int | Decimal:
    """A sum of bigints is numeric to PostgreSQL; all of ours are whole numbers."""
    number = Decimal(value.decode())
    return int(number) if number == number.to_integral_value() else number


def _true(value: bytes) -> bool:
    return value == b"t"


# PostgreSQL's numbers for its types; whatever is not here is text.
LOADS: dict[int, Decode] = {16: _true, 20: int, 21: int, 23: int, 700: float, 701: float, 1700: _whole}


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """An SQL text as PostgreSQL takes it, the order of its parameters, and the name it is prepared under."""

    text: bytes
    order: tuple[str, ...]
    name: bytes

    def values(self, params: Params) -> list[bytes | None]:
        """The parameters as they travel; KeyError for one that is missing."""
        return [_sent(params[name]) for name in self.order]


@lru_cache(maxsize=1024)
def prepared(sql: str) -> PreparedStatement:
    """Translate an SQL text for PostgreSQL, once."""
    text, order = _numbered(sql, "$")
    return PreparedStatement(text.encode(), order, blake2b(text.encode(), digest_size=12).hexdigest().encode())


@lru_cache(maxsize=1024)
def positional(sql: str) -> tuple[str, Callable[[Params], Sequence[Any]]]:
    """Translate an SQL text for SQLite, once: the text, and what puts parameters into its order."""
    text, order = _numbered(sql, "?")
    if len(order) > 1:
        return text, itemgetter(*order)  # several at a time, without a step of Python's for each
    return text, lambda params: [params[name] for name in order]


def _numbered(sql: str, mark: str) -> tuple[str, tuple[str, ...]]:
    """The text with each parameter as a mark and a number, and their names in the order of the numbers."""
    order: list[str] = []

    def numbered(part: re.Match[str]) -> str:
        name = part["name"]
        if name is None:
            return part[0]
        if name not in order:
            order.append(name)
        return f"{mark}{order.index(name) + 1}"

    return _PARTS.sub(numbered, sql), tuple(order)


def _sent(value: object) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        # PostgreSQL's text cannot hold the character U+0000, and would end there.
        return value.encode() if "\0" not in value else value.replace("\0", "\ufffd").encode()
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float | Decimal):
        return str(value).encode()
    raise TypeError(f"a {type(value).__name__} cannot be stored; the schema has texts and numbers")


def columns_of(result: "PGresult") -> Columns:
    """The columns of a result: their names, and what makes Python values of them."""
    return [
        ((result.fname(column) or b"").decode(), LOADS.get(result.ftype(column), bytes.decode))
        for column in range(result.nfields)
    ]


def rows(result: "PGresult", columns: Columns, most: int | None = None) -> list[Row]:
    """The rows of a result as dictionaries."""
    value = result.get_value
    return [
        {
            name: None if (found := value(row, column)) is None else load(found)
            for column, (name, load) in enumerate(columns)
        }
        for row in range(result.ntuples if most is None else min(most, result.ntuples))
    ]
