"""Pages that only the demo serves: the shop front and the inbox."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from chatbot.demo.inbox import Inbox
from chatbot.pages.templating import preferred_locale
from chatbot.service import Service


def routes(service: Service, inbox: Inbox, customers: Sequence[Mapping[str, str]]) -> Iterable[web.RouteDef]:
    """Yield the routes of the shop front, which lists `customers`, and of the inbox as a page and as JSON."""
    brand = service.settings.brand

    async def show_shop(request: web.Request) -> web.Response:
        locale = preferred_locale(request, service)
        return _render(request, "shop.html", {"brand": brand, "locale": locale, "customers": customers})

    async def show_inbox(request: web.Request) -> web.Response:
        return _render(request, "inbox.html", {"brand": brand, "letters": await inbox.letters()})

    async def inbox_json(request: web.Request) -> web.Response:
        return web.json_response(await inbox.letters(), headers={"Cache-Control": "no-store"})

    yield web.get("/", show_shop)
    yield web.get("/dev/inbox", show_inbox)
    yield web.get("/dev/inbox.json", inbox_json)


def _render(request: web.Request, template: str, context: dict[str, Any]) -> web.Response:
    response = aiohttp_jinja2.render_template(template, request, context)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
