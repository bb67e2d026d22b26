"""A message for the team over real turns: lines, card numbers, and the letter that is queued."""

import json

import pytest

from tests.service_fixture import ServiceFixture, Visitor, told


async def queued(billchat: ServiceFixture) -> list[dict[str, object]]:
    rows = await billchat.rows("select args from outbox where kind = 'message_for_team' order by id")
    return [json.loads(row["args"]) for row in rows]


@pytest.mark.parametrize(
    ("locale", "done", "send"), [("en", "That's all, thank you", "yes"), ("es", "Eso es todo", "envíelo")]
)
async def test_every_line_until_the_customer_is_done_reaches_the_team(
    billchat: ServiceFixture, locale: str, done: str, send: str
) -> None:
    visitor = await billchat.visitor("person", locale=locale)
    for line in ("Hello", "my router has been dead since Monday\n\nroom\u00a02", "12", done):
        await visitor.say(line)
        assert await queued(billchat) == []
    shown = told(await visitor.say("020 7946 0018"))
    written = "Hello\nmy router has been dead since Monday\n\nroom\u00a02\n12"
    assert written in shown
    assert "+442079460018" in shown
    assert await queued(billchat) == []
    await visitor.say(send)
    [letter] = await queued(billchat)
    assert (letter["text"], letter["reply_to"]) == (written, {"kind": "phone", "value": "+442079460018"})


async def test_a_message_that_held_a_card_number_arrives_without_the_number(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor("person")
    await visitor.say("I was charged twice")
    assert "removed a card number" in told(await visitor.say("on 4242 4242 4242 4242, cvv 737, last Friday"))
    for text in ("that's all", "ana@example.com", "send it"):
        await visitor.say(text)
    [letter] = await queued(billchat)
    assert letter["text"] == "I was charged twice\non •••• 4242, cvv •••, last Friday"


async def test_a_card_number_in_pieces_is_in_no_fact_and_no_letter(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor("person")
    for text in ("I was charged twice", "4242 4242", "4242 4242", "that's all", "ana@example.com", "send it"):
        await visitor.say(text)
        if text == "ana@example.com":
            [row] = await billchat.rows("select facts from conversations where id = :id", id=visitor.conversation)
            assert "4242" not in row["facts"]
    [letter] = await queued(billchat)
    assert "4242" not in str(letter)
    assert "I was charged twice" in str(letter)


@pytest.mark.parametrize("way_out", ["menu", "start over", "back", "never mind", "don't send it"])
async def test_leaving_half_way_says_that_nothing_was_sent(billchat: ServiceFixture, way_out: str) -> None:
    visitor = await billchat.visitor("person")
    await visitor.say("My router is dead")
    assert "was not sent" in told(await visitor.say(way_out))
    assert await queued(billchat) == []


async def send_message(visitor: Visitor, number: int = 0) -> str:
    """Leave a message from wherever the dialogue is; returns the bot's answer."""
    await visitor.say("talk to a person")
    for text in (f"My meter is upside down, {number}", "that's all"):
        answer = await visitor.say(text)
    if "reply" in told(answer) and "expects" in (answer.messages[-1].extra or {}):
        await visitor.say("ana@example.com")
    return told(await visitor.say("send it"))


async def test_one_conversation_sends_the_team_three_messages_an_hour_and_the_fourth_is_kept(
    billchat: ServiceFixture,
) -> None:
    visitor = await billchat.visitor("person")
    sent = ["Your message is with the team" in await send_message(visitor, number) for number in range(3)]
    assert sent == [True] * 3
    refused = await send_message(visitor, 3)
    assert "send it again in" in refused, refused
    assert len(await queued(billchat)) == 3
    billchat.clock.forward(minutes=60, seconds=1)
    assert "Your message is with the team" in told(await visitor.say("send it"))
    assert len(await queued(billchat)) == 4


async def test_new_conversations_are_no_way_around_the_limit_of_a_browser(billchat: ServiceFixture) -> None:
    first = await billchat.visitor("person")
    for number in range(8):
        visitor = Visitor(billchat, first.session, first.address)
        await visitor.start("person", "en")
        await send_message(visitor, number)
    assert len(await queued(billchat)) == billchat.service.settings.limits.team_messages_per_session_per_hour


async def test_new_browsers_are_no_way_around_the_limit_of_an_address(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(billchat.service.settings.limits.__dict__, "team_messages_per_address_per_hour", 4)
    for number in range(6):
        await send_message(await billchat.visitor("person"), number)
    assert len(await queued(billchat)) == 4
    elsewhere = await billchat.visitor("person", address="another address")
    assert "Your message is with the team" in await send_message(elsewhere)
