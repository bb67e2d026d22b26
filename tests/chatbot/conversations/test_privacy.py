"""What nobody hears of another, what is taken out of messages afterwards, and what is forgotten in time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatbot.config.settings import Secrets
from chatbot.conversations.redaction import SECRET_MASK
from chatbot.keys import token_hash
from chatbot.operations import retention
from flows.events import Event
from tests.clock import FakeClock
from tests.house import House, cards, choices, told
from tests.till import OWED, Till

OLIVE, CLARA = "owes@example.com", "clear@example.com"


@pytest.fixture
async def till(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Till]:
    async with Till.open(tmp_path, clock) as opened:
        yield opened


# ── payments that come in later ──


async def pay_a_part(till: Till) -> None:
    """Leave something to pay, so that there is a balance to keep quiet about."""
    [invoice, *_] = await till.house.rows(
        "select id from invoices where account = :id and state = 'open' order by due_on", id=till.account
    )
    await till.ask(invoice["id"])
    await till.choose("approve")
    await till.sandbox.work()


async def go_over_to_clara(till: Till) -> None:
    """Let somebody else sit down at the same chat."""
    till.house.clock.forward(seconds=1)
    await till.visitor.say("use another email")
    await till.visitor.say(CLARA)


async def test_what_is_left_to_pay_is_told_to_a_verified_customer(till: Till) -> None:
    await pay_a_part(till)
    assert "left" in "\n".join(told(answer) for answer in till.house.told)


async def test_a_payment_after_fifteen_idle_minutes_is_told_without_what_is_left(till: Till) -> None:
    till.house.clock.forward(minutes=16)
    await pay_a_part(till)
    said = "\n".join(told(answer) for answer in till.house.told)
    assert "R-" in said
    assert "left" not in said
    assert "see_balance" not in choices(till.house.told[-1])


async def test_a_payment_is_not_told_to_who_came_after_its_payer(till: Till) -> None:
    await go_over_to_clara(till)
    await pay_a_part(till)
    assert till.house.told == []
    await till.visitor.say(await till.house.code(till.visitor.conversation))
    assert "£" not in told(await till.visitor.say("repeat"))
    assert (await till.booked())[0][0] == "payment", "it is booked all the same"
    assert await till.balance() < OWED


async def test_a_link_that_runs_out_is_not_told_to_who_came_after(till: Till) -> None:
    await go_over_to_clara(till)
    till.house.clock.forward(hours=2)
    await till.payments.sweep()
    assert till.house.told == []


async def test_the_same_customer_hears_of_a_payment_while_giving_a_fresh_code(till: Till) -> None:
    till.house.clock.forward(minutes=16)
    assert "code" in told(await till.visitor.say("what do I owe"))
    await pay_a_part(till)
    assert "R-" in "\n".join(told(answer) for answer in till.house.told)


async def test_a_receipt_is_sent_to_its_payer_only(till: Till) -> None:
    await pay_a_part(till)
    house, visitor = till.house, till.visitor
    payment = await till.reference()
    await go_over_to_clara(till)
    await visitor.say(await house.code(visitor.conversation))
    completed = {
        "payment": payment, "amount_minor": 1, "currency": "GBP", "reference": "R-1", "paid_at": "2026-11-23T09:30:00Z",
        "balance_minor": 0,
    }  # fmt: skip
    await house.turns.happened(visitor.conversation, lambda tx: Event("payment_completed", completed))
    await visitor.choose("email_receipt")
    assert await house.rows("select 1 from outbox where kind = 'receipt'") == []


# ── cards sent piece by piece ──


@pytest.mark.parametrize(
    "pieces",
    [["4242", "4242", "4242", "4242"], ["4242 4242", "4242-4242"], ["５５５５５５５５", "5555", " 4444 "]],
    ids=str,
)
async def test_a_card_number_sent_in_pieces_is_taken_out_of_all_of_them(house: House, pieces: list[str]) -> None:
    visitor = await house.visitor(action=None)
    answers = [await visitor.say(piece) for piece in pieces]
    assert "card" in told(answers[-1])
    said = await house.rows("select text from messages where author = 'customer' order by seq")
    assert [row["text"] for row in said] == [SECRET_MASK] * len(pieces)
    assert [row["preview"] for row in await house.rows("select preview from conversations")] != ["4242"]


async def test_numbers_that_make_no_card_stay_as_they_are(house: House) -> None:
    visitor = await house.visitor(action=None)
    for piece in ("4242", "4242", "4242", "4241", "4242 please"):
        await visitor.say(piece)
    said = await house.rows("select text from messages where author = 'customer' order by seq")
    assert SECRET_MASK not in [row["text"] for row in said]


# ── forgetting ──


async def everything_of(house: House) -> dict[str, int]:
    tables = ("sessions", "conversations", "messages", "challenges", "attempts_log", "outbox")
    return {table: len(await house.rows(f"select 1 from {table}")) for table in tables}


async def test_ninety_days_after_its_last_message_nothing_is_left_of_a_conversation(house: House) -> None:
    visitor = await house.visitor()
    link = await visitor.choose(choices(await visitor.verify(OLIVE))[0])
    assert cards(link) == ["payment_link"]
    stranger = await house.visitor(address="elsewhere")
    await stranger.say("nobody@example.com")
    await stranger.say("000000")
    await house.service.database.write(lambda tx: tx.run("update outbox set state = 'sent'"))
    house.clock.forward(days=90)
    assert await retention.forget(house.service) == 0
    house.clock.forward(seconds=1)
    later = await house.visitor()
    assert await retention.forget(house.service) == 2
    assert await everything_of(house) == {
        "sessions": 1, "conversations": 1, "messages": len(await house.rows("select 1 from messages")), "challenges": 0,
        "attempts_log": 0, "outbox": 0,
    }  # fmt: skip
    assert later.conversation
    assert [row["conversation"] for row in await house.rows("select conversation from payment_links")] == [None]


async def test_letters_that_still_wait_are_not_forgotten(house: House) -> None:
    await (await house.visitor()).say(OLIVE)
    house.clock.forward(days=91)
    await retention.forget(house.service)
    assert (await everything_of(house))["outbox"] == 1


async def test_everything_is_forgotten_however_many_pages_it_fills(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    for _ in range(5):
        await (await house.visitor()).say(OLIVE)
    await house.service.database.write(lambda tx: tx.run("update outbox set state = 'sent'"))
    house.clock.forward(days=91)
    assert await retention.forget(house.service) == 5
    assert set((await everything_of(house)).values()) == {0}


async def test_a_link_that_is_asked_for_again_works_after_the_key_was_changed(house: House, tmp_path: Path) -> None:
    visitor = await house.visitor()
    await visitor.verify()
    old = (await visitor.choose("pay_all")).messages[-1]["card"]["url"]
    await house.close()
    other = await House.open(
        tmp_path, house.clock, secrets=Secrets(key=SecretStr("another key, as long as it must be"))
    )
    again = await other.visitor()
    await again.verify()
    new = (await again.choose("pay_all")).messages[-1]["card"]["url"]
    assert new != old
    hashes = [row["token_hash"] for row in await other.rows("select token_hash from payment_links")]
    assert hashes == [token_hash(new.rpartition("/")[2])]
    await other.close()
