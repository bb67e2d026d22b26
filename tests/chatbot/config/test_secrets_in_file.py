"""Secrets: refused in config.yaml, accepted from the environment, and never printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, Field, Secret, SecretStr
from pydantic.fields import FieldInfo

from chatbot.config.address_types import MayHoldPassword
from chatbot.config.load import ConfigError, load
from chatbot.config.settings import GatewaySection, Section, Settings
from chatbot.payments.gateways import GATEWAYS
from tests.config_file import config_file

SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"

KeyPath = tuple[str, ...]


def settings_of(section: type[BaseModel], path: KeyPath = ()) -> Iterator[tuple[KeyPath, tuple[Any, FieldInfo]]]:
    """Every setting of a section and of its sub-sections, with its type."""
    for name, field in section.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from settings_of(kind, (*path, name))
            else:
                yield (*path, name), (kind, field)


def nested(path: KeyPath, value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value


ALL = list(settings_of(Settings.with_gateways(GATEWAYS)))
SECRETS = [path for path, (kind, _) in ALL if kind is SecretStr]

each_secret = pytest.mark.parametrize("path", SECRETS, ids=".".join)


def variable(path: KeyPath) -> str:
    return "BILLCHAT_" + "__".join(path).upper()


def test_the_walk_finds_the_secrets_of_sections_and_of_gateways() -> None:
    assert set(SECRETS) == {
        ("secrets", "key"), ("email", "password"), ("sms", "auth_token"), ("payments", "sandbox", "secret"),
    }  # fmt: skip


@each_secret
def test_a_secret_in_the_file_is_refused_with_the_variable_for_it(tmp_path: Path, path: KeyPath) -> None:
    file = config_file(tmp_path, json.dumps(nested(path, SECRET)))
    with pytest.raises(ConfigError) as raised:
        load(file, GATEWAYS)
    assert raised.value.problems == [
        f"{'.'.join(path)}: a secret does not belong in {file}; take it out and set {variable(path)}"
    ]


@each_secret
def test_a_secret_is_accepted_from_the_environment_and_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: KeyPath
) -> None:
    monkeypatch.setenv(variable(path), SECRET)
    settings = load(config_file(tmp_path, "{}"), GATEWAYS)
    found: Any = settings
    for key in path:
        found = getattr(found, key)
    assert found.get_secret_value() == SECRET
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)


@each_secret
@pytest.mark.parametrize("shape", [[SECRET], {"a": SECRET}, {"a": [SECRET]}])
def test_no_error_about_the_file_repeats_a_secret(tmp_path: Path, path: KeyPath, shape: Any) -> None:
    texts = [nested(path, shape), nested(path[:-1], SECRET), nested(path[:-1], [SECRET]), nested((*path, "x"), SECRET)]
    texts += [nested((*path[:-1], f"{path[-1]}x"), SECRET), {**nested(path, SECRET), "server": {"port": "eighty"}}]
    for text in texts:
        with pytest.raises(ConfigError) as raised:
            load(config_file(tmp_path, json.dumps(text)), GATEWAYS)
        assert "hunter2" not in str(raised.value)
    with pytest.raises(ConfigError) as raised:
        load(config_file(tmp_path, f"{path[0]}: [unclosed {SECRET}"), GATEWAYS)
    assert "hunter2" not in str(raised.value)


@each_secret
def test_no_error_about_the_environment_repeats_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: KeyPath
) -> None:
    file = config_file(tmp_path, "server: {port: eighty}")
    for name, value in (
        (variable(path), SECRET),
        (f"{variable(path)}X", SECRET),
        (variable(path[:-1]), SECRET),
        (variable(path[:-1]), f'{{"{path[-1]}": {SECRET}'),
        (variable(path[:-1]), f'{{"{path[-1]}": ["{SECRET}"]}}'),
    ):
        with monkeypatch.context() as context:
            context.setenv(name, value)
            with pytest.raises(ConfigError) as raised:
                load(file, GATEWAYS)
        assert "hunter2" not in str(raised.value)


class Endpoint(Section):
    url: str = ""
    token: SecretStr | None = None


class DeepSection(GatewaySection):
    key: SecretStr
    old_keys: tuple[SecretStr, ...] = ()
    by_currency: dict[str, SecretStr] = Field(default_factory=dict)
    endpoint: Endpoint | None = None
    endpoints: list[Endpoint] = Field(default_factory=list)
    either: Annotated[Annotated[SecretStr, Field(min_length=1)] | int | None, Field(description="nested")] = None
    pin: Secret[int] | None = None
    proxy: Annotated[str, MayHoldPassword()] | None = Field(default=None, repr=False)


@pytest.mark.parametrize(
    ("value", "found", "name"),
    [
        ({"key": SECRET}, "key", "KEY"),
        ({"old_keys": [SECRET]}, "old_keys.0", "OLD_KEYS"),
        ({"by_currency": {"EUR": SECRET}}, "by_currency.EUR", "BY_CURRENCY__EUR"),
        ({"endpoint": {"token": SECRET}}, "endpoint.token", "ENDPOINT__TOKEN"),
        ({"endpoints": [{"url": "x"}, {"token": SECRET}]}, "endpoints.1.token", "ENDPOINTS"),
        ({"either": SECRET}, "either", "EITHER"),
        ({"pin": 1234}, "pin", "PIN"),
        ({"proxy": "http://me:hunter2@proxy:8080"}, "proxy", "PROXY"),
    ],
)
def test_a_secret_is_found_at_any_depth(tmp_path: Path, value: dict[str, Any], found: str, name: str) -> None:
    file = config_file(tmp_path, json.dumps({"payments": {"deep": value}}))
    with pytest.raises(ConfigError) as raised:
        load(file, {"deep": DeepSection})
    remedy = f"take it out and set BILLCHAT_PAYMENTS__DEEP__{name}"
    assert f"payments.deep.{found}: a secret does not belong in {file}; {remedy}" in raised.value.problems
    assert "hunter2" not in str(raised.value)


def test_a_missing_secret_is_reported_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(config_file(tmp_path, "payments: {deep: {}}"), {"deep": DeepSection})
    assert raised.value.problems == ["payments.deep.key: is needed; set BILLCHAT_PAYMENTS__DEEP__KEY"]


def test_ordinary_values_beside_secrets_belong_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLCHAT_PAYMENTS__DEEP__KEY", SECRET)
    monkeypatch.setenv("BILLCHAT_PAYMENTS__DEEP__OLD_KEYS", json.dumps([SECRET]))
    monkeypatch.setenv("BILLCHAT_PAYMENTS__DEEP__ENDPOINT__TOKEN", SECRET)
    text = "payments: {deep: {key: null, endpoint: {url: x}, endpoints: [{url: y}], proxy: 'http://proxy:8080'}}"
    settings = load(config_file(tmp_path, text), {"deep": DeepSection})
    deep = settings.payments.gateway(DeepSection)
    assert deep is not None
    assert deep.endpoint is not None
    assert (deep.endpoint.url, deep.endpoint.token) == ("x", SecretStr(SECRET))
    assert deep.old_keys == (SecretStr(SECRET),)
    assert "hunter2" not in repr(settings)


def test_an_address_that_may_hold_a_password_is_not_printed() -> None:
    marked = {
        path: field
        for path, (kind, field) in ALL
        if MayHoldPassword() in (*field.metadata, *getattr(kind, "__metadata__", ()))
    }
    assert set(marked) == {("database", "url"), ("redis", "url")}
    assert not any(field.repr for field in marked.values())


@pytest.mark.parametrize(
    ("section", "address"),
    [
        ("redis", "redis://:hunter2@127.0.0.1:6379/0"),
        ("database", "postgresql://billchat:hunter2@127.0.0.1/billchat"),
        ("database", "postgresql://127.0.0.1/billchat?user=billchat&password=hunter2"),
    ],
)
def test_an_address_with_a_password_belongs_into_the_environment(
    tmp_path: Path, section: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config_file(tmp_path, f"{section}: {{url: '{address}'}}\n")
    with pytest.raises(ConfigError, match=f"BILLCHAT_{section.upper()}__URL") as raised:
        load(path, GATEWAYS)
    assert "hunter2" not in str(raised.value)
    path.write_text("{}\n")
    monkeypatch.setenv(f"BILLCHAT_{section.upper()}__URL", address)
    assert "hunter2" not in repr(load(path, GATEWAYS))
