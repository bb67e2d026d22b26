"""The Containerfile copies all files that the service needs, and starts valid commands. Needs no container engine."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from chatbot.cli import main
from chatbot.config.load import load
from chatbot.operations import workers
from chatbot.payments.gateways import GATEWAYS
from tests.end_to_end.demo_server import DemoServer
from tests.pages import ROOT, blocks
from tests.ports import free_port

Instruction = tuple[str, str]


def _instructions() -> list[Instruction]:
    """Return the file's instructions, continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Containerfile").read_text("utf-8")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]


ALL = _instructions()
LAST_STAGE = ALL[max(index for index, (word, _) in enumerate(ALL) if word == "FROM") :]
COPIED = [Path(word) for what, rest in ALL if what == "COPY" and "--from" not in rest for word in rest.split()[:-1]]
RULES = [line for line in (ROOT / ".containerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]


def _one(word: str) -> str:
    [rest] = [rest for what, rest in LAST_STAGE if what == word]
    return rest


def _environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in _one("ENV").split())


def _arrives(path: Path) -> bool:
    """Tell whether a file is part of the build context: the last rule that matches it or its folder decides."""
    arrives = True
    for rule in RULES:
        pattern = rule.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        names = path.parts if anywhere != pattern else [str(each) for each in (path, *path.parents)]
        if any(fnmatch(name, anywhere) for name in names):
            arrives = rule.startswith("!")
    return arrives


def _is_copied(path: Path) -> bool:
    return any(path == copied or copied in path.parents for copied in COPIED)


def test_what_is_copied_is_there_and_is_not_ignored() -> None:
    for path in COPIED:
        assert (ROOT / path).exists(), path
        assert _arrives(path), path


def test_everything_that_is_installed_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [Path("pyproject.toml"), Path("setup.py"), Path("constraints.txt"), Path(project["project"]["readme"])]
    needed += map(Path, project["project"]["license-files"])
    tools = project["tool"]["setuptools"]
    for pattern in tools["packages"]["find"]["include"]:
        package = pattern.rstrip("*")
        patterns = ["**/*.py", *tools["package-data"].get(package, [])] if package != "widget" else ["dist/*"]
        needed += [path.relative_to(ROOT) for each in patterns for path in (ROOT / package).glob(each)]
    assert [path for path in needed if not (_is_copied(path) and _arrives(path))] == []


@pytest.mark.parametrize("path", ["secrets.env", ".git/config", ".demo/key", "chatbot/left.db", "tests/billchat.py"])
def test_what_lies_about_in_a_checkout_stays_outside(path: str) -> None:
    assert not _arrives(Path(path))


def test_what_it_starts_is_understood() -> None:
    program, *words = json.loads(_one("ENTRYPOINT")) + json.loads(_one("CMD"))
    assert program == "billchat"
    assert main._parser().parse_args(words).config == Path("/etc/billchat/config.yaml")


def test_it_listens_where_it_is_published_whatever_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("server: {host: 127.0.0.1, port: 9000}\n")
    for name, value in _environment().items():
        if name.startswith("BILLCHAT_"):
            monkeypatch.setenv(name, value)
    server = load(config, GATEWAYS).server
    assert (server.host, str(server.port)) == ("0.0.0.0", _one("EXPOSE"))  # noqa: S104 (inside a container)


def test_nobody_serves_as_root() -> None:
    user = _one("USER").partition(":")[0]
    assert user.isdecimal()
    assert int(user) > 0
    assert f"-o {user}" in _one("RUN")
    assert _one("RUN").endswith(_one("VOLUME"))


async def test_the_health_check_tells_the_living_from_the_dead(tmp_path: Path) -> None:
    words: list[str] = json.loads(_one("HEALTHCHECK").partition("CMD ")[2])
    server = DemoServer(tmp_path)

    def check(port: int) -> int:
        environment = {**os.environ, "BILLCHAT_SERVER__PORT": str(port)}
        return subprocess.run(
            [sys.executable, *words[1:]], env=environment, stderr=subprocess.DEVNULL, check=False
        ).returncode

    await asyncio.to_thread(server.start)
    assert await asyncio.to_thread(check, server.port) == 0
    assert await asyncio.to_thread(server.stop) == 0
    assert await asyncio.to_thread(check, free_port()) != 0


def test_an_engine_waits_for_longer_than_a_stop_takes() -> None:
    waits = [found for block in blocks("sh") for found in re.findall(r"--stop-timeout (\d+)", block.text)]
    assert waits
    assert all(int(seconds) > workers.STOP_TIMEOUT_S for seconds in waits)
