"""A message for the team over real turns: lines, card numbers, and the letter that is queued."""

import json

import pytest

from tests.service_fixture import ServiceFixture, told


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
