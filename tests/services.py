"""The PostgreSQL and the Redis that the tests use.

Those that listen on their usual ports of this machine are used, and every test gets a schema of its own there. Where
none listens, one is started for this run from an installed program, in a folder of its own and for this machine alone.
`python -m tests.services`, which `make test` calls, installs the programs where that is possible. Where there are none
for all that, the tests that need them are skipped, and the summary says so; with CI=true they fail instead.
"""

import contextlib
import getpass
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from store.drivers.migrate import migrations

POSTGRES_PORT, REDIS_PORT = 5432, 6379
DRIVERS = ["sqlite", "postgresql"]
REDIS_DATABASES = 16
PATIENCE_S = 30.0

NEEDED = ("PostgreSQL", "Redis")

_started: list[Callable[[], None]] = []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def without(service: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{service} could not be started here, and with CI=true every test must run")
    pytest.skip(f"{service} is not installed")


def stop_all() -> None:
    """Stop what was started for this run."""
    while _started:
        _started.pop()()


# ── PostgreSQL ──


def our_tables() -> set[str]:
    """The tables that the migrations make."""
    return {table for migration in migrations() for table in re.findall(r"create table (\w+)", migration.sql)}


TABLES = """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relkind = 'r' order by c.oid desc"""


@dataclass
class Postgres:
    """A server that takes us in. Each test has a schema of its own; clean ones are used again."""

    address: str
    _spare: list[str] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._admin = psycopg.connect(self.address, autocommit=True)
        self._admin.execute("set client_min_messages = error; set lock_timeout = '5s'")

    def empty(self) -> str:
        """A new, empty schema; returns its name."""
        name = f"billchat_test_{secrets.token_hex(6)}"
        self._admin.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        self._made.append(name)
        return name

    def borrow(self) -> str:
        """A schema that may have been used and cleaned before; `give_back` returns it."""
        return self._spare.pop() if self._spare else self.empty()

    def give_back(self, name: str) -> None:
        """Empty a schema's tables for the next test, unless there are others than ours in it."""
        with self._admin.transaction():
            newest_first = [row[0] for row in self._admin.execute(TABLES, [name])]
            if set(newest_first) != our_tables() | {"migrations"}:
                return
            versions = self._admin.execute(
                sql.SQL("select version from {}").format(sql.Identifier(name, "migrations"))
            ).fetchall()
            if {version for (version,) in versions} != {migration.version for migration in migrations()}:
                return
            for table in newest_first:  # what refers to others goes before them
                if table != "migrations":
                    self._admin.execute(sql.SQL("delete from {}").format(sql.Identifier(name, table)))
        self._spare.append(name)

    def url(self, schema: str) -> str:
        """The address at which everything happens in a schema."""
        return f"{self.address}?options={quote(f'-c search_path={schema}')}"

    def drop_all(self) -> None:
        """Leave the server as it was found."""
        while self._made:
            self._admin.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(self._made.pop())))
        self._admin.close()


@cache
def postgres() -> Postgres | None:
    """The server to test on; None when there is none."""
    address = _listening_postgres() or _started_postgres()
    if address is None:
        return None
    server = Postgres(address)
    _started.append(server.drop_all)
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


def _program(name: str, *folders: Path) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))


def _started_postgres() -> str | None:
    """Start a server of our own; PostgreSQL refuses to run as root, so root starts it as somebody else."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    initdb, pg_ctl = _program("initdb", *newest_first), _program("pg_ctl", *newest_first)
    if initdb is None or pg_ctl is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="billchat-postgres-"))
    user = _another_user() if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)

    def run(*command: str) -> None:
        subprocess.run(
            command, check=True, user=user.pw_uid if user else None, group=user.pw_gid if user else None,
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )  # fmt: skip

    data, port = str(folder / "data"), free_port()
    run(initdb, "--pgdata", data, "--auth", "trust", "--username", "billchat", "--encoding", "UTF8", "--no-locale")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    run(pg_ctl, "--pgdata", data, "--log", str(folder / "log"), "--options", options, "--wait", "start")

    def stop() -> None:
        run(pg_ctl, "--pgdata", data, "--mode", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    _started.append(stop)
    return f"postgresql://billchat@127.0.0.1:{port}/postgres"


def _another_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise LookupError("there is no user but root to start PostgreSQL as")


@contextlib.contextmanager
def a_database(driver: str, folder: Path, *, empty: bool = False) -> Iterator[str]:
    """The address of a database of the driver's kind for one test; `empty` is without even a schema."""
    if driver == "sqlite":
        yield f"sqlite:///{folder}/billchat.db"
        return
    server = postgres()
    if server is None:
        without("PostgreSQL")
    schema = server.empty() if empty else server.borrow()
    yield server.url(schema)
    if not empty:
        server.give_back(schema)


# ── Redis ──


@cache
def redis() -> str | None:
    """The address of a Redis, without the number of a database; None when there is none."""
    if _answers_ping(REDIS_PORT):
        return f"redis://127.0.0.1:{REDIS_PORT}"
    program = _program("redis-server")
    if program is None:
        return None
    return f"redis://127.0.0.1:{start_redis(program, free_port())}"


def start_redis(program: str, port: int) -> int:
    """Start a Redis of our own that keeps nothing; returns its port."""
    folder = tempfile.mkdtemp(prefix="billchat-redis-")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    def stop() -> None:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)

    _started.append(stop)
    deadline = time.monotonic() + PATIENCE_S
    while not _answers_ping(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError("redis-server did not start")
        time.sleep(0.02)
    return port


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


# ── installing, for `make test` ──

PACKAGES = {"postgresql": lambda: postgres() is None, "redis-server": lambda: redis() is None}


def install() -> int:
    """Install what is missing, where this is Debian and we are root."""
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
