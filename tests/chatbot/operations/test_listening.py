"""Listening sockets: a replaced worker's stay open, and an address in use is refused."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.operations.listening import AddressTakenError, listen, refuse_taken
from tests.ports import free_port


def test_a_client_that_connects_while_a_worker_is_replaced_is_not_refused() -> None:
    port = free_port()
    [listener] = listen("127.0.0.1", port)
    workers_end = socket.socket(fileno=os.dup(listener.fileno()))
    workers_end.close()
    with socket.create_connection(("127.0.0.1", port), timeout=5), listener:
        accepted, _ = listener.accept()
        accepted.close()


def test_two_services_do_not_share_an_address() -> None:
    port = free_port()
    [other] = listen("127.0.0.1", port)
    with other, pytest.raises(AddressTakenError, match=rf"port {port}.*stop what listens there"):
        refuse_taken("127.0.0.1", port)


def test_the_demo_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "chatbot", "demo", "--port", str(port)]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr
