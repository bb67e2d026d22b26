"""Frame of the pages that work without scripts: the payment page, its outcomes, the sandbox's hosted page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import aiohttp_jinja2
from aiohttp import web

from chatbot.pages.templating import direction
from chatbot.service import Service
from flows.wording.words import Money

OWN_ORIGIN = "'self'"


@dataclass(frozen=True, slots=True)
class Page:
    """A page in one language.

    `form_to`: other origins that its forms may submit to. `refresh_s`: seconds until the browser reloads it.
    """

    service: Service
    locale: str
    status: int = 200
    form_to: Sequence[str] = ()
    refresh_s: int | None = None

    def text(self, key: str, **args: object) -> str:
        """Return a text in the page's language."""
        return self.service.words.text(key, self.locale, self.service.zone, **args)

    def money(self, minor: int, currency: str) -> str:
        """Return an amount, formatted in the page's language."""
        return self.service.words.money(Money(minor, currency), self.locale)

    def respond(self, request: web.Request, template: str, **context: object) -> web.Response:
        """Render the page. No script runs, no site may frame it, and no Referer carries its secret address."""
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
                    f"form-action {' '.join((OWN_ORIGIN, *self.form_to))}"
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
            # A header, not a <meta>: the page has a link that turns it off (WCAG 2.2.1).
            response.headers["Refresh"] = str(self.refresh_s)
        return response
