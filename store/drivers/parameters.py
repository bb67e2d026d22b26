"""One SQL text for both databases: `:name` parameters become numbered ones, and values are converted.

PostgreSQL has no named parameters. SQLite has, but Python's module then asks it for each parameter's name, releasing
the interpreter each time: a thirtieth of a turn.
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

if TYPE_CHECKING:  # a service on SQLite does not load psycopg
    from psycopg.pq.abc import PGresult

# A colon in quotes, in a comment or in a ::cast is no parameter.
_PARTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|::|:(?P<name>[A-Za-z_]\w*)", re.DOTALL)

Decode = Callable[[bytes], Any]
Columns = list[tuple[str, Decode]]


def _integer(value: bytes) -> int | Decimal:
    """Load a numeric, PostgreSQL's type for a sum of bigints, as an integer where it is one."""
    number = Decimal(value.decode())
    return int(number) if number == number.to_integral_value() else number


def _boolean(value: bytes) -> bool:
    return value == b"t"


# By the OIDs of PostgreSQL's types; all other types are loaded as text.
LOADS: dict[int, Decode] = {16: _boolean, 20: int, 21: int, 23: int, 700: float, 701: float, 1700: _integer}


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """An SQL text for PostgreSQL, the order of its parameters, and the name of its prepared statement."""

    text: bytes
    order: tuple[str, ...]
    name: bytes

    def values(self, params: Params) -> list[bytes | None]:
        """Encode the parameters in order; KeyError for a missing one."""
        return [_encoded(params[name]) for name in self.order]


@lru_cache(maxsize=1024)
def prepared(sql: str) -> PreparedStatement:
    """Translate an SQL text for PostgreSQL, once."""
    text, order = _numbered(sql, "$")
    return PreparedStatement(text.encode(), order, blake2b(text.encode(), digest_size=12).hexdigest().encode())


@lru_cache(maxsize=1024)
def positional(sql: str) -> tuple[str, Callable[[Params], Sequence[Any]]]:
    """Translate an SQL text for SQLite, once; returns the text and a function that orders the parameters."""
    text, order = _numbered(sql, "?")
    if len(order) > 1:
        return text, itemgetter(*order)  # in C, not one by one in Python
    return text, lambda params: [params[name] for name in order]


def _numbered(sql: str, mark: str) -> tuple[str, tuple[str, ...]]:
    """Replace each parameter by a mark and a number; returns the text, and the names in the order of the numbers."""
    order: list[str] = []

    def numbered(part: re.Match[str]) -> str:
        name = part["name"]
        if name is None:
            return part[0]
        if name not in order:
            order.append(name)
        return f"{mark}{order.index(name) + 1}"

    return _PARTS.sub(numbered, sql), tuple(order)


def _encoded(value: object) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        # PostgreSQL's text type cannot hold the character U+0000.
        return value.encode() if "\0" not in value else value.replace("\0", "\ufffd").encode()
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float | Decimal):
        return str(value).encode()
    raise TypeError(f"a {type(value).__name__} cannot be stored; the schema has texts and numbers")


def columns_of(result: "PGresult") -> Columns:
    """Return the columns of a result: names, and functions that load their values."""
    return [
        ((result.fname(column) or b"").decode(), LOADS.get(result.ftype(column), bytes.decode))
        for column in range(result.nfields)
    ]


def rows(result: "PGresult", columns: Columns, limit: int | None = None) -> list[Row]:
    """Return the rows of a result as dictionaries, up to `limit`."""
    value = result.get_value
    return [
        {
            name: None if (found := value(row, column)) is None else load(found)
            for column, (name, load) in enumerate(columns)
        }
        for row in range(result.ntuples if limit is None else min(limit, result.ntuples))
    ]
