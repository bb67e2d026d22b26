"""Listening sockets: several workers share one address (SO_REUSEPORT), two services never do."""

import os
import socket

BACKLOG = 1024


class AddressTakenError(Exception):
    """The configured address cannot be listened on; the message holds the reason and the remedy."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Open one worker's listening sockets: one for each address that the host name resolves to."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [
        socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=True)
        for family, address in dict.fromkeys((family, address) for family, *_, address in found)
    ]


def refuse_taken(host: str, port: int) -> None:
    """Raise AddressTakenError if the address is in use: with SO_REUSEPORT, two services would share customers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        reason = error.strerror if error.errno is None or error.errno < 0 else os.strerror(error.errno)
        raise AddressTakenError(
            f"server.host, server.port: cannot listen on {host}, port {port} ({reason}); "
            "stop what listens there, or choose another"
        ) from None
