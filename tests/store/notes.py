"""A table of notes, to write units of work about."""

from collections.abc import Callable

from store import Tx

TABLE = "create table notes (seq bigint primary key, text text not null unique)"


def note(text: str) -> Callable[[Tx], int]:
    """A unit that appends a note and returns its number."""

    def append(tx: Tx) -> int:
        row = tx.one("select coalesce(max(seq), 0) + 1 as next from notes")
        assert row is not None
        tx.execute_count("insert into notes (seq, text) values (:seq, :text)", {"seq": row["next"], "text": text})
        return int(row["next"])

    return append


def texts(tx: Tx) -> list[str]:
    return [row["text"] for row in tx.all("select text from notes order by seq")]


def nothing(tx: Tx) -> None:
    """A unit that does nothing, and so needs only the lock."""
