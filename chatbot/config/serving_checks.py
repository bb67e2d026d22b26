"""Checks that a valid configuration is also fit for serving real customers."""

from pydantic import SecretStr

from chatbot.config.environment import env_name
from chatbot.config.load import ConfigError
from chatbot.config.settings import Settings
from flows.wording.words import Words

MIN_SECRET_LENGTH = 32


def require_fit_to_serve(settings: Settings, processes: int = 1) -> None:
    """Raise ConfigError with every problem that keeps so many processes from serving customers with these settings."""
    several = multi_process_problems(settings) if processes > 1 else []
    if problems := [*serving_problems(settings), *several, *language_problems(settings)]:
        raise ConfigError(problems)


def serving_problems(settings: Settings) -> list[str]:
    """Return each missing or unfit setting as “path: remedy”."""
    checks: list[tuple[bool, str]] = [
        (
            _is_strong(settings.secrets.key),
            f"secrets.key: set {env_name('secrets', 'key')} to {MIN_SECRET_LENGTH} random characters or more",
        ),
        (settings.email.host is not None, "email.host: name your SMTP server; without it no code can reach a customer"),
        (
            settings.email.sender is not None,
            "email.sender: say who codes come from, like Billing <billing@example.com>",
        ),
        (
            settings.email.username is None or settings.email.password is not None,
            f"email.password: set {env_name('email', 'password')}, or take email.username out",
        ),
        (settings.email.tls != "none", "email.tls: codes must not travel in clear; use starttls or implicit"),
        (settings.team.email is not None, "team.email: say who reads the messages that customers leave"),
        (
            settings.server.public_url.startswith("https://"),
            "server.public_url: customers must reach the service by https://; put your public address here",
        ),
        *(
            (
                gateway.for_real_customers,
                f"payments.{name}: the {name} moves no money; take it out (it runs in the demo and in tests only)",
            )
            for name, gateway in settings.payments.gateways.items()
        ),
        (
            settings.languages.default in settings.languages.offered,
            "languages.default: must be one of languages.offered",
        ),
    ]
    if settings.sms.account_sid is not None:
        checks += [
            (settings.sms.auth_token is not None, f"sms.auth_token: set {env_name('sms', 'auth_token')}"),
            (settings.sms.sender is not None, "sms.sender: say which number texts come from, like +447700900000"),
        ]
    return [remedy for passed, remedy in checks if not passed] + payment_problems(settings)


def payment_problems(settings: Settings) -> list[str]:
    """Return the reasons for which a customer who is shown a bill could not find out how to pay it."""
    payments = settings.payments
    if payments.has_gateway:
        return []
    if not payments.other_ways:
        return [
            (
                "payments: no gateway is switched on, so no customer could pay; "
                "switch one on, or say in payments.other_ways how else to pay"
            )
        ]
    return [
        f"payments.other_ways: says nothing in {name}, which languages.offered names; add it"
        for name in settings.languages.offered
        if name not in payments.other_ways
    ]


def multi_process_problems(settings: Settings) -> list[str]:
    """Return each setting that more than one process needs and that is missing."""
    checks = [
        (
            not settings.database.is_sqlite,
            (
                f"database.url: several processes need PostgreSQL; set {env_name('database', 'url')} to "
                "postgresql://user@host:5432/name, or leave out --workers: an SQLite database belongs to one process"
            ),
        ),
        (
            settings.redis.url is not None,
            (
                f"redis.url: several processes tell each other by Redis what was said; set {env_name('redis', 'url')} "
                "to redis://host:6379/0"
            ),
        ),
    ]
    return [remedy for passed, remedy in checks if not passed]


def language_problems(settings: Settings) -> list[str]:
    """Return the problems of the languages offered and of the company's own wording."""
    languages = settings.languages
    if languages.overrides is not None and not languages.overrides.is_dir():
        return [f"languages.overrides: there is no folder {languages.overrides}"]
    words = Words(languages.overrides)
    missing = [
        f"languages.offered: there are no texts in {name}; add {name}.ftl to the folder languages.overrides"
        for name in languages.offered
        if name not in words.locales
    ]
    return [*missing, *words.problems()]


def _is_strong(secret: SecretStr | None) -> bool:
    return secret is not None and len(secret.get_secret_value()) >= MIN_SECRET_LENGTH
