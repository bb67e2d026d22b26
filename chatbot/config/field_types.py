"""Types of single settings: validated strings, whose errors say how to write them."""

from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, Field


@dataclass(frozen=True, slots=True)
class MayHoldPassword:
    """Marks an address that is a secret when it holds a password: see `chatbot.config.secrets_in_file`."""


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key  # ZoneInfo caches it: the first turn opens no file
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("not a time zone name; write one like Europe/London") from error


def _locale_tag(name: str) -> str:
    try:
        Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("not a language tag; write one like en or es") from error
    return name


def _base_url(address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// (or http:// on your own machine)")
    return address.rstrip("/")


def _site(address: str) -> str:
    parts = urlsplit(_base_url(address))
    if "*" in address or parts.path or parts.query or not parts.hostname:
        raise ValueError("must be one site and nothing behind it, like https://www.example.com")
    # The form of a browser's Origin header: lower case, without the scheme's default port.
    return _base_url(address).lower().removesuffix({"https": ":443", "http": ":80"}[parts.scheme])


def _email_address(written: str) -> str:
    name = parseaddr(written)[1]
    user, _, domain = name.rpartition("@")
    if not user or not domain:
        raise ValueError("not an email address; write one like billing@example.com")
    return written


def _network(written: str) -> str:
    try:
        ip_network(written, strict=False)
    except ValueError as error:
        raise ValueError("not a network address; write one like 10.0.0.7 or 10.0.0.0/8") from error
    return written


def _database_url(address: str) -> str:
    if not address.startswith(("sqlite:///", "postgresql://", "postgres://")) or address == "sqlite:///":
        raise ValueError("not a database we know; write sqlite:///path/to/file.db or postgresql://user@host:5432/name")
    return address


def _redis_url(address: str) -> str:
    if not address.startswith(("redis://", "rediss://", "redis+sentinel://", "unix://")):
        raise ValueError("not the address of a Redis; write redis://host:6379/0, or rediss:// with TLS")
    try:
        _ = address.startswith("redis+sentinel:") or urlsplit(address).port  # Sentinel's address lists several hosts
    except ValueError as error:
        raise ValueError("its port is no number up to 65535; write redis://host:6379/0") from error
    return address


LocaleTag = Annotated[str, AfterValidator(_locale_tag)]
Timezone = Annotated[str, AfterValidator(_timezone)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Site = Annotated[str, AfterValidator(_site)]
EmailAddress = Annotated[str, AfterValidator(_email_address)]
Network = Annotated[str, AfterValidator(_network)]
Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
DatabaseUrl = Annotated[str, AfterValidator(_database_url), MayHoldPassword()]
RedisUrl = Annotated[str, AfterValidator(_redis_url), MayHoldPassword()]
