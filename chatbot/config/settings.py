"""The sections of config.yaml as frozen pydantic models; `chatbot.config.load` reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    SerializeAsAny,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatbot.config.address_types import BaseUrl, DatabaseUrl, Host, Network, RedisUrl, Site
from chatbot.config.annotations import alternatives
from chatbot.config.environment import PREFIX
from chatbot.config.field_types import Count, EmailAddress, Line, LocaleTag, Region, Timezone


class Section(BaseModel):
    """Base of every section. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_as_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse yes and no for anything else: pydantic would take `daily_messages: no` for 0."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and bool not in [kind for kind, _ in alternatives(annotation)]:
            raise ValueError("is yes or no (true or false) for YAML; write the value, a word like NO in quotes")
        return value


class BrandSettings(Section):
    """The company's name and accent colour, shown to customers."""

    name: Line = Field(default="Northwind Broadband", max_length=60)
    colour: str = Field(default="#2457d6", pattern=r"^#[0-9a-fA-F]{6}$")


class ServerSettings(Section):
    """The listening address, the public address, and the sites and proxies that are trusted."""

    host: Host = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: Site = "http://127.0.0.1:8080"
    allowed_sites: list[Site] = []
    trusted_proxies: list[Network] = []


class DatabaseSettings(Section):
    """The database: an SQLite file or a PostgreSQL server."""

    url: DatabaseUrl = Field(default="sqlite:///data/billchat.db", repr=False)

    @property
    def is_sqlite(self) -> bool:
        """True for an SQLite file, which only one process may use."""
        return self.url.startswith("sqlite:")


class RedisSettings(Section):
    """The Redis that carries messages between several processes. One process needs none."""

    url: RedisUrl | None = Field(default=None, repr=False)


class LanguageSettings(Section):
    """The languages offered to customers, and the folder of the company's own wording."""

    default: LocaleTag = "en"
    offered: list[LocaleTag] = ["en", "es"]
    overrides: Path | None = None


class RegionSettings(Section):
    """The customers' country, for phone numbers without a prefix, and their time zone."""

    country: Region = "GB"
    timezone: Timezone = "Europe/London"


class EmailSettings(Section):
    """The company's SMTP server. Without a host no email is sent.

    `ca_file` holds the certificates, in PEM, of the authorities to trust in place of the machine's.
    """

    host: Host | None = None
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    ca_file: Path | None = None
    username: str | None = None
    password: SecretStr | None = None
    sender: EmailAddress | None = None
    connections: int = Field(default=4, ge=1, le=8)
    timeout_s: float = Field(default=20, gt=0, le=120)


class SmsSettings(Section):
    """The company's Twilio account. Without one no text message is sent."""

    account_sid: str | None = None
    auth_token: SecretStr | None = None
    sender: str | None = None
    api_base_url: BaseUrl = "https://api.twilio.com"
    countries: list[Region] = ["GB"]
    daily_messages: int = Field(default=2000, ge=0, le=10**9)
    timeout_s: float = Field(default=10, gt=0, le=60)


class TeamSettings(Section):
    """The team that receives messages left by customers."""

    email: EmailAddress | None = None


class LimitSettings(Section):
    """Rate limits and lifetimes; docs/security.md explains each default."""

    code_minutes: int = Field(default=10, ge=1, le=10)
    code_tries: int = Field(default=5, ge=1, le=10)
    resend_waits_s: list[Annotated[int, Field(ge=1, le=86_400)]] = Field(default=[30, 60, 120], min_length=1)
    codes_per_ten_minutes: Count = 3
    codes_per_day: Count = 10
    codes_per_day_from_all_addresses: Count = 50
    failures_per_hour: Count = 10
    failures_in_a_row: int = Field(default=100, ge=1, le=100)
    identifiers_per_conversation_per_hour: Count = 10
    identifiers_per_address_per_hour: Count = 1000
    failures_per_address_per_hour: Count = 100
    verified_idle_minutes: int = Field(default=15, ge=1, le=60)
    verified_hours: int = Field(default=12, ge=1, le=12)
    session_idle_minutes: int = Field(default=120, ge=15, le=24 * 60)
    session_hours: int = Field(default=12, ge=1, le=7 * 24)
    messages_per_ten_seconds: Count = 60
    messages_per_session_per_hour: Count = 1000
    messages_per_address_per_hour: Count = 60_000
    text_kilobytes_per_address_per_hour: Count = 20_000
    team_messages_per_conversation_per_hour: Count = 3
    team_messages_per_session_per_hour: Count = 5
    team_messages_per_address_per_hour: Count = 300
    starts_per_session_per_hour: Count = 60
    starts_per_address_per_minute: Count = 300
    starts_per_address_per_hour: Count = 3000
    connections_per_address: Count = 1000
    connections_per_address_per_minute: Count = 2000
    frames_per_address_per_second: Count = 1000
    requests_per_address_per_second: Count = 200
    kilobytes_per_address_per_second: Count = 300
    bodies_per_address: Count = 100
    bodies_megabytes: int = Field(default=16, ge=4)
    body_seconds: Count = 10
    bad_webhooks_per_address_per_minute: Count = 60


