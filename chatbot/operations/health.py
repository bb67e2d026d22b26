"""What the operators' machines ask: alive, ready, and the metrics."""

import asyncio
import math
from collections.abc import Iterable

import structlog
from aiohttp import web

from chatbot.http.client_address import is_internal
from chatbot.service import Service
from store.chats import outbox
from store.database import StoreError

log = structlog.get_logger(__name__)

# Longer than a unit of work is tried again while the database is away.
ANSWER_WITHIN_S = 6.0
UNKNOWN = math.nan


def routes(service: Service) -> Iterable[web.RouteDef]:
    """Yield /healthz, /readyz and /metrics."""

    async def alive(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await service.database.ready()
        except StoreError as fault:
            return web.json_response({"ready": False, "database": str(fault)}, status=503)
        except TimeoutError:
            log.error("the database does not answer", after_s=ANSWER_WITHIN_S)
            said = f"the database did not answer within {ANSWER_WITHIN_S:g} s; look whether it hangs"
            return web.json_response({"ready": False, "database": said}, status=503)
        return web.json_response({"ready": True})

    async def metrics(request: web.Request) -> web.Response:
        # What becomes of the letters that are sent tells, one by one, who is a customer.
        if not is_internal(request, service.settings.server.trusted_proxies):
            raise web.HTTPForbidden(text="Metrics are read from inside your network only.")
        count, age_s = await _waiting(service)
        service.metrics.outbox_waiting.set(count)
        service.metrics.outbox_oldest_seconds.set(age_s)
        report = await asyncio.to_thread(service.metrics.report)  # of several workers, it reads a file for each
        return web.Response(body=report, content_type="text/plain", charset="utf-8")

    yield web.get("/healthz", alive)
    yield web.get("/readyz", ready)
    yield web.get("/metrics", metrics)


async def _waiting(service: Service) -> tuple[float, float]:
    """How many letters wait, and for how many seconds the oldest; unknown while the database does not answer.

    The other metrics are told all the same: then most of all somebody looks at them.
    """
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            count, oldest = await service.database.read_in_thread(lambda tx: outbox.depth(tx, service.clock.now()))
    except (StoreError, TimeoutError):
        return UNKNOWN, UNKNOWN
    return count, oldest.total_seconds() if oldest else 0.0
