"""Jinja for every page: set-up, and the language and direction of a page."""

import aiohttp_jinja2
import jinja2
from aiohttp import web
from babel import Locale

from chatbot.service import Service


def set_up(app: web.Application) -> None:
    """Prepare the templates of `chatbot/pages/templates`. They escape every value."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("chatbot.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def direction(locale: str) -> str:
    """Return the writing direction of a language: ltr or rtl."""
    return Locale.parse(locale, sep="-").text_direction


def preferred_locale(request: web.Request, service: Service) -> str:
    """Return a page's language: the best match for `?locale=`, else for the browser's first language."""
    requested = request.query.get("locale")
    if requested is None:
        requested = request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip() or None
    return service.words.best(requested)
