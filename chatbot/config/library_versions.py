"""The least versions of the libraries that security depends on. An older one keeps the service from starting."""

from collections.abc import Mapping
from importlib import metadata

from packaging.version import InvalidVersion, Version

NEEDED: Mapping[str, tuple[str, str]] = {
    "aiohttp": ("3.14", "it reads every request"),
    "aiosmtplib": ("5.1.2", "an older one lets an address carry SMTP commands, and believes what is said before TLS"),
    "jinja2": ("3.1.6", "an older one lets a template out of its sandbox"),
    "msgspec": ("0.22", "it decodes every frame"),
    "pydantic-settings": ("2.16", "it reads the secrets"),
    "python-engineio": ("4.13.2", "an older one lets a stranger use up the memory"),
    "python-socketio": ("5.14", "an older one unpickles what others write to Redis"),
    "redis": ("8.1", "it verifies the server's certificate"),
    "twilio": ("9.13", "it signs in with the account's token"),
}
"""Package → (least version, the reason). pyproject.toml asks for no older ones; this holds for what is installed."""


def library_problems(needed: Mapping[str, tuple[str, str]] = NEEDED) -> list[str]:
    """Return each package that is missing or too old, with the installed and the needed version."""
    problems = []
    for package, (least, reason) in needed.items():
        installed = _installed(package)
        if installed is None or installed < Version(least):
            found = "is not installed" if installed is None else f"is installed in version {installed}"
            problems.append(
                f"{package}: {found}, and {least} or newer is needed ({reason}); install as docs/operating.md says"
            )
    return problems


def _installed(package: str) -> Version | None:
    try:
        return Version(metadata.version(package))
    except (metadata.PackageNotFoundError, InvalidVersion):
        return None
