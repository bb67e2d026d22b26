"""Limits by network address on connections, on the frames they send, and on conversations started.

Connections are counted in Engine.IO, so that those which never join a namespace count too. Joining is limited before
the namespace's connect handler runs. Only that check may wait for Redis, for a moment; turns never do.
"""

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

from aiohttp import web

from chatbot.http.client_address import client_address
from chatbot.http.rate_limit import FixedWindowLimit
from chatbot.http.rate_shaper import RateShaper
from chatbot.http.redis_rate_limit import RedisFixedWindowLimit
from chatbot.service import Service

# Key of a connection's `environ` for the keyed digest of its network address.
ADDRESS_DIGEST = "billchat.address"
MINUTE_S, HOUR_S = 60, 3600
# Share of one second's frames that may arrive at once: others do not notice the pause.
FRAME_BURST = 0.05
# An address's rate of frames, divided by this, is the rate of one connection: it leaves room for the others.
CONNECTIONS_AT_FULL_PACE = 10

Environ = dict[str, Any]


class ConnectionLimits:
    """Counts connections and started conversations per keyed digest of an address; no address reaches Redis."""

    def __init__(self, service: Service, clock: Callable[[], float] = monotonic) -> None:
        self._service = service
        limits, redis = service.settings.limits, service.settings.redis.url
        self._max_open = limits.connections_per_address
        self._open: Counter[str] = Counter()
        max_connections = limits.connections_per_address_per_minute
        name = f"billchat-{service.keys.digest('connections')}"
        self._connections_per_minute = RedisFixedWindowLimit(
            max_connections, MINUTE_S, redis=redis, name=name, clock=clock
        )
        self._starts_per_session = FixedWindowLimit(limits.starts_per_session_per_hour, HOUR_S, clock)
        self._starts_per_minute = FixedWindowLimit(limits.starts_per_address_per_minute, MINUTE_S, clock)
        self._starts_per_hour = FixedWindowLimit(limits.starts_per_address_per_hour, HOUR_S, clock)
        rate = limits.frames_per_address_per_second
        self.frames_per_connection = rate / CONNECTIONS_AT_FULL_PACE
        self._frames = RateShaper(rate, max(1.0, FRAME_BURST * rate), clock)

    def digest(self, request: web.Request) -> str:
        """Return the keyed digest of the network address that a request counts for."""
        address = client_address(request, self._service.settings.server.trusted_proxies)
        return self._service.keys.digest(f"address:{address}")

    def frame_wait_s(self, digest: str, frames: float = 1.0) -> float:
        """Count frames of an address; returns the seconds to wait before they are handled, 0 below the rate.

        An answer that takes the work of several turns counts as several frames.
        """
        wait = self._frames.wait_s(digest, frames)
        if wait:
            self._service.refusals.of_address("frames_per_address_per_second")
        return wait

    def opened(self, environ: Environ) -> bool:
        """Count a new connection. False: close at once (2 × limit).

        Between 1 × and 2 × the limit the client gets `slow_down` when it joins; see `may_join`.
        """
        digest = self.digest(environ["aiohttp.request"])
        if self._open[digest] >= 2 * self._max_open:
            self._refuse("connections_per_address")
            return False
        self._open[digest] += 1
        environ[ADDRESS_DIGEST] = digest
        return True

    def closed(self, environ: Environ) -> None:
        """Uncount a connection, if `opened` had counted it."""
        digest = environ.get(ADDRESS_DIGEST)
        if digest is not None:
            self._open[digest] -= 1
            if not self._open[digest]:
                del self._open[digest]

    async def may_join(self, environ: Environ) -> bool:
        """Count an attempt to join a namespace; False above a limit."""
        digest = environ[ADDRESS_DIGEST]
        if self._open[digest] > self._max_open:
            return self._refuse("connections_per_address")
        if await self._connections_per_minute.allows(digest):
            return True
        return self._refuse("connections_per_address_per_minute")

    def may_start(self, digest: str, session: str) -> bool:
        """Count a conversation that a session starts from an address; False above a limit."""
        if not self._starts_per_minute.allows(digest):
            return self._refuse("starts_per_address_per_minute")
        if not self._starts_per_hour.allows(digest):
            return self._refuse("starts_per_address_per_hour")
        if self._starts_per_session.allows(session):
            return True
        self._service.metrics.slowed_down.labels(limit="starts_per_session_per_hour").inc()
        return False

    def refusal(self, auth: object) -> dict[str, Any]:
        """Return the data of the CONNECT_ERROR packet, in the locale that the client's `auth` names."""
        locale = auth.get("locale") if isinstance(auth, dict) else None
        words = self._service.words
        message = words.text("error-slow-down", words.best(locale if isinstance(locale, str) else None))
        # The shape that Socket.IO's clients expect: they show `message` and pass `data` on.
        return {"message": message, "data": {"code": "slow_down", "message": message}}

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._connections_per_minute.close()

    def _refuse(self, limit: str) -> bool:
        self._service.refusals.of_address(limit)
        return False
