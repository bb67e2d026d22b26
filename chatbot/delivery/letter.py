"""Puts letters into words: from an outbox row to the email or text that its recipient reads.

No code and no link is in a row. A code is derived from its challenge here, each time the letter is written, so that a
letter that is sent again is the same letter.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from urllib.parse import urlsplit

import jinja2
from babel import Locale
from babel.dates import format_time
from msgspec import Struct

from chatbot.delivery import sms_segments
from chatbot.pages import theme
from chatbot.service import Service
from flows.effects import FullDate, Money, Wait
from store.billing.receipts import Receipt, proven_name, read_receipt
from store.chats import codes
from store.chats.outbox import ClaimedMessage
from store.database import Tx

EmailContent = tuple[str, str, str]
"""An email's subject, its text, and the page that says the same."""

SLOT = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where the code will be, in an email that is put together once for all codes."""


class OutgoingMessage(Struct, frozen=True):
    """An email or a text, ready to be sent. `subject`, `html` and `reply_to` are for emails only.

    `written_at` is when it was queued, also where it is sent again; after `expires_at` it must not be sent.
    """

    channel: str
    to: str
    subject: str
    text: str
    written_at: datetime
    html: str | None = None
    reply_to: str | None = None
    expires_at: datetime | None = None


def wanted(tx: Tx, rows: Sequence[ClaimedMessage]) -> set[str]:
    """Return the ids of the letters that are of use still: a code that was replaced or used is not."""
    asked = [row for row in rows if row.kind == "code"]
    newest = codes.newest_of(tx, [row.args.get("conversation", "") for row in asked])
    over = {
        row.id
        for row, code in zip(asked, newest, strict=True)
        if code is None or code.id != row.args.get("challenge") or code.state != "live"
    }
    return {row.id for row in rows} - over


def write(tx: Tx, service: Service, row: ClaimedMessage) -> OutgoingMessage | None:
    """Write the letter of a row; None when what it is about is gone.

    Raises LookupError for a row that cannot be put into words.
    """
    match row.kind:
        case "code":
            return _code(service, row)
        case "receipt":
            return _receipt(tx, service, row)
        case "message_for_team":
            return _message_for_team(tx, service, row)
    raise LookupError(f"no letter is of the kind {row.kind}")


# ── a one-time code ──


def _code(service: Service, row: ClaimedMessage) -> OutgoingMessage:
    code = service.keys.code(row.args["challenge"], row.args["conversation"])
    if row.channel == "sms":
        return OutgoingMessage(
            channel="sms",
            to=row.recipient,
            subject="",
            text=code_text(service, row.locale, code),
            written_at=row.created_at,
            expires_at=row.expires_at,
        )
    subject, text, html = _code_email(service, service.words.best(row.locale))
    return _addressed(row, (subject, text.replace(SLOT, code), html.replace(SLOT, code)))


@lru_cache(maxsize=64)
def _code_email(service: Service, locale: str) -> EmailContent:
    """Put the email of a language together, once: nothing but the code tells one from another."""
    words = _LetterTexts(service, locale)
    paragraphs = [
        words("advice"),
        words("life", minutes=Wait(service.settings.limits.code_minutes * 60)),
        words("not-you"),
    ]
    # The subject stays without the code: a locked phone shows subjects to whoever holds it. Phones that fill codes in
    # by themselves read them in the text.
    return _email(
        service,
        locale,
        subject=words("subject"),
        text=[words("intro"), SLOT, *paragraphs],
        page="email_code.html",
        intro=words("intro"),
        code=SLOT,
        paragraphs=paragraphs,
        preview=words("advice"),
    )


def code_text(service: Service, locale: str, code: str) -> str:
    """Return the text message that carries a code, in one part wherever the company's name leaves room for it.

    Its last line binds the code to our page (WICG, "Origin-bound one-time codes delivered via SMS"): phones offer to
    fill it in there and nowhere else. The wording gives way before that line does.
    """
    words = _LetterTexts(service, locale, "letter-code-")
    bodies = [sms_segments.plain(words(key, code=code)) for key in ("sms", "sms-short")]
    candidates = [f"{body}\n\n{_binding(service, code)}" for body in bodies] + bodies
    return next(filter(sms_segments.fits, candidates), bodies[-1])


def _binding(service: Service, code: str) -> str:
    """Name the site in whose page a code may be filled in, and our own host where we are embedded in that page."""
    server = service.settings.server
    own = urlsplit(server.public_url).hostname or ""
    top = (urlsplit(server.allowed_sites[0]).hostname or own) if server.allowed_sites else own
    return f"@{top} #{code}" if top == own else f"@{top} #{code} %{own}"


# ── a receipt ──


def _receipt(tx: Tx, service: Service, row: ClaimedMessage) -> OutgoingMessage | None:
    receipt = read_receipt(tx, row.args["payment"])
    if receipt is None:
        return None
    words = _LetterTexts(service, row.locale, "letter-receipt-")
    amount = service.words.money(Money(receipt.amount_minor, receipt.currency), row.locale)
    rows = _receipt_rows(service, words, receipt)
    paid = _paid_rows(service, words, receipt)
    email = _email(
        service,
        row.locale,
        subject=words("subject", amount=amount),
        text=[words("intro"), amount, _table(rows), _table(paid), words("keep")],
        page="email_receipt.html",
        intro=words("intro"),
        amount=amount,
        rows=rows,
        paid=paid,
        keep=words("keep"),
        preview=words("preview", reference=receipt.reference),
    )
    return _addressed(row, email)


def _receipt_rows(service: Service, words: "_LetterTexts", receipt: Receipt) -> list[tuple[str, str]]:
    there = receipt.paid_at.astimezone(service.zone)
    time = format_time(there, "short", locale=Locale.parse(words.formats, sep="-"))
    return [
        (words("label-reference"), receipt.reference),
        (words("label-paid"), words("when", day=FullDate(there.date()), time=time)),
        (words("label-account"), f"{receipt.account_name} ({receipt.account_number})"),
    ]


def _paid_rows(service: Service, words: "_LetterTexts", receipt: Receipt) -> list[tuple[str, str]]:
    def told(minor: int) -> str:
        return service.words.money(Money(minor, receipt.currency), words.locale)

    rows = [(words("invoice", number=paid.number), told(paid.amount_minor)) for paid in receipt.invoices]
    if receipt.on_account_minor > 0:
        rows.append((words("on-account"), told(receipt.on_account_minor)))
    return rows


def _table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"{label}: {value}" for label, value in rows)


# ── what a customer left for the team ──


def _message_for_team(tx: Tx, service: Service, row: ClaimedMessage) -> OutgoingMessage:
    words = _LetterTexts(service, row.locale, "letter-team-")
    conversation, reply_to = row.args["conversation"], row.args.get("reply_to")
    said = _printable(row.args["text"])
    name = proven_name(tx, conversation)
    about = [
        words("reply-to", who=reply_to["value"]) if reply_to else words("nobody"),
        words("proven", name=name) if name else words("unproven"),
        words("received", at=row.created_at),
        words("reference", reference=conversation),
    ]
    email = _email(
        service,
        row.locale,
        subject=words("subject"),
        text=[words("intro"), "\n".join(f"> {line}" for line in said.splitlines()), "\n".join(about)],
        page="email_message.html",
        intro=words("intro"),
        said=said,
        about=about,
        preview=said[:120],
    )
    return _addressed(row, email, reply_to["value"] if reply_to and reply_to["kind"] == "email" else None)


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


# ── emails ──


class _LetterTexts:
    """The words of one letter, each by the end of its key; the company's name is known to all of them."""

    def __init__(self, service: Service, locale: str, prefix: str = "letter-code-") -> None:
        self._service = service
        self._prefix = prefix
        self.locale = service.words.best(locale)

    def __call__(self, key: str, **args: object) -> str:
        settings = self._service.settings
        return self._service.words.text(
            self._prefix + key, self.locale, zone=settings.zone, brand=settings.brand.name, **args
        )

    @property
    def formats(self) -> str:
        """The country whose way of writing times is used."""
        return self._service.words.text("format-locale", self.locale)


def _email(
    service: Service, locale: str, *, subject: str, text: list[str], page: str, **context: object
) -> EmailContent:
    """Put an email together: paragraphs of plain text, and a page that says the same."""
    settings = service.settings
    language = Locale.parse(service.words.best(locale), sep="-")
    html = (
        _templates()
        .get_template(page)
        .render(
            context,
            subject=subject,
            brand=settings.brand.name,
            accent=theme.css(theme.parse(settings.brand.colour)),
            locale=str(language).replace("_", "-"),
            direction=language.text_direction,
        )
    )
    return " ".join(subject.split()), "\n\n".join([*filter(None, text), settings.brand.name]) + "\n", html


def _addressed(row: ClaimedMessage, email: EmailContent, reply_to: str | None = None) -> OutgoingMessage:
    subject, text, html = email
    return OutgoingMessage(
        channel=row.channel,
        to=row.recipient,
        subject=subject,
        text=text,
        written_at=row.created_at,
        html=html,
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
