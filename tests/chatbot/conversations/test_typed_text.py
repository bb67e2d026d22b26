"""A customer's text through whole turns: what of it is stored anywhere, and what must arrive as it was typed."""

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.conversations.redaction import CODE_MASK, SECRET_MASK
from store.billing import accounts
from store.database import Tx
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, Visitor, cards, told

OLIVE = "owes@example.com"
CARD = "4111 1111 1111 1111"
OTHER_NUMBERS = "meter 123456, order 204417, sort code 12-34-56, account 123 456, INV-100234"


async def kept(billchat: ServiceFixture) -> str:
    """Everything that is stored of conversations."""
    tables = ("messages", "conversations", "outbox", "challenges", "attempts_log")
    rows = [row for table in tables for row in await billchat.rows(f"select * from {table}")]
    return "\n".join(str(value) for row in rows for name, value in row.items() if name not in {"id", "conversation"})


async def said(billchat: ServiceFixture) -> list[str]:
    rows = await billchat.rows("select text from messages where author = 'customer' order by seq")
    return [row["text"] for row in rows]


async def to_team(billchat: ServiceFixture) -> list[str]:
    rows = await billchat.rows("select args from outbox where kind = 'message_for_team' order by id")
    return [row["args"] for row in rows]


async def message_for_team(visitor: Visitor, text: str) -> None:
    """Begin a message to the team; `send` sends it."""
    await visitor.say("talk to a person")
    await visitor.say(text)


async def send(visitor: Visitor, address: str | None = None) -> None:
    for text in ("that's all", *([address] if address else []), "send it"):
        await visitor.say(text)


# ── codes ──


@pytest.mark.parametrize(
    "wrapping",
    [
        "{}",
        "INV-{}",
        "£{}",
        "{} pounds",
        "{}@x",
        "GBP {}",
        "CODE{}",
        "it's {}, thanks",
        "nr-{}.",
        "x{}y",
        "@chat.example.com #{}",
    ],
)
async def test_an_accepted_code_is_stored_in_no_wrapping(billchat: ServiceFixture, wrapping: str) -> None:
    visitor = await billchat.visitor()
    await visitor.say(OLIVE)
    code = await billchat.code(visitor.conversation)
    assert cards(await visitor.say(wrapping.format(code))) == ["balance"]
    assert (await said(billchat))[-1] == wrapping.format(CODE_MASK)
    assert code not in await kept(billchat)


async def test_an_accepted_code_in_digits_of_two_is_not_stored(billchat: ServiceFixture) -> None:
    code = "00"
    while not 21 <= int(code[:2]) <= 35:  # the numbers that are one character
        billchat.clock.forward(hours=25)
        visitor = await billchat.visitor()
        await visitor.say(OLIVE)
        code = await billchat.code(visitor.conversation)
    typed = chr(ord("㉑") + int(code[:2]) - 21) + code[2:]
    assert cards(await visitor.say(typed)) == ["balance"]
    assert CODE_MASK in (await said(billchat))[-1]
    assert typed not in await kept(billchat)
    assert code not in await kept(billchat)


@pytest.mark.parametrize("action", ["person", "pay_bill"])
async def test_other_numbers_reach_the_team_where_no_code_was_asked_for(billchat: ServiceFixture, action: str) -> None:
    visitor = await billchat.visitor(action=action)
    if action == "pay_bill":
        await visitor.choose("person")
    await visitor.say(OTHER_NUMBERS)
    await send(visitor, "reply.to.me@example.com")
    [args] = await to_team(billchat)
    assert OTHER_NUMBERS in args
    assert OTHER_NUMBERS in await said(billchat)


