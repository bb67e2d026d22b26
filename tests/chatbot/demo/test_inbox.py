"""The demo's inbox shows every sent letter, after a restart too."""

from pathlib import Path

from chatbot.demo.inbox import Inbox
from tests.clock import FakeClock
from tests.dispatching import dispatching
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until


async def sent(billchat: ServiceFixture, letters: int) -> Inbox:
    inbox = Inbox(billchat.service)

    async def arrived() -> bool:
        return len(await inbox.letters()) == letters

    async with dispatching(billchat, {"email": inbox, "sms": inbox}):
        await wait_until(arrived)
    return inbox


async def test_emails_and_texts_arrive_newest_first(billchat: ServiceFixture) -> None:
    first = await billchat.visitor()
    await first.say("owes@example.com")
    await sent(billchat, 1)
    billchat.clock.forward(minutes=1)
    second = await billchat.visitor()
    await second.say("07700 900001")
    inbox = await sent(billchat, 2)
    text, email = await inbox.letters()
    assert text.keys() == {"channel", "to", "text", "at"}
    assert (text["channel"], text["to"], text["at"]) == ("sms", "+447700900001", "2026-11-23T09:31:00.000Z")
    assert email.keys() == {"channel", "to", "subject", "text", "at"}
    assert (email["channel"], email["to"], email["at"]) == ("email", "owes@example.com", "2026-11-23T09:30:00.000Z")
    assert await billchat.code(first.conversation) in email["text"]


async def test_a_letter_to_an_unknown_identifier_is_not_shown(billchat: ServiceFixture) -> None:
    await (await billchat.visitor()).say("nobody@example.com")
    await (await billchat.visitor()).say("owes@example.com")
    inbox = await sent(billchat, 1)
    assert [letter["to"] for letter in await inbox.letters()] == ["owes@example.com"]


async def test_a_restart_loses_no_letter(tmp_path: Path, clock: FakeClock) -> None:
    billchat = await ServiceFixture.open(tmp_path, clock)
    await (await billchat.visitor()).say("owes@example.com")
    before = await (await sent(billchat, 1)).letters()
    await billchat.close()
    again = await ServiceFixture.open(tmp_path, clock)
    assert await Inbox(again.service).letters() == before
    await again.close()
