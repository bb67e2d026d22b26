"""Rate limit shared by several processes: a counter in Redis, kept by the library `limits`.

A circuit breaker stands before Redis. A request that Redis does not answer within REDIS_TIMEOUT_S is allowed, and Redis
is not asked for COOLDOWN_S; meanwhile each process counts alone, as it does without a Redis.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

import structlog
from redis.asyncio import Redis, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from socketio.redis_manager import parse_redis_sentinel_url

from chatbot.http.rate_limit import FixedWindowLimit

log = structlog.get_logger(__name__)

REDIS_TIMEOUT_S = 0.25
COOLDOWN_S = 5.0
# Concurrent queries, and so connections to Redis. In a rush the other requests queue here.
MAX_CONCURRENT = 4
SharedCounter = Callable[[str], Awaitable[bool]]
"""Counts one request of a key in Redis; False above the limit."""

REDIS_OPTIONS = {
    "socket_timeout": REDIS_TIMEOUT_S,
    "socket_connect_timeout": REDIS_TIMEOUT_S,
    "retry": Retry(NoBackoff(), 0),  # no retry while a customer waits; the circuit breaker retries later
    "protocol": 2,
}


class RedisFixedWindowLimit:
    """Fixed-window limit over all processes that share a Redis and `name`; without a Redis each counts alone.

    Costs one round trip a request and one number per key in Redis. The local counter runs first: above the limit here,
    a request is refused without asking Redis.
    """

    def __init__(
        self, max_requests: int, window_s: int, *, redis: str | None, name: str, clock: Callable[[], float] = monotonic
    ) -> None:
        self._local = FixedWindowLimit(max_requests, window_s, clock)
        self._clock = clock
        self._client = None if redis is None else _client(redis)
        self._shared = None if self._client is None else _shared_counter(self._client, name, max_requests, window_s)
        self._concurrency = asyncio.Semaphore(MAX_CONCURRENT)
        self._circuit_open = False
        self._retry_at = 0.0

    async def allows(self, key: str) -> bool:
        """Count one request of a key; False above the limit of the current window."""
        if not self._local.allows(key):
            return False
        if self._shared is None:
            return True
        async with self._concurrency:
            return not self._may_query() or await self._count_shared(self._shared, key)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._client is not None:
            await self._client.aclose()

    def _may_query(self) -> bool:
        """Tell whether to query Redis. While the circuit is open, one request per COOLDOWN_S probes it."""
        if not self._circuit_open:
            return True
        now = self._clock()
        if now < self._retry_at:
            return False
        self._retry_at = now + COOLDOWN_S
        return True

    async def _count_shared(self, counter: SharedCounter, key: str) -> bool:
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                is_allowed = await counter(key)
        except (RedisError, OSError, TimeoutError) as error:
            self._open_circuit(error)
            return True
        self._close_circuit()
        return is_allowed

    def _open_circuit(self, error: Exception) -> None:
        self._retry_at = self._clock() + COOLDOWN_S
        if not self._circuit_open:
            log.warning("connections are counted by each process alone: redis failed", reason=type(error).__name__)
        self._circuit_open = True

    def _close_circuit(self) -> None:
        if self._circuit_open:
            log.info("connections are counted by all processes together again")
        self._circuit_open = False


def _client(url: str) -> "Redis":
    """Return a client for `redis.url`, which has python-socketio's notation for Sentinel."""
    if not url.startswith("redis+sentinel:"):
        return Redis.from_url(url, **REDIS_OPTIONS)  # type: ignore[arg-type]
    sentinels, service, options = parse_redis_sentinel_url(url)
    client: Redis = Sentinel(sentinels, **REDIS_OPTIONS, **options).master_for(service)  # type: ignore[no-untyped-call]
    return client


def _shared_counter(client: Redis, name: str, max_requests: int, window_s: int) -> SharedCounter:
    """Return the counter in Redis. It uses our client, since `limits` has another notation for Sentinel."""
    from limits import RateLimitItemPerSecond  # late: loaded only where there is a Redis
    from limits.aio.strategies import FixedWindowRateLimiter
    from limits.storage import storage_from_string

    storage = storage_from_string(
        "async+redis://",
        implementation="redispy",  # redis-py, which we have; the default would be a second client library
        key_prefix=name,
        connection_pool=client.connection_pool,  # type: ignore[arg-type]  # accepted, but missing in its annotation
    )
    return partial(FixedWindowRateLimiter(storage).hit, RateLimitItemPerSecond(max_requests, window_s))
