"""A PostgreSQL and a Redis that a test may stop, start and freeze: nobody else uses them."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import services
from tests.end_to_end.demo_server import free_port


@dataclass
class OwnPostgres:
    """A server in a folder of its own."""

    folder: Path
    programs: dict[str, str]
    user: pwd.struct_passwd | None
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"postgresql://billchat@127.0.0.1:{self.port}/postgres"

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def make(self) -> None:
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "billchat", "-E", "UTF8", "--no-locale", "-N")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self._data, "-l", str(self.folder / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        """As when its power fails: it has to recover at the next start."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        who = {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid}
        subprocess.run(
            [self.programs[program], *arguments], check=True, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **who,
        )  # type: ignore[call-overload]  # fmt: skip


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, newest_first)])
    found = {name: shutil.which(name, path=path) for name in ("initdb", "pg_ctl")}
    programs = {name: program for name, program in found.items() if program is not None}
    if programs.keys() != found.keys():
        services.without("PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="billchat-postgres-"))
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # it refuses to run as root
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    server = OwnPostgres(folder, programs, user)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class OwnRedis:
    """A server that keeps nothing."""

    program: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """It takes connections and says nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    program = shutil.which("redis-server")
    if program is None:
        services.without("Redis")
    server = OwnRedis(program, folder)
    server.start()
    yield server
    server.stop()
