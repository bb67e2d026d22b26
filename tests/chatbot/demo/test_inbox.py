"""The demo's inbox shows everything that would have left, after a restart too."""

from pathlib import Path

from chatbot.demo.inbox import Inbox
from tests.clock import FakeClock
from tests.house import House
from tests.post import dispatching, until


async def sent(house: House, letters: int) -> Inbox:
    inbox = Inbox(house.service)

    async def arrived() -> bool:
        return len(await inbox.letters()) == letters

    async with dispatching(house, {"email": inbox, "sms": inbox}):
        await until(arrived)
    return inbox


async def test_emails_and_texts_arrive_newest_first(house: House) -> None:
    first = await house.visitor()
    await first.say("owes@example.com")
    await sent(house, 1)
    house.clock.forward(minutes=1)
    second = await house.visitor()
    await second.say("07700 900001")
    inbox = await sent(house, 2)
    text, email = await inbox.letters()
    assert text.keys() == {"channel", "to", "text", "at"}
    assert (text["channel"], text["to"], text["at"]) == ("sms", "+447700900001", "2026-11-23T09:31:00.000Z")
    assert email.keys() == {"channel", "to", "subject", "text", "at"}
    assert (email["channel"], email["to"], email["at"]) == ("email", "owes@example.com", "2026-11-23T09:30:00.000Z")
    assert await house.code(first.conversation) in email["text"]


async def test_what_nobody_can_receive_never_arrives(house: House) -> None:
    await (await house.visitor()).say("nobody@example.com")
    await (await house.visitor()).say("owes@example.com")
    inbox = await sent(house, 1)
    assert [letter["to"] for letter in await inbox.letters()] == ["owes@example.com"]


async def test_a_restart_loses_no_letter(tmp_path: Path, clock: FakeClock) -> None:
    house = await House.open(tmp_path, clock)
    await (await house.visitor()).say("owes@example.com")
    before = await (await sent(house, 1)).letters()
    await house.close()
    again = await House.open(tmp_path, clock)
    assert await Inbox(again.service).letters() == before
    await again.close()
