"""What a running server has on disk."""

import sqlite3
from typing import Any

from tests.end_to_end.demo_server import DemoServer


def rows(server: DemoServer, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Read from the server's database, beside it."""
    with sqlite3.connect(f"file:{server.data / 'billchat.db'}?mode=ro", uri=True, timeout=10) as connection:
        return connection.execute(sql, params).fetchall()
