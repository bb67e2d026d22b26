"""PostgreSQL backends: the server's process of a connection."""

import psycopg

from store import Tx


def terminate(url: str, pid: int) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s, 5000)", [pid])


def backend_pid(tx: Tx) -> int:
    row = tx.one("select pg_backend_pid() as pid")
    assert row is not None
    return int(row["pid"])
