"""The PostgreSQL and the Redis that all tests share.

Servers that listen on their usual ports of this machine are used: every test gets a schema of its own there. Where
none listens, one is started for this run from an installed program, in a temporary folder and for this machine alone.
`python -m tests.services`, which `make test` calls, installs the programs where it can. Without them the tests that
need them are skipped, and the summary says so; with CI=true they fail instead.
"""

import contextlib
import getpass
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from store.drivers.migrate import migrations
from tests.database_servers import PostgresServer, RedisServer, answers_ping, find_program, postgres_programs
from tests.skipping import skip_without

POSTGRES_PORT, REDIS_PORT = 5432, 6379
DRIVERS = ["sqlite", "postgresql"]
REDIS_DATABASES = 16

NEEDED = ("PostgreSQL", "Redis")

_cleanups: list[Callable[[], None]] = []


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop_all() -> None:
    """Stop the servers that were started for this run."""
    while _cleanups:
        _cleanups.pop()()


# ── PostgreSQL ──


def our_tables() -> set[str]:
    """Return the names of the tables that the migrations create."""
    return {table for migration in migrations() for table in re.findall(r"create table (\w+)", migration.sql)}


TABLES = """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relkind = 'r' order by c.oid desc"""


@dataclass
class SharedPostgres:
    """A server with a schema for each test. Cleaned schemas are used again."""

    address: str
    _spare: list[str] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._admin = psycopg.connect(self.address, autocommit=True)
        self._admin.execute("set client_min_messages = error; set lock_timeout = '60s'")

    def empty(self) -> str:
        """Create an empty schema and return its name."""
        name = f"billchat_test_{secrets.token_hex(6)}"
        self._admin.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        self._made.append(name)
        return name

    def borrow(self) -> str:
        """Return the name of a schema, new or cleaned; `give_back` returns it."""
        return self._spare.pop() if self._spare else self.empty()

    def give_back(self, name: str) -> None:
        """Empty a schema's tables for the next test; leave one with tables of a test's own unused."""
        with self._admin.transaction():
            newest_first = [row[0] for row in self._admin.execute(TABLES, [name])]
            if set(newest_first) != our_tables() | {"migrations"}:
                return
            versions = self._admin.execute(
                sql.SQL("select version from {}").format(sql.Identifier(name, "migrations"))
            ).fetchall()
            if {version for (version,) in versions} != {migration.version for migration in migrations()}:
                return
            for table in newest_first:  # referring rows before the rows they refer to
                if table != "migrations":
                    self._admin.execute(sql.SQL("delete from {}").format(sql.Identifier(name, table)))
        self._spare.append(name)

    def url(self, schema: str) -> str:
        """Return the address of a database of which this schema is all that a client sees."""
        return f"{self.address}?options={quote(f'-c search_path={schema}')}"

    def drop_all(self) -> None:
        """Drop every schema that was made."""
        while self._made:
            self._admin.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(self._made.pop())))
        self._admin.close()


@cache
def postgres() -> SharedPostgres | None:
    """Return the server to test on; None where there is none."""
    address = _listening_postgres() or _start_postgres()
    if address is None:
        return None
    server = SharedPostgres(address)
    _cleanups.append(server.drop_all)
    return server


def _listening_postgres() -> str | None:
    if not listens(POSTGRES_PORT):
        return None
    users = dict.fromkeys((os.environ.get("PGUSER", getpass.getuser()), getpass.getuser(), "postgres"))
    for user in users:
        for database in dict.fromkeys((os.environ.get("PGDATABASE", "test"), "test", user)):
            address = f"postgresql://{quote(user)}@127.0.0.1:{POSTGRES_PORT}/{quote(database)}"
            with contextlib.suppress(psycopg.Error), psycopg.connect(address, connect_timeout=3) as connection:
                row = connection.execute("select has_database_privilege(current_database(), 'create')").fetchone()
                if row is not None and row[0]:
                    return address
    return None


def _start_postgres() -> str | None:
    programs = postgres_programs()
    if programs is None:
        return None
    server = PostgresServer(programs)
    server.create()
    server.start()
    _cleanups.append(server.remove)
    return server.url


@contextlib.contextmanager
def temporary_database(driver: str, folder: Path, *, empty: bool = False) -> Iterator[str]:
    """The address of a database for one test, with the schema or `empty`."""
    if driver == "sqlite":
        yield f"sqlite:///{folder}/billchat.db"
        return
    server = postgres()
    if server is None:
        skip_without("PostgreSQL")
    schema = server.empty() if empty else server.borrow()
    yield server.url(schema)
    if not empty:
        server.give_back(schema)


# ── Redis ──


@cache
def redis() -> str | None:
    """Return the address of a Redis, without the number of a database; None where there is none."""
    if answers_ping(REDIS_PORT):
        return f"redis://127.0.0.1:{REDIS_PORT}"
    program = find_program("redis-server")
    if program is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="billchat-redis-"))
    server = RedisServer(program, folder)
    _cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    server.start()
    _cleanups.append(server.stop)
    return f"redis://127.0.0.1:{server.port}"


# ── installing, for `make test` ──

PACKAGES = {"postgresql": lambda: postgres() is None, "redis-server": lambda: redis() is None}


def install() -> int:
    """Install missing servers, as root on Debian or Ubuntu."""
    wanted = [package for package, is_missing in PACKAGES.items() if is_missing()]
    stop_all()
    if not wanted:
        return 0
    apt = shutil.which("apt-get")
    if apt is not None and os.geteuid() == 0:
        sys.stdout.write(f"Installing for the tests: {', '.join(wanted)} …\n")
        sys.stdout.flush()
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with subprocess.Popen([apt, "update", "-qq"], env=quiet) as update:
            update.wait()
        for package in wanted:
            # Only its programs are wanted: recommended packages and a service of the system's own are not.
            subprocess.run(
                [apt, "install", "-y", "-qq", "--no-install-recommends", package],
                env={**quiet, "RUNLEVEL": "1"}, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        postgres.cache_clear()
        redis.cache_clear()
        wanted = [package for package, is_missing in PACKAGES.items() if is_missing()]
        stop_all()
    if wanted:
        sys.stderr.write(f"Not here, and not to be installed: {', '.join(wanted)}. Tests that need them are skipped.\n")
    return 1 if wanted and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(install())
