"""What stands between a configuration and serving customers, each with its path and remedy."""

from pydantic import SecretStr

from chatbot.config.environment import env_name
from chatbot.config.settings import ConfigError, Settings
from flows.wording.words import Words

SHORTEST_SECRET = 32


def refuse_what_cannot_serve(settings: Settings, processes: int = 1) -> None:
    """Raise ConfigError with everything that keeps these settings from serving customers from so many processes."""
    several = several_problems(settings) if processes > 1 else []
    if problems := [*serving_problems(settings), *several, *words_problems(settings)]:
        raise ConfigError(problems)


def serving_problems(settings: Settings) -> list[str]:
    """Say what stands between these settings and serving real customers; empty when nothing does."""
    needed: list[tuple[bool, str]] = [
        (
            _strong(settings.secrets.key),
            f"secrets.key: set {env_name('secrets', 'key')} to {SHORTEST_SECRET} random characters or more",
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
        (
            settings.payments.sandbox is None,
            "payments.sandbox: the sandbox moves no money; take it out (it runs in the demo and in tests only)",
        ),
        (
            settings.languages.default in settings.languages.offered,
            "languages.default: must be one of languages.offered",
        ),
    ]
    if settings.sms.account_sid is not None:
        needed += [
            (settings.sms.auth_token is not None, f"sms.auth_token: set {env_name('sms', 'auth_token')}"),
            (settings.sms.sender is not None, "sms.sender: say which number texts come from, like +447700900000"),
        ]
    return [remedy for fine, remedy in needed if not fine]


def several_problems(settings: Settings) -> list[str]:
    """Say what stands between these settings and more than one process; empty when nothing does."""
    needed = [
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
    return [remedy for fine, remedy in needed if not fine]


def words_problems(settings: Settings) -> list[str]:
    """Say what is wrong with the languages offered and with the company's own lines."""
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


def _strong(secret: SecretStr | None) -> bool:
    return secret is not None and len(secret.get_secret_value()) >= SHORTEST_SECRET
