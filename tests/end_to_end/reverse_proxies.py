"""nginx and Caddy with the configurations of docs/operating.md; only names, addresses and folders are changed."""

import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pages import blocks
from tests.waiting import MAX_WAIT_S, block_until

# The address that nginx connects from; the tests' clients connect from 127.0.0.1.
NGINX_ADDRESS = "127.0.0.3"

Command = Callable[[Path, int, int], list[str]]


def example(language: str) -> str:
    """Return the page's configuration of a proxy for a whole site."""
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
        f"http {{\naccess_log {folder}/access.log;\nproxy_bind {NGINX_ADDRESS};\n{temporary}{site}}}\n"
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
    """Run a proxy on `port`, before a server on `behind`. Its logs are in the folder."""
    if shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip(f"{name} is not installed")
    folder.mkdir()
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            PROXIES[name](folder, port, behind), stdout=log, stderr=log,
            env={"PATH": "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin", "HOME": str(folder)},
        )  # fmt: skip
    try:
        _wait_until_ready(process, port, folder)
        yield
    finally:
        process.terminate()
        process.wait(timeout=MAX_WAIT_S)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    block_until(lambda: process.poll() is not None or _answers(port))
    assert process.poll() is None, f"the proxy did not start:\n{(folder / 'output.log').read_text()[-3000:]}"


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=MAX_WAIT_S).close()
    except urllib.error.HTTPError:
        return True  # the proxy's own error page: no server is behind it
    except OSError:
        return False
    return True


def logged_text(folder: Path) -> str:
    """Return all log files of a proxy."""
    return "\n".join(path.read_text() for path in folder.glob("*.log"))
