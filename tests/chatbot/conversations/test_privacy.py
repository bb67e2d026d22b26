"""What nobody hears of another, what is taken out of messages afterwards, and what is forgotten in time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatbot.config.settings import SecretSettings
from chatbot.conversations.redaction import SECRET_MASK
from chatbot.keys import token_hash
from chatbot.operations import retention
from flows.events import Event
from tests.clock import FakeClock
from tests.payment_fixture import OWED, PaymentFixture
from tests.service_fixture import ServiceFixture, cards, choices, told

OLIVE, CLARA = "owes@example.com", "clear@example.com"


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock) as opened:
        yield opened


# ── payments that come in later ──


async def pay_a_part(paying: PaymentFixture) -> None:
    """Leave something to pay, so that there is a balance to keep quiet about."""
    [invoice, *_] = await paying.billchat.rows(
        "select id from invoices where account = :id and state = 'open' order by due_on", id=paying.account
    )
    await paying.ask(invoice["id"])
    await paying.choose("approve")
    await paying.sandbox.process_due()


async def go_over_to_clara(paying: PaymentFixture) -> None:
    """Let somebody else sit down at the same chat."""
    paying.billchat.clock.forward(seconds=1)
    await paying.visitor.say("use another email")
    await paying.visitor.say(CLARA)


async def test_what_is_left_to_pay_is_told_to_a_verified_customer(paying: PaymentFixture) -> None:
    await pay_a_part(paying)
    assert "left" in "\n".join(told(answer) for answer in paying.billchat.told)


async def test_a_payment_after_fifteen_idle_minutes_is_told_without_what_is_left(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=16)
    await pay_a_part(paying)
    said = "\n".join(told(answer) for answer in paying.billchat.told)
    assert "R-" in said
    assert "left" not in said
    assert "see_balance" not in choices(paying.billchat.told[-1])


async def test_a_payment_is_not_told_to_who_came_after_its_payer(paying: PaymentFixture) -> None:
    await go_over_to_clara(paying)
    await pay_a_part(paying)
    assert paying.billchat.told == []
    await paying.visitor.say(await paying.billchat.code(paying.visitor.conversation))
    assert "£" not in told(await paying.visitor.say("repeat"))
    assert (await paying.booked())[0][0] == "payment", "it is booked all the same"
    assert await paying.balance() < OWED


async def test_a_link_that_runs_out_is_not_told_to_who_came_after(paying: PaymentFixture) -> None:
    await go_over_to_clara(paying)
    paying.billchat.clock.forward(hours=2)
    await paying.payments.scheduler.sweep()
    assert paying.billchat.told == []


async def test_a_payment_is_not_told_before_a_fresh_code_is_right(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=16)
    assert "code" in told(await paying.visitor.say("what do I owe"))
    await pay_a_part(paying)
    assert paying.billchat.told == []
    code = await paying.billchat.code(paying.visitor.conversation)
    assert "£13.70" in told(await paying.visitor.say(code)), "what is left is told then"


async def test_a_receipt_is_sent_to_its_payer_only(paying: PaymentFixture) -> None:
    await pay_a_part(paying)
    billchat, visitor = paying.billchat, paying.visitor
    payment = await paying.reference()
    await go_over_to_clara(paying)
    await visitor.say(await billchat.code(visitor.conversation))
    completed = {
        "payment": payment, "amount_minor": 1, "currency": "GBP", "reference": "R-1", "paid_at": "2026-11-23T09:30:00Z",
        "left_minor": 0,
    }  # fmt: skip
    await billchat.turns.apply_external_event(visitor.conversation, lambda tx: Event("payment_completed", completed))
    await visitor.choose("email_receipt")
    assert await billchat.rows("select 1 from outbox where kind = 'receipt'") == []


# ── cards sent piece by piece ──


@pytest.mark.parametrize(
    "pieces",
    [["4242", "4242", "4242", "4242"], ["4242 4242", "4242-4242"], ["５５５５５５５５", "5555", " 4444 "]],
    ids=str,
)
async def test_a_card_number_sent_in_pieces_is_taken_out_of_all_of_them(
    billchat: ServiceFixture, pieces: list[str]
) -> None:
    visitor = await billchat.visitor(action=None)
    answers = [await visitor.say(piece) for piece in pieces]
    assert "card" in told(answers[-1])
    said = await billchat.rows("select text from messages where author = 'customer' order by seq")
    assert [row["text"] for row in said] == [SECRET_MASK] * len(pieces)
    assert [row["preview"] for row in await billchat.rows("select preview from conversations")] != ["4242"]


async def test_numbers_that_make_no_card_stay_as_they_are(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor(action=None)
    for piece in ("4242", "4242", "4242", "4241", "4242 please"):
        await visitor.say(piece)
    said = await billchat.rows("select text from messages where author = 'customer' order by seq")
    assert SECRET_MASK not in [row["text"] for row in said]


# ── forgetting ──


async def everything_of(billchat: ServiceFixture) -> dict[str, int]:
    tables = ("sessions", "conversations", "messages", "challenges", "attempts_log", "outbox")
    return {table: len(await billchat.rows(f"select 1 from {table}")) for table in tables}


async def test_ninety_days_after_its_last_message_nothing_is_left_of_a_conversation(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    link = await visitor.choose(choices(await visitor.verify(OLIVE))[0])
    assert cards(link) == ["payment_link"]
    stranger = await billchat.visitor(address="elsewhere")
    await stranger.say("nobody@example.com")
    await stranger.say("000000")
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set state = 'sent'"))
    billchat.clock.forward(days=90)
    assert await retention.delete_expired(billchat.service) == 0
    billchat.clock.forward(seconds=1)
    later = await billchat.visitor()
    assert await retention.delete_expired(billchat.service) == 2
    assert await everything_of(billchat) == {
        "sessions": 1, "conversations": 1,
        "messages": len(await billchat.rows("select 1 from messages")), "challenges": 0,
        "attempts_log": 0, "outbox": 0,
    }  # fmt: skip
    assert later.conversation
    assert [row["conversation"] for row in await billchat.rows("select conversation from payment_links")] == [None]


async def test_letters_that_still_wait_are_not_forgotten(billchat: ServiceFixture) -> None:
    await (await billchat.visitor()).say(OLIVE)
    billchat.clock.forward(days=91)
    await retention.delete_expired(billchat.service)
    assert (await everything_of(billchat))["outbox"] == 1


async def test_everything_is_forgotten_however_many_pages_it_fills(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE_SIZE", 2)
    for _ in range(5):
        await (await billchat.visitor()).say(OLIVE)
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set state = 'sent'"))
    billchat.clock.forward(days=91)
    assert await retention.delete_expired(billchat.service) == 5
    assert set((await everything_of(billchat)).values()) == {0}


async def test_a_link_that_is_asked_for_again_works_after_the_key_was_changed(
    billchat: ServiceFixture, tmp_path: Path
) -> None:
    visitor = await billchat.visitor()
    await visitor.verify()
    old = billchat.wire(await visitor.choose("pay_all"))[-1]["card"]["url"]
    await billchat.close()
    other = await ServiceFixture.open(
        tmp_path, billchat.clock, secrets=SecretSettings(key=SecretStr("another key, as long as it must be"))
    )
    again = await other.visitor()
    await again.verify()
    new = other.wire(await again.choose("pay_all"))[-1]["card"]["url"]
    assert new != old
    hashes = [row["token_hash"] for row in await other.rows("select token_hash from payment_links")]
    assert hashes == [token_hash(new.rpartition("/")[2])]
    await other.close()