class GatewaySection(Section):
    """Base of `payments.NAME`, the section of one gateway. Each gateway keeps its own beside its adapter."""

    for_real_customers: ClassVar[bool] = True
    """False for a gateway that moves no money; `billchat serve` refuses to start with it."""

    @property
    def is_on(self) -> bool:
        """Whether the gateway takes payments with these settings."""
        return True


GatewayT = TypeVar("GatewayT", bound=GatewaySection)


class PaymentSettings(Section):
    """Payment links, and one optional sub-section per gateway, named like the gateway.

    `other_ways`: the company's sentence by language about other ways to pay, shown while no gateway is configured.

    This module knows no gateway: `with_gateways` adds their sections, `using` builds the settings in code.
    """

    link_minutes: int = Field(default=60, ge=5, le=24 * 60)
    other_ways: dict[LocaleTag, Annotated[str, Field(min_length=1, max_length=500)]] = {}

    @classmethod
    def with_gateways(cls, sections: Mapping[str, type[GatewaySection]]) -> type[Self]:
        """Return a subclass with an optional field for each gateway, by name."""
        fields: dict[str, Any] = {name: (section | None, None) for name, section in sections.items()}
        return cast("type[Self]", create_model(cls.__name__, __base__=cls, **fields))

    @classmethod
    def using(cls, **sections: GatewaySection) -> Self:
        """Build payment settings that switch these gateways on, as in `using(sandbox=SandboxSettings())`."""
        return cls.with_gateways({name: type(section) for name, section in sections.items()}).model_validate(sections)

    @property
    def has_gateway(self) -> bool:
        """Whether any gateway takes payments."""
        return any(section.is_on for section in self.gateways.values())

    @property
    def gateways(self) -> dict[str, GatewaySection]:
        """The sections of the gateways that are switched on, by name."""
        return {name: section for name, section in self if isinstance(section, GatewaySection)}

    def gateway(self, kind: type[GatewayT]) -> GatewayT | None:
        """Return the section of a gateway, by its class; None when it is switched off."""
        return next((section for section in self.gateways.values() if isinstance(section, kind)), None)


class RetentionSettings(Section):
    """How long conversations are kept, in days after their last message."""

    conversation_days: int = Field(default=90, ge=1, le=36_500)


class SecretSettings(Section):
    """The key from which codes, payment links and digests are derived."""

    key: SecretStr | None = None


class Settings(BaseSettings):
    """All settings. `chatbot.config.load.load` reads them; the demo and tests pass sections directly."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
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
    payments: SerializeAsAny[PaymentSettings] = PaymentSettings()  # as `using` built it, with its gateways
    retention: RetentionSettings = RetentionSettings()
    secrets: SecretSettings = SecretSettings()

    @classmethod
    def with_gateways(cls, sections: Mapping[str, type[GatewaySection]]) -> type[Self]:
        """Return a subclass whose `payments` has a sub-section for each gateway, by name."""
        payments = PaymentSettings.with_gateways(sections)
        fields: dict[str, Any] = {"payments": (payments, payments())}
        return cast("type[Self]", create_model(cls.__name__, __base__=cls, **fields))

    @property
    def zone(self) -> ZoneInfo:
        """The customers' time zone."""
        return ZoneInfo(self.region.timezone)
