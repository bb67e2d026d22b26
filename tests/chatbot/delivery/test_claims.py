"""Claims on the outbox: one process sends each row, through crashes, stops and an absent database."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from chatbot.delivery.claims import LEASE
from chatbot.delivery.dispatcher import MAX_CONCURRENT, Dispatcher
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.letters import LetterRenderer
from store import StoreError, Tx
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.times import stamp
from tests.dispatching import (
    KNOWN,
    FakeSender,
    dispatching,
    queue_letters,
    request_code,
    sent_at_least,
    states,
    states_are,
    tried,
)
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until


async def test_a_claim_is_renewed_for_as_long_as_its_letter_is_being_sent(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    sender.open.clear()
    await request_code(billchat)
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        await wait_until(tried(sender, 1))
        for _ in range(4):
            billchat.clock.forward(seconds=LEASE.total_seconds() - 1)
            await dispatcher.renew_claims()
            now = billchat.clock.now()
            assert (
                await billchat.service.database.write(
                    lambda tx, now=now: outbox.claim(tx, now, now + LEASE, {"email": 1})
                )
                == []
            )
        sender.open.set()
        await wait_until(states_are(billchat, "sent"))
    assert len(sender.messages) == 1


async def test_two_dispatchers_send_each_letter_once(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    for _ in range(6):
        billchat.clock.forward(minutes=15)
        await request_code(billchat)
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set expires_at = null"))
    async with dispatching(billchat, {"email": sender}), dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, *["sent"] * 6))
    assert len(set(sender.keys)) == len(sender.keys) == 6


async def test_a_stopping_dispatcher_lets_its_letters_arrive(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    sender.open.clear()
    await request_code(billchat)
    running = asyncio.create_task(Dispatcher(billchat.service, {"email": sender}).run())
    await wait_until(tried(sender, 1))
    running.cancel()
    await asyncio.sleep(0.02)
    assert not running.done()
    sender.open.set()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await states(billchat) == ["sent"]


async def test_a_stop_while_letters_are_claimed_leaves_none_behind(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = FakeSender()
    await request_code(billchat)
    running = asyncio.create_task(Dispatcher(billchat.service, {"email": sender}).run())
    claim = outbox.claim

    def stopped_meanwhile(*args: Any) -> list[ClaimedMessage]:
        rows = claim(*args)
        asyncio.get_running_loop().call_soon(running.cancel)  # before the claim's COMMIT is answered
        return rows

    monkeypatch.setattr(outbox, "claim", stopped_meanwhile)
    await asyncio.wait([running])
    assert await states(billchat) == ["sent"]


async def test_a_database_that_is_away_when_the_dispatcher_starts_does_not_end_it(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.STORE_RETRY_S", 0.05)
    await request_code(billchat)
    sender, write = FakeSender(), billchat.service.database.write
    away = iter([True, True])

    def sometimes(work: Callable[[Tx], Any], key: str | None = None) -> Awaitable[Any]:
        if next(away, False):
            raise StoreError("the database is away")
        return write(work, key)

    monkeypatch.setattr(billchat.service.database, "write", sometimes)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "sent"))


async def test_a_stopping_dispatcher_gives_back_what_does_not_arrive(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.DRAIN_TIMEOUT_S", 0.05)
    stuck, other = FakeSender(), FakeSender()
    stuck.open.clear()
    await request_code(billchat)
    async with dispatching(billchat, {"email": stuck}):
        await wait_until(tried(stuck, 1))
    assert await states(billchat) == ["waiting"]
    async with dispatching(billchat, {"email": other}):
        await wait_until(states_are(billchat, "sent"))
    assert other.keys == stuck.keys
    assert other.maybe_sent == [True]


async def test_a_letter_that_is_known_to_have_left_is_not_given_back(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.DRAIN_TIMEOUT_S", 0.05)
    await request_code(billchat)
    sender, sent = FakeSender(), outbox.mark_sent
    away = iter([True])

    def unwritten(*args: Any) -> None:
        if next(away, False):
            raise StoreError("the database is away")
        sent(*args)

    monkeypatch.setattr(outbox, "mark_sent", unwritten)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(tried(sender, 1))
    assert await states(billchat) == ["sent"]


async def test_a_text_that_is_cut_off_is_retried_once_its_provider_can_look_it_up(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.DRAIN_TIMEOUT_S", 0.05)
    stuck = FakeSender(lookup_delay=timedelta(seconds=10))
    stuck.open.clear()
    await request_code(billchat, "07700 900001")
    async with dispatching(billchat, {"sms": stuck}):
        await wait_until(tried(stuck, 1))
    [row] = await billchat.rows("select state, due_at from outbox")
    assert row == {"state": "waiting", "due_at": stamp(billchat.clock.now() + stuck.lookup_delay)}


@pytest.mark.parametrize("driver", ["sqlite"])  # where a new process takes up at once what the one before it left
async def test_after_a_crash_emails_are_retried_at_once_and_texts_once_they_can_be_looked_up(
    billchat: ServiceFixture,
) -> None:
    for identifier in (KNOWN, "07700 900001"):
        await request_code(billchat, identifier)
    now = billchat.clock.now()
    await billchat.service.database.write(lambda tx: outbox.claim(tx, now, now + LEASE, {"email": 1, "sms": 1}))
    email, sms = FakeSender(), FakeSender(lookup_delay=timedelta(seconds=10))
    async with dispatching(billchat, {"email": email, "sms": sms}):
        await wait_until(states_are(billchat, "sent", "sending"))
        billchat.clock.forward(seconds=LEASE.total_seconds())
    async with dispatching(billchat, {"email": email, "sms": sms}):
        await wait_until(states_are(billchat, "sent", "sent"))
    assert email.maybe_sent == sms.maybe_sent == [True]


async def test_a_letter_that_cannot_be_rendered_holds_up_no_other(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await request_code(billchat, "dd@example.com")
    await request_code(billchat)
    render = LetterRenderer.render

    def broken_for_one(self: LetterRenderer, tx: Tx, row: ClaimedMessage) -> OutgoingMessage | None:
        if row.recipient == "dd@example.com":
            raise ZeroDivisionError(row.recipient)
        return render(self, tx, row)

    monkeypatch.setattr(LetterRenderer, "render", broken_for_one)
    sender = FakeSender()
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "waiting", "sent"))
    assert [letter.to for letter in sender.messages] == [KNOWN]
    assert "dd@example.com" not in caplog.text


async def test_a_row_that_can_never_be_rendered_fails_alone(billchat: ServiceFixture) -> None:
    now = billchat.clock.now()
    await billchat.service.database.write(
        lambda tx: outbox.queue(tx, channel="email", recipient=KNOWN, kind="code", locale="en", args={}, now=now)
    )
    await request_code(billchat)
    async with dispatching(billchat, {"email": FakeSender()}):
        await wait_until(states_are(billchat, "failed", "sent"))


async def test_capacity_that_comes_free_while_a_claim_is_made_is_used_at_once(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.POLL_INTERVAL", timedelta(hours=1))
    sender = FakeSender()
    sender.open.clear()
    await queue_letters(billchat, MAX_CONCURRENT // 2)
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        await wait_until(tried(sender, MAX_CONCURRENT // 2))
        await queue_letters(billchat, 2 * MAX_CONCURRENT)
        write = billchat.service.database.write

        async def slow(work: Callable[[Tx], Any]) -> Any:
            """Commit the claim that uses all capacity; some messages are sent before the dispatcher knows of it."""
            result = await write(work)
            if not sender.open.is_set():
                sender.open.set()
                await wait_until(sent_at_least(billchat, MAX_CONCURRENT // 2))
            return result

        monkeypatch.setattr(billchat.service.database, "write", slow)
        dispatcher.wake()
        await wait_until(sent_at_least(billchat, MAX_CONCURRENT // 2 + 2 * MAX_CONCURRENT))


async def test_nothing_is_claimed_in_vain_while_letters_wait(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue_letters(billchat, 3 * MAX_CONCURRENT)
    taken: list[int] = []
    claim = outbox.claim

    def counted(*args: Any) -> list[ClaimedMessage]:
        rows = claim(*args)
        taken.append(len(rows))
        return rows

    monkeypatch.setattr(outbox, "claim", counted)
    sender = FakeSender()
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, *["sent"] * (3 * MAX_CONCURRENT)))
    *while_they_wait, _ = [index for index, many in enumerate(taken) if many]
    assert 0 not in taken[: while_they_wait[-1]], taken


async def test_an_idle_dispatcher_does_not_claim(billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = 0
    claim = outbox.claim

    def counted(*args: Any) -> list[ClaimedMessage]:
        nonlocal claims
        claims += 1
        return claim(*args)

    monkeypatch.setattr(outbox, "claim", counted)
    async with dispatching(billchat, {"email": FakeSender()}):
        await wait_until(lambda: claims == 1)
        await asyncio.sleep(0.3)
    assert claims == 1
