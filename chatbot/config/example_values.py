"""Values of the example config.yaml that a company has not replaced by its own."""

from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import urlsplit

from chatbot.config.settings import BrandSettings, Settings

RESERVED = ("example.com", "example.net", "example.org", "example", "invalid")
"""Domains that stand for no company's (RFC 2606): no customer and no letter ever arrives there."""


def example_problems(settings: Settings) -> list[str]:
    """Return each setting that still has a value of an example, as “key: remedy”."""
    name = settings.brand.name
    problems = [f"{key}: is an example's, and nothing is there; put your own" for key in _reserved(settings)]
    if name == BrandSettings().name:
        problems.insert(0, f"brand.name: is the example's, {name}; put your company's")
    return problems


def _reserved(settings: Settings) -> Iterator[str]:
    for key, domain in _domains(settings):
        if any(f".{domain}".lower().rstrip(".").endswith(f".{reserved}") for reserved in RESERVED):
            yield key


def _domains(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each key that names a domain, with the domain."""
    server, email = settings.server, settings.email
    yield "server.public_url", urlsplit(server.public_url).hostname or ""
    for index, site in enumerate(server.allowed_sites):
        yield f"server.allowed_sites.{index}", urlsplit(site).hostname or ""
    yield "email.host", email.host or ""
    for key, address in (
        ("email.username", email.username),
        ("email.sender", email.sender),
        ("team.email", settings.team.email),
    ):
        yield key, parseaddr(address or "")[1].rpartition("@")[2]
