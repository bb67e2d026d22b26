"""Whose network address a request comes from."""

from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web


def client_address(request: web.Request, trusted_proxies: list[str]) -> str:
    """Return the address that limits are counted by: an IPv4 address, or an IPv6 network of 64 bits.

    X-Forwarded-For is believed only as far as listed proxies wrote it: from the right, past every trusted hop.
    """
    address = request.remote or "unknown"
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    while hops and _trusted(address, trusted_proxies):
        address = hops.pop()
    return _network(address)


def _trusted(address: str, trusted_proxies: list[str]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(proxy, strict=False) for proxy in trusted_proxies)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
