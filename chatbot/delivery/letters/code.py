"""The letter with a one-time code, as an email or a text. The code is derived from its challenge; no row holds it."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from chatbot.delivery import sms_segments
from chatbot.delivery.letter import (
    EmailContent,
    LetterKind,
    LetterTexts,
    OutgoingMessage,
    compose_email,
    email_message,
)
from chatbot.service import Service
from flows.effects import Wait
from store.chats import codes
from store.chats.outbox import ClaimedMessage
from store.database import Tx

PREFIX = "letter-code-"
CODE_SLOT = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Placeholder of the code in a prepared email."""


class CodeLetter(LetterKind):
    """The letter with a one-time code. Emails differ by nothing but the code, so each language's is composed once.

    Filling in a prepared email takes 13 µs, composing one 311.
    """

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._prepared: dict[str, EmailContent] = {}  # by locale

    def render(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage:
        """Return the email or the text of a challenge."""
        code = self.service.keys.code(row.args["challenge"], row.args["conversation"])
        if row.channel == "sms":
            return OutgoingMessage(
                channel="sms",
                to=row.recipient,
                subject="",
                text=code_text(self.service, row.locale, code),
                written_at=row.created_at,
                expires_at=row.expires_at,
            )
        email = self._prepared_email(self.service.words.best(row.locale))
        return email_message(
            row, EmailContent(email.subject, email.text.replace(CODE_SLOT, code), email.html.replace(CODE_SLOT, code))
        )

    def superseded(self, tx: Tx, rows: Sequence[ClaimedMessage]) -> set[str]:
        """Return the ids of rows of challenges that were used, or replaced by newer ones."""
        newest = codes.newest_challenges(tx, [row.args.get("conversation", "") for row in rows])
        return {
            row.id
            for row, challenge in zip(rows, newest, strict=True)
            if challenge is None or challenge.id != row.args.get("challenge") or challenge.state != "live"
        }

    def _prepared_email(self, locale: str) -> EmailContent:
        email = self._prepared.get(locale)
        if email is None:
            email = self._prepared[locale] = _compose(self.service, locale)
        return email


def _compose(service: Service, locale: str) -> EmailContent:
    """Compose the email of a language, with `CODE_SLOT` in place of the code.

    The subject has no code, since a locked phone shows subjects to anybody. Phones that fill in codes read the text.
    """
    texts = LetterTexts(service, locale, PREFIX)
    notes = [
        texts("advice"),
        texts("life", minutes=Wait(service.settings.limits.code_minutes * 60)),
        texts("not-you"),
    ]
    return compose_email(
        service,
        locale,
        subject=texts("subject"),
        text=[texts("intro"), CODE_SLOT, *notes],
        template="email_code.html",
        intro=texts("intro"),
        code=CODE_SLOT,
        paragraphs=notes,
        preview=texts("advice"),
    )


def code_text(service: Service, locale: str, code: str) -> str:
    """Return the text message with a code, as one segment unless the company's name is too long for it.

    The last line binds the code to our page (WICG, "Origin-bound one-time codes delivered via SMS"): phones offer to
    fill it in there and nowhere else. The wording is shortened before that line is left out.
    """
    texts = LetterTexts(service, locale, PREFIX)
    bodies = [sms_segments.plain(texts(key, code=code)) for key in ("sms", "sms-short")]
    candidates = [f"{body}\n\n{_origin_binding(service, code)}" for body in bodies] + bodies
    return next(filter(sms_segments.fits, candidates), bodies[-1])


def _origin_binding(service: Service, code: str) -> str:
    """Return the line `@top-level-host #code`, with `%our-host` where the chat is embedded in another site."""
    server = service.settings.server
    own = urlsplit(server.public_url).hostname or ""
    top = (urlsplit(server.allowed_sites[0]).hostname or own) if server.allowed_sites else own
    return f"@{top} #{code}" if top == own else f"@{top} #{code} %{own}"
