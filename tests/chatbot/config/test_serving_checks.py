"""Checks before serving customers: each problem with its path and remedy."""

import os
from pathlib import Path
from typing import Any

import pytest

from chatbot.cli.main import main
from chatbot.config.load import load
from chatbot.config.serving_checks import multi_process_problems, serving_problems
from chatbot.config.settings import EmailSettings, PaymentSettings, Settings
from chatbot.operations import workers
from chatbot.payments.gateways import GATEWAYS
from tests.config_file import config_file

ROOT = Path(__file__).parents[3]
SECRET = "0123456789abcdef0123456789abcdef"


def test_serving_needs_every_setting_that_reaches_customers() -> None:
    settings = Settings(email=EmailSettings(username="billing"))
    messages = "\n".join(serving_problems(settings))
    assert "BILLCHAT_EMAIL__PASSWORD" in messages
    for remedy in ("BILLCHAT_SECRETS__KEY", "email.host", "email.sender", "team.email", "server.public_url"):
        assert remedy in messages


def test_serving_refuses_the_sandbox_and_a_short_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", "short")
    messages = "\n".join(
        serving_problems(load(config_file(tmp_path, "payments: {sandbox: {later_seconds: 1}}\n"), GATEWAYS))
    )
    assert "payments.sandbox" in messages
    assert "secrets.key" in messages


def test_serving_needs_a_gateway_or_the_other_ways_to_pay_in_every_language() -> None:
    def about_payments(**payments: Any) -> list[str]:
        found = serving_problems(Settings(payments=PaymentSettings(**payments)))
        return [problem for problem in found if problem.startswith("payments")]

    [problem] = about_payments()
    assert "no gateway is switched on" in problem
    assert "payments.other_ways" in problem
    [problem] = about_payments(other_ways={"en": "By bank transfer"})
    assert "says nothing in es" in problem
    assert about_payments(other_ways={"en": "By bank transfer", "es": "Por transferencia"}) == []


def test_check_config_and_serve_print_the_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config_file(tmp_path, "brand: {name: Acme}\n")
    for command in ("check-config", "serve"):
        assert main([command, "--config", str(path)]) == 1
        assert "secrets.key" in capsys.readouterr().err


def test_a_mistake_in_the_companys_own_wording_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    (tmp_path / "en.ftl").write_text("wellcome = Hello\n")
    text = (ROOT / "config.yaml").read_text()
    text = text.replace("overrides: null", f"overrides: {tmp_path}").replace("[en, es]", "[en, es, fr]")
    assert main(["check-config", "--config", str(config_file(tmp_path, text))]) == 1
    messages = capsys.readouterr().err
    assert "wellcome" in messages
    assert "no texts in fr" in messages


def test_several_processes_need_postgresql_and_redis(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config_file(tmp_path, "database: {url: sqlite:///data/billchat.db}\n")
    assert main(["serve", "--workers", "2", "--config", str(path)]) == 1
    messages = capsys.readouterr().err
    assert "BILLCHAT_DATABASE__URL to postgresql://" in messages
    assert "BILLCHAT_REDIS__URL to redis://" in messages
    monkeypatch.setenv("BILLCHAT_DATABASE__URL", "postgresql://billchat@127.0.0.1/billchat")
    monkeypatch.setenv("BILLCHAT_REDIS__URL", "redis://127.0.0.1:6379/0")
    assert multi_process_problems(load(path, GATEWAYS)) == []


def test_a_single_process_needs_neither() -> None:
    assert Settings().database.is_sqlite
    assert Settings().redis.url is None
    assert workers.METRICS_DIR_VARIABLE not in os.environ
