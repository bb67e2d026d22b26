"""Our own pages: the chat panel, and in the demo the shop front and the inbox."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from babel import Locale

from chatbot.demo.inbox import Inbox
from chatbot.pages.assets import PAGES
from chatbot.service import Service


def set_up(app: web.Application) -> None:
    """Prepare the templates; whatever is put into them is escaped."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def direction(locale: str) -> str:
    """Return which way a language is written: ltr or rtl."""
    return Locale.parse(locale, sep="-").text_direction


def preferred_locale(request: web.Request, service: Service) -> str:
    """Choose the page's language: the one asked for, else the browser's first that we speak."""
    asked = request.query.get("locale")
    if asked is None:
        asked = request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip() or None
    return service.words.best(asked)


def panel(service: Service) -> web.RouteDef:
    """Return /chat, the panel that the loader puts into an iframe."""
    settings = service.settings
    own = settings.server.public_url
    socket = own.replace("http", "ws", 1)
    ancestors = " ".join(["'self'", *settings.server.allowed_sites])
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {ancestors}"
        ),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }

    async def show(request: web.Request) -> web.Response:
        locale = preferred_locale(request, service)
        config = {
            "words": {
                key.removeprefix("widget-"): text for key, text in service.words.strings("widget-", locale).items()
            },
            "locale": locale,
            "formats": service.words.text("format-locale", locale),
            "brand": {"name": settings.brand.name, "colour": settings.brand.colour},
            "parent_origins": [own, *settings.server.allowed_sites],
        }
        response = aiohttp_jinja2.render_template(
            "chat.html",
            request,
            {"locale": locale, "direction": direction(locale), "brand": settings.brand.name, "config": config},
        )
        response.headers.update(headers)
        response.enable_compression()
        return response

    return web.get("/chat", show)


def demo_routes(service: Service, inbox: Inbox, customers: Sequence[Mapping[str, str]]) -> Iterable[web.RouteDef]:
    """Yield what only the demo has: the shop front and the inbox of all that was “sent”."""

    async def shop(request: web.Request) -> web.Response:
        locale = preferred_locale(request, service)
        return _page(request, "shop.html", {"brand": service.settings.brand, "locale": locale, "customers": customers})

    async def letters(request: web.Request) -> web.Response:
        return _page(request, "inbox.html", {"brand": service.settings.brand, "letters": await inbox.letters()})

    async def letters_json(request: web.Request) -> web.Response:
        return web.json_response(await inbox.letters(), headers={"Cache-Control": "no-store"})

    yield web.get("/", shop)
    yield web.get("/dev/inbox", letters)
    yield web.get("/dev/inbox.json", letters_json)


def _page(request: web.Request, template: str, context: dict[str, Any]) -> web.Response:
    response = aiohttp_jinja2.render_template(template, request, context)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
