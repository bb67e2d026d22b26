"""nginx and Caddy, configured as docs/operating.md says; only names, addresses and folders are the test's."""

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pages import blocks

# Where nginx calls from: a client of the test comes from 127.0.0.1, and the two can be told apart.
NGINX_IS = "127.0.0.3"

Command = Callable[[Path, int, int], list[str]]


def example(language: str) -> str:
    """The page's configuration of a proxy for the whole site."""
    [whole] = [block.text for block in blocks(language, "operating.md") if "chat.example.com" in block.text]
    return whole


def _nginx(folder: Path, port: int, behind: int) -> list[str]:
    site = example("nginx").replace("127.0.0.1:8080", f"127.0.0.1:{behind}").replace("/var/log/nginx", str(folder))
    site = re.sub(r"(?m)^ *(ssl_|listen \[).*\n", "", site).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\nproxy_bind {NGINX_IS};\n{temporary}{site}}}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]


def _caddy(folder: Path, port: int, behind: int) -> list[str]:
    site = example("caddy").replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    site = site.replace("chat.example.com", f"http://127.0.0.1:{port}").replace("{\n", "{\n\tadmin off\n", 1)
    config = folder / "Caddyfile"
    config.write_text(site)
    return ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"]


PROXIES: dict[str, Command] = {"nginx": _nginx, "caddy": _caddy}


@contextmanager
def proxy(name: str, folder: Path, port: int, behind: int) -> Iterator[None]:
    """Run a proxy on a port, before a server on another. What it logs is in the folder."""
    if shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip(f"{name} is not installed")
    folder.mkdir()
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            PROXIES[name](folder, port, behind), stdout=log, stderr=log,
            env={"PATH": "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin", "HOME": str(folder)},
        )  # fmt: skip
    try:
        _until_it_answers(process, port, folder)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _until_it_answers(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
        except urllib.error.HTTPError:
            return  # nobody is behind it
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the proxy did not start:\n{(folder / 'output.log').read_text()[-3000:]}")


def said(folder: Path) -> str:
    """All that a proxy has logged."""
    return "\n".join(path.read_text() for path in folder.glob("*.log"))
