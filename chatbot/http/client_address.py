"""Whose network address a request comes from."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web

UNKNOWN = "unknown"
_LOW_BITS = 64

IpAddress = IPv4Address | IPv6Address


def client_address(request: web.Request, trusted_proxies: Sequence[str]) -> str:
    """Return the address that limits are counted by: an IPv4 address, or an IPv6 network of 64 bits."""
    address = _client(request, trusted_proxies)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> _LOW_BITS << _LOW_BITS))
    return UNKNOWN if address is None else str(address)


def is_from_inside(request: web.Request, trusted_proxies: Sequence[str]) -> bool:
    """Tell whether a request comes from this machine or a private network, and not on a stranger's behalf."""
    address = _client(request, trusted_proxies)
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    direct = not forwarded or _among(_parsed(request.remote or UNKNOWN), trusted_proxies)
    return direct and address is not None and address.is_private


def _client(request: web.Request, trusted_proxies: Sequence[str]) -> IpAddress | None:
    """Return the nearest address that is no listed proxy's.

    X-Forwarded-For is believed only as far as listed proxies wrote it: from the right, past every trusted hop. Some
    proxies add to a header's line, some add a line of their own below it.
    """
    address = _parsed(request.remote or UNKNOWN)
    hops = list(_hops(request.headers.getall("X-Forwarded-For", ())))
    while hops and _among(address, trusted_proxies):
        address = _parsed(hops.pop())
    return address


def _hops(lines: Iterable[str]) -> Iterable[str]:
    return (hop.strip() for line in lines for hop in line.split(",") if hop.strip())


def _among(address: IpAddress | None, networks: Sequence[str]) -> bool:
    return address is not None and any(address in ip_network(network, strict=False) for network in networks)


def _parsed(written: str) -> IpAddress | None:
    """Read an address, with a port or without: 192.0.2.7, 192.0.2.7:443, 2001:db8::7, [2001:db8::7]:443."""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ip_address(written)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
