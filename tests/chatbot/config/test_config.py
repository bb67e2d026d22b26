"""config.yaml and the environment: all problems at once, each with its path and remedy."""

from pathlib import Path

import pytest

from chatbot.cli.main import main
from chatbot.config.serving_checks import serving_problems
from chatbot.config.settings import ConfigError, EmailSettings, Settings, load

ROOT = Path(__file__).parents[3]
SECRET = "0123456789abcdef0123456789abcdef"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def test_the_example_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    monkeypatch.setenv("BILLCHAT_EMAIL__PASSWORD", SECRET)
    settings = load(ROOT / "config.yaml")
    assert serving_problems(settings) == []
    example = (ROOT / "config.yaml").read_text()
    assert "\n    secret:" not in example, "the sandbox is not for serving"
    for section, field in Settings.model_fields.items():
        assert f"\n{section}:" in example
        for key in field.annotation.model_fields:  # type: ignore[union-attr]
            assert f"  {key}:" in example, f"{section}.{key} is not in the example"


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "brand: {colour: blue}\nserver: {port: eighty, prot: 1}\nregion: {timezone: Mars}\n")
    with pytest.raises(ConfigError) as fault:
        load(path)
    told = "\n".join(fault.value.problems)
    for name in ("brand.colour", "server.port", "server.prot", "region.timezone"):
        assert name in told
    assert "time zone" in told


def test_a_secret_in_the_file_is_refused_without_being_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, "email: {password: hunter2hunter2}\n")
    with pytest.raises(ConfigError, match="BILLCHAT_EMAIL__PASSWORD") as fault:
        load(path)
    assert "hunter2" not in str(fault.value)


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SERVER__PORT", "9001")
    settings = load(written(tmp_path, "server: {port: 9000, host: 127.0.0.2}\n"))
    assert (settings.server.port, settings.server.host) == (9001, "127.0.0.2")


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("BILLCHAT_DATABSE__URL", "sqlite:///x.db", "write BILLCHAT_DATABASE__URL"),
        ("BILLCHAT_DATABASE_URL", "sqlite:///x.db", "write BILLCHAT_DATABASE__URL"),
        ("BILLCHAT_WEATHER__IS", "fine", "no such setting"),
        ("BILLCHAT_SERVER__TRUSTED_PROXIES", "10.0.0.1", "BILLCHAT_SERVER__…: a list is written as JSON"),
        ("BILLCHAT_REDIS__URL", "redis://127.0.0.1:99999", "redis.url: its port"),
    ],
)
def test_a_variable_that_cannot_be_meant_so_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=remedy):
        load(written(tmp_path, "server: {port: 9000}\n"))


def test_lists_and_parts_of_keys_can_be_variables_and_others_may_begin_like_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SERVER__TRUSTED_PROXIES", '["10.0.0.1"]')
    monkeypatch.setenv("BILLCHAT_PAYMENTS__SANDBOX__SECRET", SECRET)
    monkeypatch.setenv("BILLCHAT_SERVICE_PORT", "8080")
    monkeypatch.setenv("BILLCHAT_PORT_8080_TCP_ADDR", "10.0.0.9")
    monkeypatch.setenv("BILLCHAT_SERVER_PORT", "tcp://10.0.0.9:8080")
    monkeypatch.setenv("BILLCHAT_REDIS__URL", "redis+sentinel://one:26379,two:26379/0/main")
    settings = load(written(tmp_path, "server: {port: 9000}\n"))
    assert (settings.server.port, settings.server.trusted_proxies) == (9000, ["10.0.0.1"])
    assert settings.payments.sandbox is not None


def test_serving_asks_for_all_that_customers_need() -> None:
    settings = Settings(email=EmailSettings(username="billing"))
    told = "\n".join(serving_problems(settings))
    assert "BILLCHAT_EMAIL__PASSWORD" in told
    for remedy in ("BILLCHAT_SECRETS__KEY", "email.host", "email.sender", "team.email", "server.public_url"):
        assert remedy in told


def test_serving_refuses_the_sandbox_and_a_short_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", "short")
    told = "\n".join(serving_problems(load(written(tmp_path, "payments: {sandbox: {later_seconds: 1}}\n"))))
    assert "payments.sandbox" in told
    assert "secrets.key" in told


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match=r"config.yaml, line \d"):
        load(written(tmp_path, "brand:\n  name: [unclosed\nserver:\n"))
    (tmp_path / "config.yaml").write_bytes("brand: {name: Café}\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not written in UTF-8"):
        load(tmp_path / "config.yaml")


def test_check_config_and_serve_refuse_with_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "brand: {name: Acme}\n")
    for command in ("check-config", "serve"):
        assert main([command, "--config", str(path)]) == 1
        assert "secrets.key" in capsys.readouterr().err


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    assert SECRET not in repr(Settings())


def test_a_mistake_in_the_companys_own_words_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    (tmp_path / "en.ftl").write_text("wellcome = Hello\n")
    text = (ROOT / "config.yaml").read_text()
    text = text.replace("overrides: null", f"overrides: {tmp_path}").replace("[en, es]", "[en, es, fr]")
    assert main(["check-config", "--config", str(written(tmp_path, text))]) == 1
    told = capsys.readouterr().err
    assert "wellcome" in told
    assert "no texts in fr" in told


def test_a_site_is_kept_as_browsers_name_it(tmp_path: Path) -> None:
    sites = "['https://Shop.Example.com:443', 'http://shop.example:8080', 'https://shop.example/']"
    settings = load(written(tmp_path, f"server: {{allowed_sites: {sites}}}\n"))
    assert settings.server.allowed_sites == [
        "https://shop.example.com", "http://shop.example:8080", "https://shop.example",
    ]  # fmt: skip


def test_addresses_and_sites_are_looked_at(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "team: {email: nobody}\nemail: {sender: Billing}\nserver: {allowed_sites: ['https://*.example.com', 'https://a.b/c']}\n",
    )
    with pytest.raises(ConfigError) as fault:
        load(path)
    told = "\n".join(fault.value.problems)
    for name in ("team.email", "email.sender", "server.allowed_sites.0", "server.allowed_sites.1"):
        assert name in told
