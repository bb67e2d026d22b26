"""Devices and their sessions over the wire: new tokens, ends, and what a browser without a fresh code may read."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.conversations.privacy import hidden_text
from tests.chatbot.channels.web.serving import serving
from tests.clock import FakeClock
from tests.end_to_end.customer import Customer, new_id, texts
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until

OLIVE = "owes@example.com"


@pytest.fixture
async def billchat(tmp_path: Path, clock: FakeClock) -> AsyncIterator[ServiceFixture]:
    opened = await ServiceFixture.open(tmp_path, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def url(billchat: ServiceFixture) -> AsyncIterator[str]:
    async with serving(billchat) as (_, address):
        yield address


async def at_code(billchat: ServiceFixture, url: str) -> tuple[Customer, str]:
    customer = await Customer(url).connect()
    await customer.start("pay_bill")
    await customer.say(OLIVE)
    return customer, await billchat.code(customer.conversation)


async def verified(billchat: ServiceFixture, url: str) -> Customer:
    customer, code = await at_code(billchat, url)
    await customer.say(code)
    return customer


async def again(url: str, customer: Customer, session: str | None = None) -> Customer:
    """Another device with a token, which opens the customer's conversation."""
    other = await Customer(url, session or customer.session).connect()
    other.conversation = customer.conversation
    return other


def hidden(billchat: ServiceFixture) -> str:
    return hidden_text(billchat.service, "en")


def say(customer: Customer, text: str, request: str) -> dict[str, Any]:
    return {"conversation": customer.conversation, "id": request, "text": text}


async def test_a_right_code_brings_a_new_token_that_finds_the_conversation(billchat: ServiceFixture, url: str) -> None:
    customer, code = await at_code(billchat, url)
    before = customer.session
    assert "£42.50" in texts(await customer.say(code))
    assert customer.session != before
    await wait_until(lambda: customer.sessions == [{"session": customer.session, "verified": True}])
    assert "£42.50" in texts(await customer.say("what do I owe")), "the connection goes on under the new token"
    back = await again(url, customer)
    assert [each["id"] for each in back.welcome["conversations"]] == [customer.conversation]
    assert "£42.50" in texts(await back.open())
    for each in (customer, back):
        await each.leave()


async def test_who_knew_the_token_before_the_code_hears_and_opens_nothing(billchat: ServiceFixture, url: str) -> None:
    customer, code = await at_code(billchat, url)
    watcher = await again(url, customer)
    old = customer.session
    await watcher.open()
    heard = dict(watcher.messages)
    await customer.say(code)
    await customer.say("what do I owe")
    for event, payload in (
        ("open", {"conversation": customer.conversation, "after": 0}),
        ("say", say(customer, "what do I owe", new_id())),
        ("seen", {"conversation": customer.conversation, "seq": 1}),
    ):
        assert (await watcher.ask(event, payload))["error"]["code"] == "not_found"
    assert watcher.messages == heard
    late = await again(url, customer, old)
    assert late.welcome["conversations"] == []
    for each in (customer, watcher, late):
        await each.leave()


async def test_an_answer_lost_with_the_connection_is_given_again_to_the_old_token(
    billchat: ServiceFixture, url: str
) -> None:
    customer, code = await at_code(billchat, url)
    old, request = customer.session, new_id()
    await customer.ask("say", say(customer, code, request))
    new = customer.session
    back = await again(url, customer, old)
    answer = await back.ask("say", say(customer, code, request))
    assert "£42.50" in texts(answer["messages"])
    assert back.session == answer["session"] == new
    assert "£42.50" in texts(await back.say("what do I owe"))
    for each in (customer, back):
        await each.leave()


async def test_amounts_are_hidden_from_a_browser_whose_code_counts_no_longer(
    billchat: ServiceFixture, url: str
) -> None:
    customer = await verified(billchat, url)
    billchat.clock.forward(minutes=16)
    back = await again(url, customer)
    assert back.welcome["conversations"][0]["preview"] == hidden(billchat)
    messages = await back.open()
    assert {message["text"] for message in messages} == {hidden(billchat)}
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert "£" not in str(messages)
    assert OLIVE not in str(messages)
    assert [choice["id"] for choice in messages[-1]["choices"]] == ["person", "menu", "sign_out"]
    for each in (customer, back):
        await each.leave()


async def test_a_fresh_code_of_the_same_customer_shows_the_conversation_again(
    billchat: ServiceFixture, url: str
) -> None:
    customer = await verified(billchat, url)
    billchat.clock.forward(minutes=16)
    await customer.say("what do I owe")
    await customer.say(await billchat.code(customer.conversation))
    back = await again(url, customer)
    assert hidden(billchat) not in texts(await back.open())
    for each in (customer, back):
        await each.leave()


