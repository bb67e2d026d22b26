"""Health checks and metrics: /healthz, /readyz and /metrics."""

import asyncio
import math
from collections.abc import Callable, Iterable
from time import monotonic

import structlog
from aiohttp import web

from chatbot.http.client_address import is_internal
from chatbot.http.shared_answer import SharedAnswer
from chatbot.service import Service
from store.chats import outbox
from store.database import StoreError

log = structlog.get_logger(__name__)

DATABASE_TIMEOUT_S = 6.0  # longer than the store retries a unit of work while the database is away

READY_SHARED_S = 1.0  # everybody may ask, and each check writes


def routes(service: Service, clock: Callable[[], float] = monotonic) -> Iterable[web.RouteDef]:
    """Yield the routes of the three addresses."""
    database_problem = SharedAnswer(lambda: _database_problem(service), READY_SHARED_S, clock)

    async def alive(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(request: web.Request) -> web.Response:
        problem = await database_problem.get()
        if problem is not None:
            return web.json_response({"ready": False, "database": problem}, status=503)
        return web.json_response({"ready": True})

    async def metrics(request: web.Request) -> web.Response:
        # The outbox counters, watched message by message, would reveal which addresses belong to customers.
        if not is_internal(request, service.settings.server.trusted_proxies):
            raise web.HTTPForbidden(text="Metrics are read from inside your network only.")
        count, age_s = await _outbox_depth(service)
        service.metrics.outbox_waiting.set(count)
        service.metrics.outbox_oldest_seconds.set(age_s)
        report = await asyncio.to_thread(service.metrics.report)  # with several workers it reads files
        return web.Response(body=report, content_type="text/plain", charset="utf-8")

    yield web.get("/healthz", alive)
    yield web.get("/readyz", ready)
    yield web.get("/metrics", metrics)


async def _database_problem(service: Service) -> str | None:
    """Return why the database is not ready; None if it is."""
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            await service.database.ready()
    except StoreError as error:
        return str(error)
    except TimeoutError:
        log.error("the database does not answer", after_s=DATABASE_TIMEOUT_S)
        return f"the database did not answer within {DATABASE_TIMEOUT_S:g} s; look whether it hangs"
    return None


async def _outbox_depth(service: Service) -> tuple[float, float]:
    """Return the number of waiting messages and the age of the oldest in seconds.

    Both are NaN while the database does not answer: the other metrics are needed most at that time.
    """
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            count, oldest = await service.database.read_in_thread(lambda tx: outbox.depth(tx, service.clock.now()))
    except (StoreError, TimeoutError):
        return math.nan, math.nan
    return count, oldest.total_seconds() if oldest else 0.0
