"""The routes of payments."""

from collections.abc import Iterable

from aiohttp import web

from chatbot.pages.theme import stylesheet
from chatbot.payments.page import PaymentPages
from chatbot.payments.parts import Payments
from chatbot.payments.webhooks import Webhooks

BRAND_CACHE = "public, max-age=300"


def routes(payments: Payments) -> Iterable[web.RouteDef]:
    """Yield the routes of the payment pages, their stylesheet and the webhooks."""
    pages = PaymentPages(payments)
    css = stylesheet(payments.service.settings.brand.colour)

    async def brand(_: web.Request) -> web.Response:
        return web.Response(text=css, content_type="text/css", headers={"Cache-Control": BRAND_CACHE})

    yield web.get("/widget/brand.css", brand)
    yield web.get("/pay/{token}", pages.show)
    yield web.post("/pay/{token}", pages.begin)
    yield web.get("/pay/{token}/done", pages.done)
    yield web.get("/pay/{token:.+}", pages.show)  # copied with a slash or more
    yield web.post("/webhooks/{gateway}", Webhooks(payments).receive)
