"""Checks that a valid configuration is also fit for serving real customers."""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from chatbot.config.address_types import is_loopback
from chatbot.config.environment import env_name, named_by_variable
from chatbot.config.example_values import example_problems
from chatbot.config.library_versions import library_problems
from chatbot.config.load import ConfigError, load_leniently
from chatbot.config.settings import EmailSettings, GatewaySection, Settings, SmsSettings
from flows.wording.words import Words

MIN_SECRET_LENGTH = 32
MIN_SECRET_CHARACTERS = 8
"""Different ones: a random secret of that length has more, a placeholder such as xxxx… has not."""

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
# A number, a short code, a messaging service, or a sender name of up to 11 characters with a letter among them.
_TEXT_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")


def load_to_serve(path: Path, gateways: Mapping[str, type[GatewaySection]], processes: int = 1) -> Settings:
    """Read the settings with which so many processes serve customers. Raises ConfigError with every problem at once.

    The checks run with the default in place of each invalid value; problems of such a default are not reported.
    """
    loaded = load_leniently(path, gateways)
    settings = loaded.settings
    unfit = [
        *serving_problems(settings),
        *example_problems(settings),
        *(multi_process_problems(settings) if processes > 1 else []),
        *language_problems(settings),
    ]
    problems = (
        library_problems()
        + loaded.problems
        + [named_by_variable(problem) for problem in unfit if not loaded.is_unusable(problem.partition(":")[0])]
    )
    if problems:
        raise ConfigError(problems)
    return settings


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
        (
            settings.email.password is None or settings.email.username is not None,
            "email.password: is of no use without email.username; set that, or take the password out",
        ),
        (
            settings.email.tls != "none" or is_loopback(settings.email.host or ""),
            (
                "email.tls: codes must not travel in clear; use starttls or implicit "
                "(none is for a server on this machine, by its address 127.0.0.1 or ::1)"
            ),
        ),
        (settings.team.email is not None, "team.email: say who reads the messages that customers leave"),
        (
            settings.server.public_url.startswith("https://"),
            "server.public_url: customers must reach the service by https://; put your public address here",
        ),
        (
            bool(settings.server.allowed_sites),
            "server.allowed_sites: names no site, so that no page could show the chat; name your website",
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
    problems = [remedy for passed, remedy in checks if not passed]
    return [*problems, *ca_file_problems(settings.email), *text_problems(settings.sms), *payment_problems(settings)]


def ca_file_problems(email: EmailSettings) -> list[str]:
    """Return the reason for which the authorities of the SMTP server's certificate cannot be read."""
    if email.ca_file is None:
        return []
    try:
        ssl.create_default_context(cafile=email.ca_file)
    except ssl.SSLError:
        return ["email.ca_file: holds no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----"]
    except OSError as error:
        return [
            f"email.ca_file: {email.ca_file} cannot be read ({error.strerror}); name a file that this user may read"
        ]
    return []


def text_problems(sms: SmsSettings) -> list[str]:
    """Return the reasons for which texts would not leave; none where no Twilio account is meant."""
    if sms.account_sid is None:
        half = [key for key, value in (("auth_token", sms.auth_token), ("sender", sms.sender)) if value is not None]
        return [f"sms.account_sid: is missing beside sms.{key}; set both, or neither to send no texts" for key in half]
    checks = [
        (
            _ACCOUNT_SID.fullmatch(sms.account_sid) is not None,
            "sms.account_sid: is no account's SID, AC and 32 digits of 0-9 and a-f; copy it from Twilio's console",
        ),
        (sms.auth_token is not None, f"sms.auth_token: set {env_name('sms', 'auth_token')}"),
        (
            sms.sender is not None and _TEXT_SENDER.fullmatch(sms.sender) is not None,
            "sms.sender: say which number texts come from, like +447700900000, or a name of up to 11 letters",
        ),
        (bool(sms.countries), "sms.countries: names no country, so no text would leave; name yours, like [GB]"),
        (sms.daily_messages > 0, "sms.daily_messages: at 0 no text would leave; raise it, or take sms.account_sid out"),
    ]
    return [remedy for passed, remedy in checks if not passed]


def payment_problems(settings: Settings) -> list[str]:
    """Return an error for each language without a way to pay: no gateway, and no `payments.other_ways`."""
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
    written = "" if secret is None else secret.get_secret_value()
    return len(written) >= MIN_SECRET_LENGTH and len(set(written)) >= MIN_SECRET_CHARACTERS
