"""Who may come in: limits by network address on connections and on conversations begun.

Connections are counted where they begin, in Engine.IO, so that those count which never join the chat. Whether one may
join is decided before the chat hears of it. Only that may wait for Redis, for a moment; no turn ever does.
"""

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

import socketio
import structlog
from socketio.packet import CONNECT_ERROR

from chatbot.http.client_address import client_address
from chatbot.http.rate_limit import FixedWindowLimit
from chatbot.http.redis_rate_limit import RedisFixedWindowLimit
from chatbot.service import Service

log = structlog.get_logger(__name__)

# Where a connection's environment keeps the digest of its network address.
ADDRESS = "billchat.address"
MINUTE, HOUR = 60, 3600

Environ = dict[str, Any]


class ConnectionLimits:
    """Counts what each network address does, by a keyed digest of it. Redis too holds digests only."""

    def __init__(self, service: Service, clock: Callable[[], float] = monotonic) -> None:
        self._service = service
        limits, redis = service.settings.limits, service.settings.redis.url
        self._most_open = limits.connections_per_address
        self._open: Counter[str] = Counter()
        most = limits.connections_per_address_per_minute
        name = f"billchat-{service.keys.digest('connections')}"
        self._connections_a_minute = RedisFixedWindowLimit(most, MINUTE, redis=redis, name=name, clock=clock)
        self._starts_of_session = FixedWindowLimit(limits.starts_per_session_per_hour, HOUR, clock)
        self._starts_a_minute = FixedWindowLimit(limits.starts_per_address_per_minute, MINUTE, clock)
        self._starts_an_hour = FixedWindowLimit(limits.starts_per_address_per_hour, HOUR, clock)
        self._has_refused = False

    def opened(self, environ: Environ) -> bool:
        """Count a connection that was opened. False for one that is not even told why it may not stay.

        Who is above the limit is told when they join. Twice the limit is for those who never do.
        """
        address = client_address(environ["aiohttp.request"], self._service.settings.server.trusted_proxies)
        digest = self._service.keys.digest(f"address:{address}")
        if self._open[digest] >= 2 * self._most_open:
            self._refuse("connections_per_address")
            return False
        self._open[digest] += 1
        environ[ADDRESS] = digest
        return True

    def closed(self, environ: Environ) -> None:
        """Forget a connection that ended, if it was counted."""
        digest = environ.get(ADDRESS)
        if digest is not None:
            self._open[digest] -= 1
            if not self._open[digest]:
                del self._open[digest]

    async def may_join(self, environ: Environ) -> bool:
        """Tell whether a connection may join the chat; that it asked is counted."""
        digest = environ[ADDRESS]
        if self._open[digest] > self._most_open:
            return self._refuse("connections_per_address")
        if await self._connections_a_minute.allows(digest):
            return True
        return self._refuse("connections_per_address_per_minute")

    def may_start(self, digest: str, session: str) -> bool:
        """Count one more conversation that a session begins; False when that was one too many."""
        if not self._starts_a_minute.allows(digest):
            return self._refuse("starts_per_address_per_minute")
        if not self._starts_an_hour.allows(digest):
            return self._refuse("starts_per_address_per_hour")
        if self._starts_of_session.allows(session):
            return True
        self._service.metrics.slowed_down.labels(limit="starts_per_session_per_hour").inc()
        return False

    def refusal(self, auth: object) -> dict[str, Any]:
        """What a connection that may not join is told, in the language it asks for."""
        locale = auth.get("locale") if isinstance(auth, dict) else None
        words = self._service.words
        message = words.text("error-slow-down", words.best(locale if isinstance(locale, str) else None))
        # Socket.IO's own shape: clients see the message, and the data beside it.
        return {"message": message, "data": {"code": "slow_down", "message": message}}

    async def close(self) -> None:
        """Let go of Redis."""
        await self._connections_a_minute.close()

    def _refuse(self, limit: str) -> bool:
        self._service.metrics.slowed_down.labels(limit=limit).inc()
        if not self._has_refused:
            self._has_refused = True  # once: whoever asks decides how often
            log.warning("a network address is at its limit; if it is your proxy's, list it", limit=limit)
        return False


class LimitedServer(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO server that asks, for every connection, whether it may come in.

    Its own way to refuse, an exception of the connect handler, comes too late here: with `always_connect` the client is
    connected by then, and would be told by a packet that no client takes.
    """

    def __init__(self, limits: ConnectionLimits, **options: object) -> None:
        super().__init__(**options)
        self._limits = limits

    async def _handle_eio_connect(self, eio_sid: str, environ: Environ) -> bool | None:
        if not self._limits.opened(environ):
            return False
        await super()._handle_eio_connect(eio_sid, environ)
        return None

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        environ = self.environ.get(eio_sid, {})
        try:
            await super()._handle_eio_disconnect(eio_sid, reason)
        finally:
            self._limits.closed(environ)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, auth: object) -> None:
        environ = self.environ.get(eio_sid)
        may_join = environ is not None and await self._limits.may_join(environ)
        if eio_sid not in self.environ:  # it left meanwhile
            return
        if may_join:
            await super()._handle_connect(eio_sid, namespace, auth)
        else:
            refusal = self._limits.refusal(auth)
            await self._send_packet(eio_sid, self.packet_class(CONNECT_ERROR, data=refusal, namespace=namespace))
