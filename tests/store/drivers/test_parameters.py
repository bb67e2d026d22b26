"""One SQL text for both databases, and the values that PostgreSQL stores and returns."""

import pytest

from store import Database
from store.drivers.parameters import prepared
from tests.store.notes import note, texts


@pytest.fixture
def driver() -> str:
    return "postgresql"


@pytest.mark.parametrize(
    ("sql", "text", "order"),
    [
        ("select :a, :b, :a", "select $1, $2, $1", ("a", "b")),
        ("select ':a', \":b\", 'it''s :c' -- :d\n, /* :e\n */ :f", None, ("f",)),
        ("select :a::text, cast(:b as bigint)", "select $1::text, cast($2 as bigint)", ("a", "b")),
        ("select '%' where 1 % 2 = 1", "select '%' where 1 % 2 = 1", ()),
    ],
)
def test_named_parameters_become_numbers(sql: str, text: str | None, order: tuple[str, ...]) -> None:
    translated = prepared(sql)
    assert translated.text.decode() == (text or sql.replace(":f", "$1"))
    assert translated.order == order


async def test_numbers_are_numbers_whatever_postgresql_calls_them(database: Database) -> None:
    row = await database.read(
        lambda tx: tx.one(
            "select sum(n) as sum, count(*) as n, 1 < 2 as yes, null as none, sum(n) / 4 as quarter from (select"
            " cast(9007199254740993 as bigint) as n union all select 2) as numbers"
        )
    )
    assert row is not None
    assert [row[name] for name in ("sum", "n", "yes", "none")] == [9007199254740995, 2, True, None]
    assert all(type(row[name]) is int for name in ("sum", "n"))
    assert float(row["quarter"]) == 2251799813685248.75


async def test_a_character_that_postgresql_cannot_keep_costs_nothing_else(notes: Database) -> None:
    await notes.write(note("a\0b"))
    assert await notes.read(texts) == ["a\ufffdb"]
