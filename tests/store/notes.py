"""A table of notes, and units of work that write and read it."""

from collections.abc import Callable

from store import Tx

TABLE = "create table notes (seq bigint primary key, text text not null unique)"


def note(text: str) -> Callable[[Tx], int]:
    """Return a unit that appends a note and returns its number."""

    def append(tx: Tx) -> int:
        row = tx.one("select coalesce(max(seq), 0) + 1 as next from notes")
        assert row is not None
        tx.execute_count("insert into notes (seq, text) values (:seq, :text)", {"seq": row["next"], "text": text})
        return int(row["next"])

    return append


def texts(tx: Tx) -> list[str]:
    return [row["text"] for row in tx.all("select text from notes order by seq")]


def nothing(tx: Tx) -> None:
    """Do nothing; as a unit it needs only the write lock."""
