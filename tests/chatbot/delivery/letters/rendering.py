"""Rendering in tests: letters as their readers see them."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.letters import LetterRenderer
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from tests.service_fixture import ServiceFixture, Visitor


async def claim_all(billchat: ServiceFixture) -> list[ClaimedMessage]:
    now = billchat.clock.now()
    return await billchat.service.database.write(
        lambda tx: outbox.claim(tx, now, now + timedelta(hours=1), dict.fromkeys(outbox.CHANNELS, 20))
    )


async def render(billchat: ServiceFixture, row: ClaimedMessage) -> OutgoingMessage | None:
    return await billchat.service.database.read(lambda tx: LetterRenderer(billchat.service).render(tx, row))


async def is_superseded(billchat: ServiceFixture, row: ClaimedMessage) -> bool:
    renderer = LetterRenderer(billchat.service)
    return row.id in await billchat.service.database.read(lambda tx: renderer.superseded(tx, [row]))


async def code_letter(billchat: ServiceFixture, identifier: str, locale: str = "en") -> tuple[OutgoingMessage, Visitor]:
    """Request a code for an identifier; returns its letter and the visitor that requested it."""
    visitor = await billchat.visitor(locale=locale)
    await visitor.say(identifier)
    [row] = await claim_all(billchat)
    letter = await render(billchat, row)
    assert letter is not None
    return letter, visitor


async def queue_and_render(
    billchat: ServiceFixture, kind: str, args: dict[str, Any], locale: str = "en"
) -> OutgoingMessage | None:
    now = billchat.clock.now()
    await billchat.service.database.write(
        lambda tx: outbox.queue(
            tx, channel="email", recipient="owes@example.com", kind=kind, locale=locale, args=args, now=now
        )
    )
    [row] = await claim_all(billchat)
    return await render(billchat, row)


class RenderedHtml(HTMLParser):
    """The visible text of an email's HTML, and the names of its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.elements, self._hidden = "", set[str](), False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data
