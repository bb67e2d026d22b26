"""The network address of a request's client, behind trusted proxies too."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web

UNKNOWN = "unknown"
# A provider assigns a customer at least a /64, so the host part says nothing about the client.
IPV6_HOST_BITS = 64

# Named one by one: `is_private` also holds for addresses that only look so, such as 6to4's and Teredo's, whose hosts
# are anywhere, and for networks of examples.
INTERNAL_NETWORKS = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
# Headers that say that a proxy forwarded the request.
FORWARDING_HEADERS = (
    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "True-Client-IP",
    "CF-Connecting-IP",
)  # fmt: skip

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

    False for a request whose real client is unknown: one that an unlisted proxy forwarded, or that a listed one
    forwarded without an X-Forwarded-For of its own. Where `Forwarded` stands beside it, either may be the client's.
    """
    headers = request.headers
    if any(name in headers for name in FORWARDING_HEADERS) and (
        "Forwarded" in headers
        or "X-Forwarded-For" not in headers
        or not _is_in(_parse(request.remote or UNKNOWN), trusted_proxies)
    ):
        return False
    address = _client(request, trusted_proxies)
    return address is not None and any(address in network for network in INTERNAL_NETWORKS)


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