async def test_a_fresh_code_of_another_customer_does_not_show_the_first_ones_messages(
    billchat: ServiceFixture, url: str
) -> None:
    customer = await verified(billchat, url)
    last = max(customer.messages)
    await customer.say("use another email")
    await customer.say("dd@example.com")
    await customer.say(await billchat.code(customer.conversation))
    back = await again(url, customer)
    messages = await back.open()
    assert {message["text"] for message in messages if message["seq"] <= last} == {hidden(billchat)}
    assert "£34.80" in texts(messages)
    for each in (customer, back):
        await each.leave()


async def test_an_old_choice_with_an_amount_is_hidden_too_though_it_was_taken_after_signing_out(
    billchat: ServiceFixture, url: str
) -> None:
    customer = await verified(billchat, url)
    pay = next(
        choice["id"]
        for message in customer.messages.values()
        for choice in message.get("choices", [])
        if "£" in choice["label"]
    )
    await customer.say("sign out")
    await customer.choose(pay)
    back = await again(url, customer)
    assert "£" not in str(await back.open())
    assert "£" not in str(back.welcome)
    for each in (customer, back):
        await each.leave()


async def test_a_resend_after_the_code_counts_no_longer_gets_no_amounts(billchat: ServiceFixture, url: str) -> None:
    customer = await verified(billchat, url)
    request = new_id()
    await customer.ask("say", say(customer, "what do I owe", request))
    billchat.clock.forward(minutes=16)
    answer = await customer.ask("say", say(customer, "what do I owe", request))
    assert "£" not in str(answer)
    assert answer["ok"]
    await customer.leave()


async def test_every_device_hears_that_the_browser_was_signed_out(billchat: ServiceFixture, url: str) -> None:
    customer = await verified(billchat, url)
    other = await again(url, customer)
    await customer.choose("sign_out")
    for each in (customer, other):
        await wait_until(lambda each=each: {"verified": False} in each.sessions)  # type: ignore[misc]
    assert "£" not in str(await other.ask("open", {"conversation": other.conversation, "after": 0}))
    for each in (customer, other):
        await each.leave()


async def test_a_session_that_is_over_is_disconnected_and_gets_a_new_token(billchat: ServiceFixture, url: str) -> None:
    customer = await verified(billchat, url)
    ended = customer.session
    billchat.clock.forward(hours=3)
    with pytest.raises(Exception):  # noqa: B017, PT011 (the client's own, for a connection that was closed)
        await customer.ask("open", {"conversation": customer.conversation, "after": 0}, timeout=2)
    back = await again(url, customer, ended)
    assert back.session != ended
    assert back.welcome["conversations"] == []
    assert (await back.ask("open", {"conversation": customer.conversation, "after": 0}))["error"]["code"] == "not_found"
    await back.discard()
    await customer.discard()


async def browser_of_newest_code(billchat: ServiceFixture) -> str:
    [row] = await billchat.rows("select browser from challenges order by created_at desc, id limit 1")
    return str(row["browser"])


async def ask_for_code(billchat: ServiceFixture, url: str, session: str) -> tuple[str, str]:
    """Ask for a code in another conversation of a session; returns the session then, and the code's browser."""
    customer = await Customer(url, session).connect()
    billchat.clock.forward(minutes=5)
    await customer.start("pay_bill")
    await customer.say(OLIVE)
    await customer.discard()
    return customer.session, await browser_of_newest_code(billchat)


async def test_a_browser_stays_known_when_codes_and_time_end_its_sessions(billchat: ServiceFixture, url: str) -> None:
    customer = await verified(billchat, url)
    known = await browser_of_newest_code(billchat)
    await customer.leave()
    session, browser = await ask_for_code(billchat, url, customer.session)
    assert (session, browser) == (customer.session, known)
    for _ in range(2):
        ended = session
        billchat.clock.forward(days=7)
        session, browser = await ask_for_code(billchat, url, ended)
        assert session != ended
        assert browser == known


async def test_a_token_from_before_a_right_code_is_no_known_browser(billchat: ServiceFixture, url: str) -> None:
    customer, code = await at_code(billchat, url)
    known, earlier = await browser_of_newest_code(billchat), customer.session
    await customer.say(code)
    await customer.leave()
    for days in (0, 7):
        billchat.clock.forward(days=days)
        _, browser = await ask_for_code(billchat, url, earlier)
        assert browser != known
