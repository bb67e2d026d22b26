"""The parts which every kind of letter shares: the message that leaves, and how an email is composed.

An outbox row holds no code and no link, only ids: a letter is rendered from its row each time it is sent, and the same
row always gives the same letter.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import ClassVar

import jinja2
from babel import Locale
from msgspec import Struct

from chatbot.pages import theme
from chatbot.service import Service
from store.chats.outbox import ClaimedMessage
from store.database import Tx


class OutgoingMessage(Struct, frozen=True):
    """An email or a text, ready to be sent. `subject`, `html` and `reply_to` are for emails only.

    `written_at` is the time when its row was queued, on every try. It must not be sent after `expires_at`.
    """

    channel: str
    to: str
    subject: str
    text: str
    written_at: datetime
    html: str | None = None
    reply_to: str | None = None
    expires_at: datetime | None = None


class LetterKind:
    """Base of the kinds of letters. One instance of each kind serves a dispatcher, and may cache between letters."""

    irreplaceable: ClassVar[bool] = False
    """True for a letter that its customer believes to have arrived and will not request again."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def render(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage | None:
        """Return the message of a row; None when its subject no longer exists, such as a refunded payment's receipt.

        Raises LookupError for a row that can never be rendered.
        """
        raise NotImplementedError

    def superseded(self, tx: Tx, rows: Sequence[ClaimedMessage]) -> set[str]:
        """Return the ids of the rows that need not be sent any more. `rows` are of this kind only."""
        del tx, rows
        return set()


class LetterTexts:
    """The texts of one letter in one language. Every text may use the company's name as `$brand`."""

    def __init__(self, service: Service, locale: str, prefix: str) -> None:
        self._service = service
        self._prefix = prefix
        self.locale = service.words.best(locale)

    def __call__(self, key: str, **args: object) -> str:
        """Return the text of a key without the letter's prefix."""
        brand = self._service.settings.brand.name
        return self._service.words.text(self._prefix + key, self.locale, zone=self._service.zone, brand=brand, **args)

    @property
    def format_locale(self) -> str:
        """The locale by whose conventions times are formatted, such as en-GB."""
        return self._service.words.text("format-locale", self.locale)


class EmailContent(Struct, frozen=True):
    """An email without its addresses: a subject, plain text, and HTML that says the same."""

    subject: str
    text: str
    html: str


def compose_email(
    service: Service, locale: str, *, subject: str, text: list[str], template: str, **context: object
) -> EmailContent:
    """Compose an email. `text` is its paragraphs in plain text: empty ones are left out, the company signs."""
    settings = service.settings
    language = Locale.parse(service.words.best(locale), sep="-")
    html = (
        _templates()
        .get_template(template)
        .render(
            context,
            subject=subject,
            brand=settings.brand.name,
            accent=theme.css(theme.parse(settings.brand.colour)),
            locale=str(language).replace("_", "-"),
            direction=language.text_direction,
        )
    )
    plain = "\n\n".join([*filter(None, text), settings.brand.name]) + "\n"
    return EmailContent(" ".join(subject.split()), plain, html)


def email_message(row: ClaimedMessage, content: EmailContent, reply_to: str | None = None) -> OutgoingMessage:
    """Address an email to the recipient of a row."""
    return OutgoingMessage(
        channel=row.channel,
        to=row.recipient,
        subject=content.subject,
        text=content.text,
        written_at=row.created_at,
        html=content.html,
        reply_to=reply_to,
        expires_at=row.expires_at,
    )


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("chatbot.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
