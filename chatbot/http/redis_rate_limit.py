"""How fast somebody may go, counted by several processes together: in Redis, by the library `limits`.

Redis only signals. While it is away every process counts for itself, as it would without one, and nobody waits for it:
a request that Redis does not answer at once is allowed, and Redis is then left alone for some seconds.
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

# How long a request may wait for Redis, and how long Redis is left alone once it did not answer in that time.
PATIENCE_S = 0.25
COOLDOWN_S = 5.0
# Questions under way at once, and so connections to Redis. In a rush the others wait in line, here and not there.
AT_ONCE = 4
CountInRedis = Callable[[str], Awaitable[bool]]
"""Counts one more request of somebody's; False when that was one too many."""

OPTIONS = {
    "socket_timeout": PATIENCE_S,
    "socket_connect_timeout": PATIENCE_S,
    "retry": Retry(NoBackoff(), 0),  # who is away is asked again later, and not by the customer who waits
    "protocol": 2,
}


class RedisFixedWindowLimit:
    """Allows somebody so many requests in each window of some seconds, over all processes that share a Redis.

    It costs one round trip, and somebody is one number in Redis. What this process alone has had too much of is refused
    without asking. Processes that share `name` count together; without a Redis each counts for itself.
    """

    def __init__(
        self, most: int, seconds: int, *, redis: str | None, name: str, clock: Callable[[], float] = monotonic
    ) -> None:
        self._alone = FixedWindowLimit(most, seconds, clock)
        self._clock = clock
        self._client = None if redis is None else _client(redis)
        self._together = None if self._client is None else _together(self._client, name, most, seconds)
        self._few = asyncio.Semaphore(AT_ONCE)
        self._is_away = False
        self._ask_again_at = 0.0

    async def allows(self, who: str) -> bool:
        """Count one more request of somebody's; False when that was one too many for this window."""
        if not self._alone.allows(who):
            return False
        if self._together is None:
            return True
        async with self._few:
            return not self._may_ask() or await self._ask(self._together, who)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._client is not None:
            await self._client.aclose()

    def _may_ask(self) -> bool:
        """Tell whether Redis may be asked; while it is away, one request at a time finds out whether it is back."""
        if not self._is_away:
            return True
        now = self._clock()
        if now < self._ask_again_at:
            return False
        self._ask_again_at = now + COOLDOWN_S
        return True

    async def _ask(self, together: CountInRedis, who: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                is_allowed = await together(who)
        except (RedisError, OSError, TimeoutError) as fault:
            self._lost(fault)
            return True
        self._found()
        return is_allowed

    def _lost(self, fault: Exception) -> None:
        self._ask_again_at = self._clock() + COOLDOWN_S
        if not self._is_away:
            log.warning("connections are counted by each process alone: redis failed", reason=type(fault).__name__)
        self._is_away = True

    def _found(self) -> None:
        if self._is_away:
            log.info("connections are counted by all processes together again")
        self._is_away = False


def _client(address: str) -> "Redis":
    """A client for an address as python-socketio writes them, which `redis.url` is for."""
    if not address.startswith("redis+sentinel:"):
        return Redis.from_url(address, **OPTIONS)  # type: ignore[arg-type]
    sentinels, service, options = parse_redis_sentinel_url(address)
    made: Redis = Sentinel(sentinels, **OPTIONS, **options).master_for(service)  # type: ignore[no-untyped-call]
    return made


def _together(client: Redis, name: str, most: int, seconds: int) -> CountInRedis:
    """What counts in Redis. It gets a client of ours, since `limits` writes an address with Sentinel in another way."""
    from limits import RateLimitItemPerSecond  # late: loaded only where there is a Redis
    from limits.aio.strategies import FixedWindowRateLimiter
    from limits.storage import storage_from_string

    storage = storage_from_string(
        "async+redis://",
        implementation="redispy",  # redis-py, which we have; its default would be a second client
        key_prefix=name,
        connection_pool=client.connection_pool,  # type: ignore[arg-type]  # it takes one, and does not say so
    )
    return partial(FixedWindowRateLimiter(storage).hit, RateLimitItemPerSecond(most, seconds))
