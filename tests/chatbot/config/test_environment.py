"""Settings from environment variables, and variables that set nothing."""

from pathlib import Path

import pytest

from chatbot.config.load import ConfigError, load
from chatbot.payments.gateways import GATEWAYS
from chatbot.payments.gateways.sandbox import SandboxSettings
from tests.config_file import config_file

SECRET = "0123456789abcdef0123456789abcdef"


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SERVER__PORT", "9001")
    settings = load(config_file(tmp_path, "server: {port: 9000, host: 127.0.0.2}\n"), GATEWAYS)
    assert (settings.server.port, settings.server.host) == (9001, "127.0.0.2")


def test_a_variable_and_the_file_share_a_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_PAYMENTS__SANDBOX__SECRET", SECRET)
    path = config_file(tmp_path, "payments: {sandbox: {later_seconds: 5}}\n")
    sandbox = load(path, GATEWAYS).payments.gateway(SandboxSettings)
    assert sandbox is not None
    assert (sandbox.later_seconds, sandbox.secret is None) == (5, False)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("BILLCHAT_DATABSE__URL", "sqlite:///x.db", "write BILLCHAT_DATABASE__URL"),
        ("BILLCHAT_DATABASE_URL", "sqlite:///x.db", "write BILLCHAT_DATABASE__URL"),
        (
            "BILLCHAT_PAYMENTS__SANDBOX__SECRT",
            "x",
            "SECRT: there is no such setting; write BILLCHAT_PAYMENTS__SANDBOX__SECRET",
        ),
        ("BILLCHAT_PAYMENTS_SANDBOX_SECRET", "x", "write BILLCHAT_PAYMENTS__SANDBOX__SECRET"),
        ("BILLCHAT_PAYMENTS__SANDBOX_SECRET", "x", "write BILLCHAT_PAYMENTS__SANDBOX__SECRET"),
        ("BILLCHAT_PAYMENTS__SANDPIT__SECRET", "x", "there is no such setting"),
        ("BILLCHAT_WEATHER__IS", "fine", "no such setting"),
        (
            "BILLCHAT_SERVER__TRUSTED_PROXIES",
            "10.0.0.1",
            "BILLCHAT_SERVER__TRUSTED_PROXIES: a list is written as JSON",
        ),
        ("BILLCHAT_PAYMENTS__OTHER_WAYS", "by bank", "BILLCHAT_PAYMENTS__OTHER_WAYS: a list is written as JSON"),
        ("BILLCHAT_SERVER", "{", "BILLCHAT_SERVER: a list is written as JSON"),
        ("BILLCHAT_SERVER", '{"port": "x"}', r"BILLCHAT_SERVER\.port: input should be a valid integer"),
        ("BILLCHAT_SERVER__ALLOWED_SITES", '["https://a.b/c"]', r"BILLCHAT_SERVER__ALLOWED_SITES\.0: must be one site"),
        ("BILLCHAT_REDIS__URL", "redis://127.0.0.1:99999", "BILLCHAT_REDIS__URL: its port"),
        ("billchat_server__port", "x", "BILLCHAT_SERVER__PORT: input should be a valid integer"),
    ],
)
def test_a_misspelt_or_unreadable_variable_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=remedy):
        load(config_file(tmp_path, "server: {port: 9000}\n"), GATEWAYS)


def test_a_variable_that_is_set_twice_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SERVER__PORT", "9001")
    monkeypatch.setenv("billchat_server__port", "9002")
    with pytest.raises(ConfigError, match="BILLCHAT_SERVER__PORT: is set twice"):
        load(config_file(tmp_path, "{}\n"), GATEWAYS)


def test_lists_and_sub_sections_can_be_variables_and_similar_names_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SERVER__TRUSTED_PROXIES", '["10.0.0.1"]')
    monkeypatch.setenv("BILLCHAT_PAYMENTS__SANDBOX__SECRET", SECRET)
    monkeypatch.setenv("BILLCHAT_SERVICE_PORT", "8080")
    monkeypatch.setenv("BILLCHAT_PORT_8080_TCP_ADDR", "10.0.0.9")
    monkeypatch.setenv("BILLCHAT_SERVER_PORT", "tcp://10.0.0.9:8080")
    monkeypatch.setenv("BILLCHAT_REDIS__URL", "redis+sentinel://one:26379,two:26379/0/main")
    settings = load(config_file(tmp_path, "server: {port: 9000}\n"), GATEWAYS)
    assert (settings.server.port, settings.server.trusted_proxies) == (9000, ["10.0.0.1"])
    sandbox = settings.payments.gateway(SandboxSettings)
    assert sandbox is not None
    assert sandbox.secret is not None
