"""PostgreSQL and Redis as processes of the tests, which a test may stop, freeze and start again."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port
from tests.skipping import skip_without
from tests.waiting import block_until


def find_program(name: str, *folders: Path) -> str | None:
    """Return the path of an installed program, from PATH or from these folders."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))


def answers_ping(port: int) -> bool:
    """Tell whether a Redis listens on a port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


# ── PostgreSQL ──


def postgres_programs() -> dict[str, str] | None:
    """Return the paths of initdb and pg_ctl; None where PostgreSQL is not installed."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    found = {name: find_program(name, *newest_first) for name in ("initdb", "pg_ctl")}
    programs = {name: path for name, path in found.items() if path is not None}
    return programs if programs.keys() == found.keys() else None


def unprivileged_user() -> pwd.struct_passwd | None:
    """Return the user to run PostgreSQL as, which refuses root; None to run it as oneself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise LookupError("there is no user but root to start PostgreSQL as")


@dataclass
class PostgresServer:
    """A server with its data in a folder, for this machine alone."""

    programs: dict[str, str]
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="billchat-postgres-")))
    user: pwd.struct_passwd | None = field(default_factory=unprivileged_user)
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"postgresql://billchat@127.0.0.1:{self.port}/postgres"

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def create(self) -> None:
        if self.user is not None:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "billchat", "-E", "UTF8", "--no-locale", "-N")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self._data, "-l", str(self.folder / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop as at a power cut: the next start has to recover."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.programs[program], *arguments],
            check=True,
            user=self.user.pw_uid if self.user else None,
            group=self.user.pw_gid if self.user else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server for one test or file. Skips the test where PostgreSQL is not installed."""
    programs = postgres_programs()
    if programs is None:
        skip_without("PostgreSQL")
    server = PostgresServer(programs)
    server.create()
    server.start()
    try:
        yield server
    finally:
        server.remove()


# ── Redis ──


@dataclass
class RedisServer:
    """A server that keeps nothing on disk, for this machine alone."""

    program: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and return once it answers."""
        process = self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        block_until(lambda: process.poll() is not None or answers_ping(self.port))
        assert process.poll() is None, "redis-server did not start"

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Accept connections and answer nothing, until `thaw`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A server for one test. Skips the test where Redis is not installed."""
    program = find_program("redis-server")
    if program is None:
        skip_without("Redis")
    server = RedisServer(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
