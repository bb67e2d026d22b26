"""The company's settings: config.yaml, overridden by environment variables, which also carry the secrets.

Nothing else in the service reads the environment. Every problem is reported at once, each with its path and remedy.
"""

from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)

from chatbot.config.environment import PREFIX, env_name, unknown_variables, unreadable_variable


class ConfigError(Exception):
    """The configuration cannot be used. `problems` lists every fault as “path: what is wrong; what to do”."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The configuration needs attention:\n" + "\n".join(f"  • {problem}" for problem in problems))
        self.problems = problems


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key  # and keep it: the first turn does not have to open a file
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError("not a time zone name; write one like Europe/London") from fault


def _known_locale(name: str) -> str:
    try:
        Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError) as fault:
        raise ValueError("not a language tag; write one like en or es") from fault
    return name


def _origin(address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// (or http:// on your own machine)")
    return address.rstrip("/")


def _address(written: str) -> str:
    name = parseaddr(written)[1]
    user, _, domain = name.rpartition("@")
    if not user or not domain:
        raise ValueError("not an email address; write one like billing@example.com")
    return written


def _site(address: str) -> str:
    parts = urlsplit(_origin(address))
    if "*" in address or parts.path or parts.query or not parts.hostname:
        raise ValueError("must be one site and nothing behind it, like https://www.example.com")
    return _origin(address).lower().removesuffix({"https": ":443", "http": ":80"}[parts.scheme])  # as browsers name it


def _network(written: str) -> str:
    try:
        ip_network(written, strict=False)
    except ValueError as fault:
        raise ValueError("not a network address; write one like 10.0.0.7 or 10.0.0.0/8") from fault
    return written


def _database(address: str) -> str:
    if not address.startswith(("sqlite:///", "postgresql://", "postgres://")) or address == "sqlite:///":
        raise ValueError("not a database we know; write sqlite:///path/to/file.db or postgresql://user@host:5432/name")
    return address


def _redis(address: str) -> str:
    if not address.startswith(("redis://", "rediss://", "redis+sentinel://", "unix://")):
        raise ValueError("not the address of a Redis; write redis://host:6379/0, or rediss:// with TLS")
    try:
        _ = address.startswith("redis+sentinel:") or urlsplit(address).port  # of Sentinel there are several hosts
    except ValueError as fault:
        raise ValueError("its port is no number up to 65535; write redis://host:6379/0") from fault
    return address


LocaleTag = Annotated[str, AfterValidator(_known_locale)]
Origin = Annotated[str, AfterValidator(_origin)]
Site = Annotated[str, AfterValidator(_site)]
EmailAddress = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Section(BaseModel):
    """A part of config.yaml; a key it does not know is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BrandSettings(Section):
    """Who the customer is talking to."""

    name: str = Field(default="Northwind Broadband", min_length=1, max_length=60)
    colour: str = Field(default="#2457d6", pattern=r"^#[0-9a-fA-F]{6}$")


class ServerSettings(Section):
    """Where the service listens, and how the world reaches it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: Origin = "http://127.0.0.1:8080"
    allowed_sites: list[Site] = []
    trusted_proxies: list[Network] = []


class DatabaseSettings(Section):
    """Where everything is remembered."""

    # Not shown when settings are printed: it may hold a password.
    url: Annotated[str, AfterValidator(_database)] = Field(default="sqlite:///data/billchat.db", repr=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file that one process has to itself."""
        return self.url.startswith("sqlite:")


class RedisSettings(Section):
    """The Redis by which several processes tell each other what was said. One process needs none."""

    url: Annotated[str, AfterValidator(_redis)] | None = Field(default=None, repr=False)


class LanguageSettings(Section):
    """The languages customers are served in, and where the company's own wording lies."""

    default: LocaleTag = "en"
    offered: list[LocaleTag] = ["en", "es"]
    overrides: Path | None = None


class RegionSettings(Section):
    """Where the customers are: how they write a phone number, and what time it is for them."""

    country: Region = "GB"
    timezone: Annotated[str, AfterValidator(_known_zone)] = "Europe/London"


class EmailSettings(Section):
    """The company's SMTP server. Without a host no email leaves."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: EmailAddress | None = None
    connections: int = Field(default=4, ge=1, le=8)
    timeout_s: float = Field(default=20, gt=0, le=120)


class SmsSettings(Section):
    """The company's Twilio account. Without one no text leaves."""

    account_sid: str | None = None
    auth_token: SecretStr | None = None
    sender: str | None = None
    api_base_url: Origin = "https://api.twilio.com"
    countries: list[Region] = ["GB"]
    daily_messages: int = Field(default=2000, ge=0)
    timeout_s: float = Field(default=10, gt=0, le=60)


class TeamSettings(Section):
    """The people who read what customers leave for them."""

    email: EmailAddress | None = None


