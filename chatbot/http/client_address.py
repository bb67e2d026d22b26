"""The network address of a request's client, behind trusted proxies too."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web

UNKNOWN = "unknown"
# A provider assigns a customer at least a /64, so the host part says nothing about the client.
IPV6_HOST_BITS = 64

IpAddress = IPv4Address | IPv6Address


def client_address(request: web.Request, trusted_proxies: Sequence[str]) -> str:
    """Return the address to count limits by: an IPv4 address, an IPv6 /64 network, or UNKNOWN."""
    return _key(_client(request, trusted_proxies))


def address_key(peer: str) -> str:
    """Return the address to count limits by, of a connection whose requests are not known yet."""
    return _key(_parse(peer))


def is_trusted(peer: str, trusted_proxies: Sequence[str]) -> bool:
    """Tell whether a connection comes from a trusted proxy."""
    return _is_in(_parse(peer), trusted_proxies)


def is_internal(request: web.Request, trusted_proxies: Sequence[str]) -> bool:
    """Tell whether a request comes from this machine or a private network.

    False for a request that an unlisted proxy forwarded: its real client is unknown.
    """
    address = _client(request, trusted_proxies)
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    trusted = not forwarded or _is_in(_parse(request.remote or UNKNOWN), trusted_proxies)
    return trusted and address is not None and address.is_private


def _key(address: IpAddress | None) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> IPV6_HOST_BITS << IPV6_HOST_BITS))
    return UNKNOWN if address is None else str(address)


def _client(request: web.Request, trusted_proxies: Sequence[str]) -> IpAddress | None:
    """Return the nearest address outside the trusted proxies.

    X-Forwarded-For is read from the right and believed only past trusted hops. Some proxies append to the header's
    line, some add a line of their own below it.
    """
    address = _parse(request.remote or UNKNOWN)
    hops = list(_hops(request.headers.getall("X-Forwarded-For", ())))
    while hops and _is_in(address, trusted_proxies):
        address = _parse(hops.pop())
    return address


def _hops(lines: Iterable[str]) -> Iterable[str]:
    return (hop.strip() for line in lines for hop in line.split(",") if hop.strip())


def _is_in(address: IpAddress | None, networks: Sequence[str]) -> bool:
    return address is not None and any(address in ip_network(network, strict=False) for network in networks)


def _parse(text: str) -> IpAddress | None:
    """Parse an address, with a port or without: 192.0.2.7, 192.0.2.7:443, 2001:db8::7, [2001:db8::7]:443."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
