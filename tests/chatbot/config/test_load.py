"""config.yaml: all problems at once, each with its path and remedy."""

from pathlib import Path

import pytest

from chatbot.config.load import ConfigError, load
from chatbot.config.serving_checks import serving_problems
from chatbot.config.settings import PaymentSettings, Settings
from chatbot.payments.gateways import GATEWAYS
from chatbot.payments.gateways.sandbox import SandboxSettings
from tests.config_file import config_file

ROOT = Path(__file__).parents[3]
SECRET = "0123456789abcdef0123456789abcdef"


def test_the_example_is_complete_but_for_secrets_and_payments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    monkeypatch.setenv("BILLCHAT_EMAIL__PASSWORD", SECRET)
    monkeypatch.setenv("BILLCHAT_PAYMENTS__OTHER_WAYS", '{"en": "By bank transfer", "es": "Por transferencia"}')
    settings = load(ROOT / "config.yaml", GATEWAYS)
    assert serving_problems(settings) == []
    example = (ROOT / "config.yaml").read_text()
    assert "\n    secret:" not in example, "the sandbox is not for serving"
    for section, field in Settings.with_gateways(GATEWAYS).model_fields.items():
        assert f"\n{section}:" in example
        for key in field.annotation.model_fields:  # type: ignore[union-attr]
            assert f"  {key}:" in example, f"{section}.{key} is not in the example"


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    path = config_file(tmp_path, "brand: {colour: blue}\nserver: {port: eighty, prot: 1}\nregion: {timezone: Mars}\n")
    with pytest.raises(ConfigError) as raised:
        load(path, GATEWAYS)
    messages = "\n".join(raised.value.problems)
    for name in ("brand.colour", "server.port", "server.prot", "region.timezone"):
        assert name in messages
    assert "time zone" in messages


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml", GATEWAYS)
    with pytest.raises(ConfigError, match=r"config.yaml, line \d"):
        load(config_file(tmp_path, "brand:\n  name: [unclosed\nserver:\n"), GATEWAYS)
    (tmp_path / "config.yaml").write_bytes("brand: {name: Café}\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not written in UTF-8"):
        load(tmp_path / "config.yaml", GATEWAYS)


def test_a_site_is_normalised_to_the_form_of_an_origin_header(tmp_path: Path) -> None:
    sites = (
        "['https://Shop.Example.com:443', 'http://localhost:8080', 'https://shop.example/', 'https://bücher.example']"
    )
    text = f"server: {{allowed_sites: {sites}, public_url: 'https://Chat.Example.com:443/'}}\n"
    server = load(config_file(tmp_path, text), GATEWAYS).server
    assert server.allowed_sites == [
        "https://shop.example.com", "http://localhost:8080", "https://shop.example", "https://xn--bcher-kva.example",
    ]  # fmt: skip
    assert server.public_url == "https://chat.example.com"


def test_email_addresses_and_sites_are_validated(tmp_path: Path) -> None:
    path = config_file(
        tmp_path,
        "team: {email: nobody}\nemail: {sender: Billing}\nserver: {allowed_sites: ['https://*.example.com', 'https://a.b/c']}\n",
    )
    with pytest.raises(ConfigError) as raised:
        load(path, GATEWAYS)
    messages = "\n".join(raised.value.problems)
    for name in ("team.email", "email.sender", "server.allowed_sites.0", "server.allowed_sites.1"):
        assert name in messages


def test_an_invalid_database_or_redis_address_is_explained(tmp_path: Path) -> None:
    path = config_file(tmp_path, "database: {url: mysql://here}\nredis: {url: here}\n")
    with pytest.raises(ConfigError) as raised:
        load(path, GATEWAYS)
    messages = "\n".join(raised.value.problems)
    assert "database.url: not a database we know; write sqlite:///" in messages
    assert "redis.url: not the address of a Redis; write redis://" in messages


def test_a_gateway_is_switched_on_by_its_section(tmp_path: Path) -> None:
    for text, expected in (("payments: {sandbox: null}", []), ("payments: {sandbox: {}}", ["sandbox"])):
        assert list(load(config_file(tmp_path, text), GATEWAYS).payments.gateways) == expected
    with pytest.raises(ConfigError, match=r"payments\.sandpit: there is no such key"):
        load(config_file(tmp_path, "payments: {sandpit: {}}"), GATEWAYS)


def test_odd_keys_are_reported(tmp_path: Path) -> None:
    path = config_file(tmp_path, "1: {}\n_env_file: x\nEmail: {password: x}\nserver: {1: 2}\nteam: [1]\n")
    with pytest.raises(ConfigError) as raised:
        load(path, GATEWAYS)
    paths = {problem.partition(":")[0] for problem in raised.value.problems}
    assert paths == {"1", "_env_file", "Email", "server.1", "team"}


def test_settings_built_in_code_keep_their_gateways_when_dumped() -> None:
    settings = Settings(payments=PaymentSettings.using(sandbox=SandboxSettings(later_seconds=5)))
    assert settings.model_dump()["payments"]["sandbox"]["later_seconds"] == 5
    assert Settings.with_gateways(GATEWAYS)(**settings.model_dump()).payments.gateways == settings.payments.gateways