class LimitSettings(Section):
    """How often things may be tried. The defaults are the numbers that the security chapter of the docs explains."""

    code_minutes: int = Field(default=10, ge=1, le=10)
    code_tries: int = Field(default=5, ge=1, le=10)
    resend_waits_s: list[int] = Field(default=[30, 60, 120], min_length=1)
    codes_per_ten_minutes: int = Field(default=3, ge=1)
    codes_per_day: int = Field(default=10, ge=1)
    failures_per_hour: int = Field(default=10, ge=1)
    failures_in_a_row: int = Field(default=100, ge=1, le=100)
    identifiers_per_address_per_hour: int = Field(default=10, ge=1)
    verified_idle_minutes: int = Field(default=15, ge=1, le=60)
    verified_hours: int = Field(default=12, ge=1, le=12)
    messages_per_ten_seconds: int = Field(default=60, ge=1)
    starts_per_session_per_hour: int = Field(default=60, ge=1)
    starts_per_address_per_minute: int = Field(default=300, ge=1)
    starts_per_address_per_hour: int = Field(default=3000, ge=1)
    connections_per_address: int = Field(default=1000, ge=1)
    connections_per_address_per_minute: int = Field(default=2000, ge=1)


class SandboxSettings(Section):
    """A pretended payment provider, for trying things out. Never for real customers."""

    base_url: Origin | None = None
    secret: SecretStr | None = None
    later_seconds: float = Field(default=60, ge=0)


class PaymentSettings(Section):
    """How customers pay."""

    link_minutes: int = Field(default=60, ge=5, le=24 * 60)
    sandbox: SandboxSettings | None = None


class RetentionSettings(Section):
    """How long conversations are kept after their last message."""

    conversation_days: int = Field(default=90, ge=1)


class SecretSettings(Section):
    """The keys that codes, links and digests are derived from. They never stand in the file."""

    key: SecretStr | None = None


class Settings(BaseSettings):
    """All settings. Build with `load`; tests and the demo may pass sections directly."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    brand: BrandSettings = BrandSettings()
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    languages: LanguageSettings = LanguageSettings()
    region: RegionSettings = RegionSettings()
    email: EmailSettings = EmailSettings()
    sms: SmsSettings = SmsSettings()
    team: TeamSettings = TeamSettings()
    limits: LimitSettings = LimitSettings()
    payments: PaymentSettings = PaymentSettings()
    retention: RetentionSettings = RetentionSettings()
    secrets: SecretSettings = SecretSettings()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that customers' dates and times are written in."""
        return ZoneInfo(self.region.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, and what the program passes wins over both."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)


# Where a secret belongs: (section, key). One found in the file is reported, since files end up in repositories.
SECRET_KEYS = [("secrets", "key"), ("email", "password"), ("sms", "auth_token")]
# Addresses that may hold a password, which then makes them a secret.
ADDRESS_KEYS = [("database", "url"), ("redis", "url")]


def load(path: Path) -> Settings:
    """Read the file at `path` and the environment.

    Raises ConfigError with every problem found, each naming its path and remedy.
    """
    raw = _read(path)
    found = {
        (section, key): raw[section][key]
        for section, key in SECRET_KEYS + ADDRESS_KEYS
        if isinstance(raw.get(section), dict) and raw[section].get(key) is not None
    }
    problems = unknown_variables(Settings.model_fields) + [
        f"{section}.{key}: a secret does not belong in {path}; take it out and set {env_name(section, key)}"
        for (section, key), value in found.items()
        if (section, key) in SECRET_KEYS or _has_password(value)
    ]

    class FromFile(Settings):
        model_config = SettingsConfigDict(**{**Settings.model_config, "yaml_file": path})

    try:
        settings = FromFile()
    except ValidationError as fault:
        raise ConfigError(problems + [_explain(error) for error in fault.errors()]) from None
    except SettingsError as fault:  # its words are the environment's and may hold a secret
        raise ConfigError([*problems, unreadable_variable(fault, Settings.model_fields)]) from None
    if problems:
        raise ConfigError(problems)
    return settings


def _has_password(address: object) -> bool:
    """Tell whether an address holds a password; one that cannot be read might."""
    try:
        return isinstance(address, str) and (urlsplit(address).password is not None or "password=" in address)
    except ValueError:
        return True


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as fault:
        raise ConfigError([f"{path}: cannot be read ({fault.strerror}); say where it is with --config"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: is not written in UTF-8; save it so"]) from None
    except yaml.YAMLError as fault:
        where = getattr(fault, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise ConfigError([f"{path}{line}: not valid YAML; check the indentation and the quotes there"]) from None
    if not isinstance(raw, dict):
        raise ConfigError([f"{path}: must be sections of keys, like the example config.yaml"])
    return cast("dict[str, Any]", raw)


def _explain(error: ErrorDetails) -> str:
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{path}: there is no such key; check its spelling against the example config.yaml"
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {said[:1].lower()}{said[1:]}"
