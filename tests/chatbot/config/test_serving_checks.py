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
from tests.mail_server import certificate

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


@pytest.mark.parametrize(
    ("tls", "host", "is_refused"),
    [
        ("none", "127.0.0.1", False),
        ("none", "127.0.0.53", False),
        ("none", "::1", False),
        ("none", "localhost", False),
        ("none", "10.0.0.7", True),
        ("none", "mail.acme.test", True),
        ("none", "localhost.acme.test", True),
        ("none", None, True),
        ("starttls", "mail.acme.test", False),
    ],
)
def test_codes_travel_in_clear_to_a_mail_relay_on_this_machine_only(
    tls: Any, host: str | None, is_refused: bool
) -> None:
    problems = serving_problems(Settings(email=EmailSettings(host=host, tls=tls)))
    assert any(problem.startswith("email.tls:") for problem in problems) == is_refused


def test_a_file_of_authorities_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    def about_the_file(path: Path) -> list[str]:
        problems = serving_problems(Settings(email=EmailSettings(ca_file=path)))
        return [problem for problem in problems if problem.startswith("email.ca_file:")]

    assert "cannot be read (No such file" in about_the_file(tmp_path / "ca.pem")[0]
    (tmp_path / "ca.pem").write_text("no certificate")
    assert "holds no certificate in PEM" in about_the_file(tmp_path / "ca.pem")[0]
    _, path = certificate(tmp_path)
    assert about_the_file(path) == []


def test_check_config_and_serve_print_the_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config_file(tmp_path, "brand: {name: Acme}\n")
    for command in ("check-config", "serve"):
        assert main([command, "--config", str(path)]) == 1
        assert "secrets.key" in capsys.readouterr().err


def test_check_config_refuses_the_untouched_example_and_says_which_values_are_examples(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    monkeypatch.setenv("BILLCHAT_EMAIL__PASSWORD", SECRET)
    assert main(["check-config", "--config", str(ROOT / "config.yaml")]) == 1
    told = {line.strip(" •").partition(":")[0]: line for line in capsys.readouterr().err.splitlines()[1:]}
    assert "no gateway is switched on" in told.pop("payments")
    assert told.keys() == {
        "brand.name", "server.public_url", "server.allowed_sites.0", "email.host", "email.username", "email.sender",
        "team.email",
    }  # fmt: skip
    assert all("example" in line for line in told.values())


def test_all_problems_come_in_one_round_each_by_the_variable_or_the_key_that_holds_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SERVER__HOST", "999.1.1.1")
    monkeypatch.setenv("BILLCHAT_SERVER__PUBLIC_URL", "https://chat.example.com")
    monkeypatch.setenv("BILLCHAT_SERVER__TRUSTED_PROXIES", "10.0.0.1")
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", "x" * 40)
    text = "brand: {name: A}\nregion: {country: UK}\nserver: {allowed_sites: []}\nemail: {prot: 1}\nbrand: {name: A}\n"
    path = config_file(tmp_path, text)
    for command in ("check-config", "serve"):
        assert main([command, "--config", str(path)]) == 1
        lines = [line.strip(" •") for line in capsys.readouterr().err.splitlines()[1:]]
        assert f"{path}, line 5: brand stands in line 1 already, and would be replaced; keep one" in lines
        assert sorted(line.partition(":")[0] for line in lines if "stands in line" not in line) == [
            "BILLCHAT_SECRETS__KEY", "BILLCHAT_SERVER__HOST", "BILLCHAT_SERVER__PUBLIC_URL",
            "BILLCHAT_SERVER__TRUSTED_PROXIES", "email.host", "email.prot", "email.sender", "payments",
            "region.country", "server.allowed_sites", "team.email",
        ]  # fmt: skip


def test_a_value_that_cannot_be_used_is_not_called_missing_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config", "--config", str(config_file(tmp_path, "team: {email: nobody}\n"))]) == 1
    assert [line for line in capsys.readouterr().err.splitlines() if "team.email" in line] == [
        "  • team.email: not an email address; write one like billing@example.com"
    ]


def test_check_config_is_content_with_a_companys_own_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    monkeypatch.setenv("BILLCHAT_EMAIL__PASSWORD", SECRET)
    monkeypatch.setenv("BILLCHAT_PAYMENTS__OTHER_WAYS", '{"en": "By bank transfer", "es": "Por transferencia"}')
    text = (ROOT / "config.yaml").read_text().replace("example.com", "acme.test").replace("Northwind Broadband", "Acme")
    path = config_file(tmp_path, text)
    assert main(["check-config", "--config", str(path)]) == 0
    assert "ready to serve" in capsys.readouterr().out
    assert main(["check-config", "--workers", "2", "--config", str(path)]) == 1
    assert "redis.url" in capsys.readouterr().err


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
