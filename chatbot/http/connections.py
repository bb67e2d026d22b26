"""Limits on TCP connections, before there is a request: their number, the wait for a request, and bytes a second.

Without them one address could hold every file descriptor of the process with connections that never ask anything, and
keep it busy with bytes that never become a message: WebSocket fragments without end, for one.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from chatbot.http.client_address import address_key, is_trusted
from chatbot.http.rate_shaper import RateShaper
from chatbot.http.refusals import Refusals

# Descriptors that the database, gateways, SMTP and files need beside the connections of customers.
RESERVED_DESCRIPTORS = 100
MAX_DESCRIPTORS = 1_048_576
# One address may hold this part of the connections at the most, however few there may be.
ADDRESS_SHARE = 0.75
FIRST_REQUEST_S = 10.0
# Of what arrives on a WebSocket at once, so many bytes are parsed before other connections have their turn.
SLICE_BYTES = 8 * 1024
SERVER_NAME = "billchat"


def raise_descriptor_limit() -> int:
    """Raise the process's soft limit of file descriptors to its hard limit; returns the number of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft == resource.RLIM_INFINITY:
        soft = MAX_DESCRIPTORS
    return max(soft - RESERVED_DESCRIPTORS, soft // 2)


class ConnectionGuard:
    """Counts connections, in all and by network address, and paces their bytes.

    A trusted proxy carries everybody, so its connections count in all only. Behind it an address is known once a
    request tells it: a WebSocket then sets `pace_key` of its connection.
    """

    def __init__(
        self,
        *,
        capacity: int = MAX_DESCRIPTORS,
        per_address: int,
        bytes_per_second: int,
        trusted_proxies: Sequence[str],
        refusals: Refusals,
    ) -> None:
        self.capacity = capacity
        self._per_address = per_address
        self._trusted_proxies = trusted_proxies
        self._refusals = refusals
        self._open = 0
        self._open_of: Counter[str] = Counter()
        self._bytes = RateShaper(bytes_per_second, 2 * bytes_per_second)

    def opened(self, peer: str) -> str | None:
        """Count a connection; returns the address it counts for, "" for a trusted proxy's, None if it is refused."""
        address = "" if is_trusted(peer, self._trusted_proxies) else address_key(peer)
        if self._open >= self.capacity:
            self._refusals.of_all("connections")
            return None
        if address and self._open_of[address] >= min(self._per_address, max(1, int(self.capacity * ADDRESS_SHARE))):
            self._refusals.of_address("connections_per_address")
            return None
        self._open += 1
        self._open_of[address] += 1
        return address

    def closed(self, address: str) -> None:
        """Uncount a connection."""
        self._open -= 1
        self._open_of[address] -= 1
        if not self._open_of[address]:
            del self._open_of[address]

    def wait_s(self, pace_key: str, size: int) -> float:
        """Count received bytes; returns the seconds for which no more should be read."""
        wait = self._bytes.wait_s(pace_key, size)
        if wait:
            self._refusals.of_address("kilobytes_per_address_per_second")
        return wait


class GuardedConnection(RequestHandler):
    """An HTTP connection of aiohttp under a ConnectionGuard."""

    __slots__ = ("_address", "_guard", "_held", "_unparsed", "pace_key")

    def __init__(self, manager: web.Server, guard: ConnectionGuard, **options: Any) -> None:  # noqa: ANN401 (aiohttp's)
        super().__init__(manager, **options)
        self._guard = guard
        self._address: str | None = None
        self._held = False
        self._unparsed = b""
        self.pace_key = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or abort it above a limit."""
        peer = transport.get_extra_info("peername")
        self._address = self._guard.opened(str(peer[0]) if peer else "")
        if self._address is None:
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
            return
        self.pace_key = self._address
        super().connection_made(transport)
        self._loop.call_later(FIRST_REQUEST_S, self._expect_request)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Uncount it."""
        if self._address is not None:
            self._guard.closed(self._address)
            self._address = None
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on; above the address's pace no more are read for a while."""
        if self._address is None:
            return
        if self._payload_parser is not None:  # a WebSocket
            data = self._unparsed + data
            data, self._unparsed = data[:SLICE_BYTES], data[SLICE_BYTES:]
        super().data_received(data)
        wait = self._guard.wait_s(self.pace_key, len(data)) if data and self.pace_key else 0.0
        if (wait or self._unparsed) and not self._held:
            self._held = True
            self._pause_transport_reading()
            self._loop.call_later(wait, self._release)

    def handle_error(self, *arguments: Any, **options: Any) -> web.StreamResponse:  # noqa: ANN401 (aiohttp's)
        """Answer what is no HTTP, without naming versions."""
        answer = super().handle_error(*arguments, **options)
        answer.headers["Server"] = SERVER_NAME
        return answer

    def _resume_transport_reading(self) -> None:
        if not self._held:
            super()._resume_transport_reading()

    def _release(self) -> None:
        self._held = False
        if self._unparsed:
            self.data_received(b"")
        if not self._held and not self._reading_paused and not self._buffer_paused:
            super()._resume_transport_reading()

    def _expect_request(self) -> None:
        if not self._request_count and not self._request_in_progress:
            self.force_close()


class GuardedServer(web.Server):
    """aiohttp's server of an application, whose connections are guarded."""

    def __init__(self, server: web.Server, guard: ConnectionGuard) -> None:
        self.__dict__.update(server.__dict__)
        self._guard = guard

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return GuardedConnection(self, self._guard, loop=self._loop, **self._kwargs)
