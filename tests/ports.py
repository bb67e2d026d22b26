"""Free TCP ports for the servers that tests start."""

import random
import socket

RANGE = range(20_000, 30_000)
"""Below the ports that systems choose for outgoing connections, which could take a port while its server restarts."""


def free_port() -> int:
    """Return a port of 127.0.0.1 on which no program listens."""
    while True:
        port = random.choice(RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