async def test_a_verified_customers_numbers_reach_the_team_and_the_code_does_not(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(OLIVE)
    code = await billchat.code(visitor.conversation)
    await visitor.say(code)
    await message_for_team(visitor, OTHER_NUMBERS)
    await send(visitor)
    await message_for_team(visitor, f"was it £{code}?")
    await send(visitor)
    first, second = await to_team(billchat)
    assert OTHER_NUMBERS in first
    assert f"£{CODE_MASK}" in second
    assert code not in await kept(billchat)


async def test_while_a_code_works_six_digits_are_masked_for_the_team_as_well(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(OLIVE)
    await message_for_team(visitor, "123456 does not work for INV-100234")
    assert (await said(billchat))[-1] == f"{CODE_MASK} does not work for INV-100234"


async def test_after_ten_minutes_only_the_codes_that_were_sent_are_masked(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(OLIVE)
    code = await billchat.code(visitor.conversation)
    billchat.clock.forward(minutes=11)
    await message_for_team(visitor, "meter 123456")
    await visitor.say("menu")
    await message_for_team(visitor, f"INV-{code}")
    texts = await said(billchat)
    assert "meter 123456" in texts
    assert texts[-1] == f"INV-{CODE_MASK}"


# ── cards ──


async def own_account(billchat: ServiceFixture, number: str) -> None:
    """Give Olive one more account."""

    def add(tx: Tx) -> None:
        contact = accounts.find_contact(tx, "email", OLIVE)
        assert contact is not None
        accounts.add_account(tx, number, "Shop", "GBP", [contact], billchat.clock.now())

    await billchat.service.database.write(add)


@pytest.mark.parametrize("number", ["4111-1111-1111-1111", "NB 4111111111111111", "NB/4111 1111 1111 1111/0"])
async def test_a_verified_customers_own_account_number_is_no_card(billchat: ServiceFixture, number: str) -> None:
    await own_account(billchat, number)
    visitor = await billchat.visitor()
    await visitor.verify(OLIVE)
    await message_for_team(visitor, f"my account {number} and my card 5555 5555 5555 4444")
    assert (await said(billchat))[-1] == f"my account {number} and my card 5555 5555 5555 4444"[:-19] + "•••• 4444"


async def test_nobody_learns_from_a_mask_whether_an_account_exists(billchat: ServiceFixture) -> None:
    await own_account(billchat, "4111111111111111")
    visitor = await billchat.visitor()
    await visitor.say("my account is 4111111111111111")
    assert (await said(billchat))[-1] == "my account is •••• 1111"


@pytest.mark.parametrize(
    ("texts", "stored"),
    [
        (["41111111111111", "11"], [SECRET_MASK, SECRET_MASK]),
        (["411111111111111", "1"], [SECRET_MASK, SECRET_MASK]),
        ([*"4111111111111111"], [SECRET_MASK] * 16),
        (["4111", "one moment", "1111 1111", "1111"], [SECRET_MASK, "one moment", SECRET_MASK, SECRET_MASK]),
        (["my card is 4111 1111 11", "111111 exp 12/27"], ["my card is •••", "••• exp •••"]),
        (["501800", "000009"], [SECRET_MASK, SECRET_MASK]),
    ],
    ids=str,
)
async def test_every_piece_of_a_card_number_leaves_the_disk(
    billchat: ServiceFixture, texts: list[str], stored: list[str]
) -> None:
    visitor = await billchat.visitor(action=None)
    answers = [await visitor.say(text) for text in texts]
    assert "card" in told(answers[-1])
    assert await said(billchat) == stored
    previews = await billchat.rows("select preview from conversations")
    assert "1111" not in str(previews)


def after_checkpoint(folder: Path) -> bytes:
    """Return the database's files once the write-ahead log is written back."""
    connection = sqlite3.connect(folder / "billchat.db")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return b"".join(path.read_bytes() for path in folder.glob("billchat.db*"))


async def test_no_byte_of_a_piece_is_left_in_the_database_file(tmp_path: Path, clock: FakeClock) -> None:
    billchat = await ServiceFixture.open(tmp_path, clock)
    visitor = await billchat.visitor(action=None)
    for text in ("hello", "here is the first part of my debit card: 41111111111111", "11"):
        await visitor.say(text)
    await billchat.close()
    kept = after_checkpoint(tmp_path)
    assert b"hello" in kept
    assert b"41111111" not in kept


async def test_the_expiry_date_and_the_security_code_that_follow_a_card_are_not_stored(
    billchat: ServiceFixture,
) -> None:
    visitor = await billchat.visitor(action=None)
    for text in (CARD, "12/27", "737"):
        await visitor.say(text)
    assert await said(billchat) == ["•••• 1111", SECRET_MASK, SECRET_MASK]


async def test_a_piece_leaves_a_message_to_the_team_that_was_shown_already(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor(action="person")
    for text in ("I was charged twice", "on card 4111 1111 1111", "that's all", "ana@example.com", "1111", "send it"):
        await visitor.say(text)
    [args] = await to_team(billchat)
    assert "I was charged twice" in args
    assert "on card •••" in args
    assert "4111" not in await kept(billchat)


async def test_a_piece_leaves_a_message_that_the_team_was_sent(tmp_path: Path) -> None:
    billchat = await ServiceFixture.open(tmp_path, FakeClock(datetime.now(UTC)))
    visitor = await billchat.visitor(action="person")
    await visitor.say("on card 4111 1111 1111")
    await send(visitor, "ana@example.com")
    await visitor.say("1111")
    [args] = await to_team(billchat)
    assert "on card •••" in args
    assert "4111" not in await kept(billchat)
    await billchat.close()


async def test_digit_by_digit_a_card_is_in_no_letter(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor(action="person")
    for digit in "4111111111111111":
        await visitor.say(digit)
    await send(visitor, "ana@example.com")
    [args] = await to_team(billchat)
    assert not re.search("[0-9]", json.loads(args)["text"])


async def test_a_piece_sent_again_comes_back_masked(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor(action=None)
    await visitor.try_to_say("4111 1111 1111", request="the first piece")
    await visitor.say("1111")
    again = await visitor.try_to_say("4111 1111 1111", request="the first piece")
    assert again.messages[0].text == SECRET_MASK  # type: ignore[union-attr]
