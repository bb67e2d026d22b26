"""Names, numbers and messages with markup in them are shown as text, on every page and in every email."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chatbot.channels.email.sender import mime_message
from chatbot.config.email_address import Mailbox
from chatbot.config.settings import BrandSettings
from chatbot.delivery.letters import LetterRenderer
from store.chats import outbox
from tests.clock import FakeClock
from tests.end_to_end.malicious_input import SCRIPT_INJECTIONS, UNUSUAL_TEXTS
from tests.payment_fixture import PaymentFixture

EVIL = (
    "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\" onload='alert(1)\r\nBcc: all@example.com"
)
SAFE_TAGS = {
    "html", "head", "meta", "title", "link", "style", "body", "main", "header", "footer", "section", "article",
    "h1", "h2", "p", "div", "span", "table", "tbody", "tr", "td", "th", "dl", "dt", "dd", "ul", "li", "a", "form",
    "fieldset", "legend", "label", "input", "button", "details", "summary", "svg", "path", "circle", "rect", "time",
    "strong", "br", "nav", "pre", "use", "symbol", "line", "polyline",
}  # fmt: skip


class Elements(HTMLParser):
    """Collects the elements and attributes of a page that are not allowed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.wrong += [] if tag in SAFE_TAGS else [tag]
        self.wrong += [name for name, value in attrs if name.startswith("on") or "script:" in (value or "").lower()]


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(
        tmp_path, clock, brand=BrandSettings(name="<script>alert(1)</script> Bcc: all@example.com")
    ) as opened:
        for sql in (
            "update accounts set name = :evil",
            "update invoices set number = number || :evil",
            "update contacts set name = :evil",
        ):
            await opened.billchat.service.database.write(lambda tx, sql=sql: tx.execute_count(sql, {"evil": EVIL}))  # type: ignore[misc]
        yield opened


async def test_the_payment_pages_escape_names_and_numbers(paying: PaymentFixture) -> None:
    pages = [(await paying.get())[1]]
    location = await paying.choose("approve")
    await paying.sandbox.process_due()
    pages += [await paying.done(), (await paying.get("/done?closed=1"))[1], (await paying.get("x"))[1]]
    assert location
    for page in pages:
        assert "&lt;script&gt;alert(1)" in page, "the name is there, as text"
        assert Elements(page).wrong == []


async def test_emails_escape_names_and_messages_and_keep_their_headers(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.sandbox.process_due()
    billchat, visitor = paying.billchat, paying.visitor
    await visitor.choose("email_receipt")
    await visitor.say("talk to a person")
    await visitor.say(" ".join([EVIL, *SCRIPT_INJECTIONS[:20], *UNUSUAL_TEXTS[:3]])[:1900])
    await visitor.choose("message_done")
    await visitor.choose("send_message")
    await (await billchat.visitor()).say("owes@example.com")
    now = billchat.clock.now()
    rows = await billchat.service.database.write(lambda tx: outbox.claim(tx, now, now, {"email": 20}))
    assert {row.kind for row in rows} == {"code", "receipt", "message_for_team"}
    renderer = LetterRenderer(billchat.service)
    for row in rows:
        letter = await billchat.service.database.read(lambda tx, row=row: renderer.render(tx, row))  # type: ignore[misc]
        assert letter is not None
        assert letter.html is not None
        assert "\n" not in letter.subject
        assert Elements(letter.html).wrong == []
        email = mime_message(letter, row.id, Mailbox("Billing", "billing@example.com"))
        head = bytes(email).partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
        assert b"Bcc" not in [line.partition(b":")[0] for line in head.splitlines()]
        assert email["To"] == letter.to
