"""`billchat serve`: a worker that cannot start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config_file import config_file

ROOT = Path(__file__).parents[3]
COMPLETE = {
    "BRAND__NAME": "Acme",
    "SERVER__PUBLIC_URL": "https://chat.acme.test",
    "SERVER__ALLOWED_SITES": '["https://www.acme.test"]',
    "EMAIL__HOST": "mail.acme.test",
    "EMAIL__SENDER": "billing@acme.test",
    "TEAM__EMAIL": "team@acme.test",
    "SECRETS__KEY": "0123456789abcdef0123456789abcdef",
    "PAYMENTS__OTHER_WAYS": '{"en": "By bank transfer", "es": "Por transferencia"}',
    "DATABASE__URL": "postgresql://billchat@127.0.0.1:1/billchat",
    "REDIS__URL": "redis://127.0.0.1:1/0",
}


def start_worker(folder: Path, text: str, **variables: str) -> list[dict[str, object]]:
    """Start a worker without a supervisor; returns its log once it has ended."""
    command = [sys.executable, "-m", "chatbot", "serve", "--worker", "0", "--config", str(config_file(folder, text))]
    environment = {**os.environ, **{f"BILLCHAT_{name}": value for name, value in variables.items()}}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize("text", ["region: {country: UK}", "server: {", "server: {port: 1}\nserver: {port: 2}\n"])
def test_a_configuration_that_a_reload_cannot_use_is_logged_as_json(tmp_path: Path, text: str) -> None:
    [line] = start_worker(tmp_path, text)
    assert (line["event"], line["level"]) == ("a worker cannot start with this configuration", "error")
    assert line["problems"]


def test_any_other_reason_is_logged_as_json_too(tmp_path: Path) -> None:
    line = start_worker(tmp_path, "{}", **COMPLETE)[-1]
    assert line["event"] in ("a worker cannot start with this database", "a worker ended by an error")
    assert line["level"] == "error"
