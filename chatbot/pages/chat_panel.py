"""/chat: the page of the chat panel, which the loader shows in an iframe on the company's site."""

import gzip
from collections.abc import Mapping
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from chatbot.config.settings import Settings
from chatbot.pages.templating import direction, preferred_locale
from chatbot.service import Service


def route(service: Service) -> web.RouteDef:
    """Return the route of the panel."""
    headers = _headers(service.settings)
    pages: dict[str, bytes] = {}  # compressed: rendering takes longer than a turn, and every visitor gets the same

    async def show(request: web.Request) -> web.Response:
        locale = preferred_locale(request, service)
        if locale not in pages:
            pages[locale] = gzip.compress(_render(service, request, locale).encode())
        response = web.Response(body=pages[locale], content_type="text/html", charset="utf-8", headers=headers)
        response.headers["Vary"] = "Accept-Encoding, Accept-Language"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.headers["Content-Encoding"] = "gzip"
        else:
            response.body = gzip.decompress(pages[locale])
        return response

    return web.get("/chat", show)


def _render(service: Service, request: web.Request, locale: str) -> str:
    context = {
        "locale": locale,
        "direction": direction(locale),
        "brand": service.settings.brand.name,
        "config": _config(service, locale),
    }
    return aiohttp_jinja2.render_string("chat.html", request, context)


def _headers(settings: Settings) -> Mapping[str, str]:
    """Return the page's headers: our own scripts only, framed by the allowed sites only."""
    websocket = settings.server.public_url.replace("http", "ws", 1)
    ancestors = " ".join(["'self'", *settings.server.allowed_sites])
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' {websocket}; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {ancestors}"
        ),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }


def _config(service: Service, locale: str) -> Mapping[str, Any]:
    """Return the settings and texts that the panel's script reads from the page."""
    settings, words = service.settings, service.words
    return {
        "words": {key.removeprefix("widget-"): text for key, text in words.strings("widget-", locale).items()},
        "locale": locale,
        "formats": words.text("format-locale", locale),
        "brand": {"name": settings.brand.name, "colour": settings.brand.colour},
        "parent_origins": [settings.server.public_url, *settings.server.allowed_sites],
    }
