"""What the operators' machines ask: alive, ready, and the metrics."""

import asyncio
from collections.abc import Iterable

from aiohttp import web

from chatbot.addresses import is_from_inside
from chatbot.service import Service
from store import outbox
from store.database import StoreError


def routes(service: Service) -> Iterable[web.RouteDef]:
    """Yield /healthz, /readyz and /metrics."""

    async def alive(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(request: web.Request) -> web.Response:
        try:
            await service.database.ready()
        except StoreError as fault:
            return web.json_response({"ready": False, "database": str(fault)}, status=503)
        return web.json_response({"ready": True})

    async def metrics(request: web.Request) -> web.Response:
        # What becomes of the letters that are sent tells, one by one, who is a customer.
        if not is_from_inside(request, service.settings.server.trusted_proxies):
            raise web.HTTPForbidden(text="Metrics are read from inside your network only.")
        count, oldest = await service.database.read(lambda tx: outbox.depth(tx, service.clock.now()))
        service.metrics.outbox_waiting.set(count)
        service.metrics.outbox_oldest_seconds.set(oldest.total_seconds() if oldest else 0)
        report = await asyncio.to_thread(service.metrics.report)  # of several workers, it reads a file for each
        return web.Response(body=report, content_type="text/plain", charset="utf-8")

    yield web.get("/healthz", alive)
    yield web.get("/readyz", ready)
    yield web.get("/metrics", metrics)
