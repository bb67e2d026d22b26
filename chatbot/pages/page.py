"""Pages that work without a script: the payment page and its outcomes, and the sandbox's hosted page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import aiohttp_jinja2
from aiohttp import web

from chatbot.pages.templating import direction
from chatbot.service import Service
from flows.wording.words import Money

OURSELVES = "'self'"


@dataclass(frozen=True, slots=True)
class Page:
    """A page in one language. `refresh_s` lets the browser load it again by itself."""

    service: Service
    locale: str
    status: int = 200
    form_to: Sequence[str] = ()
    refresh_s: int | None = None

    def text(self, key: str, **args: object) -> str:
        """Return one of the page's texts."""
        return self.service.words.text(key, self.locale, self.service.zone, **args)

    def money(self, minor: int, currency: str) -> str:
        """Return an amount as it is told in the page's language."""
        return self.service.words.money(Money(minor, currency), self.locale)

    def respond(self, request: web.Request, template: str, **context: object) -> web.Response:
        """Render the page. Nothing runs on it, nobody frames it, and its address, which holds a token, goes nowhere."""
        response = aiohttp_jinja2.render_template(
            template,
            request,
            {
                "text": self.text,
                "money": self.money,
                "day": date.fromisoformat,
                "locale": self.locale,
                "direction": direction(self.locale),
                "brand": self.service.settings.brand.name,
                **context,
            },
            status=self.status,
        )
        response.headers.update(
            {
                "Content-Security-Policy": (
                    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
                    f"form-action {' '.join((OURSELVES, *self.form_to))}"
                ),
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "X-Robots-Tag": "noindex",
                "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            }
        )
        if self.refresh_s is not None:
            # A header, not a <meta>: the page itself offers to turn it off, as WCAG 2.2.1 asks.
            response.headers["Refresh"] = str(self.refresh_s)
        return response
