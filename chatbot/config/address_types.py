"""Types of addresses in the settings: sites, hosts, networks, databases. Their errors say how to write them."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class MayHoldPassword:
    """Marks an address that is a secret when it holds a password: see `chatbot.config.secrets_in_file`."""


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its loopback address or its name localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") in ("localhost", "ip6-localhost")


def is_host(host: str) -> bool:
    """Tell whether a host is an IP address or can be a name, which never ends in a number like a mistyped address."""
    try:
        ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
    return True


def _host(host: str) -> str:
    if not is_host(host):
        raise ValueError("not an IP address or a host's name, alone and without a port; write one like 127.0.0.1")
    return host


def _web_address(address: str) -> SplitResult:
    """Split an address. Plain http is taken for this machine's own addresses only."""
    if not address.isprintable() or " " in address:
        raise ValueError("holds a space or a line break; take it out")
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()  # as browsers send it
        _ = parts.port
    except ValueError as error:
        raise ValueError("its host or its port cannot be read; write one like https://chat.example.com") from error
    if parts.scheme not in DEFAULT_PORTS or (parts.scheme == "http" and not is_loopback(host)):
        raise ValueError("must begin with https:// (or http:// on your own machine: localhost or 127.0.0.1)")
    if not is_host(host):
        raise ValueError("its host cannot be read; write one like https://chat.example.com")
    if parts.username is not None or parts.query or parts.fragment or address.endswith(("?", "#")):
        raise ValueError("must hold no user, no question mark and no #; write one like https://chat.example.com")
    return parts


def _base_url(address: str) -> str:
    _web_address(address)
    return address.rstrip("/")


def _site(address: str) -> str:
    parts = _web_address(address) if "*" not in address else None
    if parts is None or parts.path.strip("/"):
        raise ValueError("must be one site and nothing behind it, like https://www.example.com")
    # The form of a browser's Origin header: lower case, ASCII, without the scheme's default port.
    host = (parts.hostname or "").encode("idna").decode()
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _network(written: str) -> str:
    try:
        network = ip_network(written, strict=False)
    except ValueError as error:
        raise ValueError("not a network address; write one like 10.0.0.7 or 10.0.0.0/8") from error
    if network.prefixlen == 0:
        raise ValueError("is every address there is, so that anybody could claim any address; name your proxy's")
    return written


def _database_url(address: str) -> str:
    if not address.startswith(("sqlite:///", "postgresql://", "postgres://")) or address == "sqlite:///":
        raise ValueError("not a database we know; write sqlite:///path/to/file.db or postgresql://user@host:5432/name")
    try:
        _ = address.startswith("sqlite:") or "," in address or urlsplit(address).port  # libpq takes several hosts
    except ValueError as error:
        raise ValueError("its port is no number up to 65535; write postgresql://user@host:5432/name") from error
    return address


def _redis_url(address: str) -> str:
    if not address.startswith(("redis://", "rediss://", "redis+sentinel://", "unix://")):
        raise ValueError("not the address of a Redis; write redis://host:6379/0, or rediss:// with TLS")
    try:
        _ = address.startswith("redis+sentinel:") or urlsplit(address).port  # Sentinel's address lists several hosts
    except ValueError as error:
        raise ValueError("its port is no number up to 65535; write redis://host:6379/0") from error
    return address


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Site = Annotated[str, AfterValidator(_site)]
Host = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url), MayHoldPassword()]
RedisUrl = Annotated[str, AfterValidator(_redis_url), MayHoldPassword()]
