"""The work due by the clock: polling, and the expiry of links."""

import asyncio
from collections.abc import Callable
from typing import Literal, cast

import psycopg
import pytest

from chatbot.conversations.requests import TurnResult
from chatbot.payments.gateways.gateway import Gateway, PaymentReport
from flows.events import Event
from store import Tx
from tests.chatbot.payments.slow_gateway import SlowGateway
from tests.payment_fixture import OWED, PaymentFixture
from tests.service_fixture import cards, choices
from tests.waiting import MAX_WAIT_S


async def test_when_every_webhook_is_lost_polling_finds_the_payment(paying: PaymentFixture) -> None:
    paying.sandbox.faults.lost = True
    await paying.choose("approve")
    await paying.payments.scheduler.sweep()
    assert await paying.booked() == []
    paying.billchat.clock.forward(minutes=1)
    await paying.sandbox.process_due()
    await paying.payments.scheduler.sweep()
    await paying.assert_paid_once()


async def test_a_gateway_that_never_answers_holds_up_no_sweep(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.payments.gateway_timeout.GATEWAY_TIMEOUT_S", 0.05)
    await paying.start()
    paying.use_gateways(sandbox=cast("Gateway", SlowGateway(PaymentReport("failed", ""))))
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.scheduler.sweep()
    assert [row["state"] for row in await paying.rows("payment_links")] == ["expired"]


async def test_one_sweep_polls_every_payment_that_is_due(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.payments.due.BATCH_SIZE", 1)
    invoices = await paying.billchat.rows("select id from invoices where account = :id", id=paying.account)
    for invoice in invoices:
        await paying.ask(invoice["id"])
        await paying.start()
    gateway = SlowGateway(PaymentReport("failed", ""))
    gateway.answering.set()
    paying.use_gateways(sandbox=cast("Gateway", gateway))
    paying.billchat.clock.forward(minutes=1)
    await paying.payments.scheduler.sweep()
    assert sorted(gateway.lookups) == sorted(row["id"] for row in await paying.rows("payments"))
    assert len(set(gateway.lookups)) == len(invoices) == 2


async def test_an_expired_link_is_announced_once(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.scheduler.sweep()
    await paying.payments.scheduler.sweep()
    [said] = paying.said()
    assert "expired" in said
    assert await paying.payments.checkouts.begin(paying.token, "sandbox") is None


async def test_one_sweep_expires_every_link_that_is_due(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.payments.due.BATCH_SIZE", 1)
    other = await paying.billchat.visitor()
    answer = await other.verify("many@example.com")
    while "payment_link" not in cards(answer):
        answer = await other.choose(choices(answer)[0])
    assert len(await paying.rows("payment_links")) == 2
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.scheduler.sweep()
    assert {row["state"] for row in await paying.rows("payment_links")} == {"expired"}


async def test_a_broken_conversation_stops_no_other_link_from_expiring(paying: PaymentFixture) -> None:
    broken = await paying.billchat.visitor()
    answer = await broken.verify("many@example.com")
    while "payment_link" not in cards(answer):
        answer = await broken.choose(choices(answer)[0])
    spoil = "update conversations set facts = '{' where id = :id"
    await paying.billchat.service.database.write(lambda tx: tx.execute_count(spoil, {"id": broken.conversation}))
    await paying.ask()  # the other one's is older, and so comes first
    paying.billchat.clock.forward(minutes=61)
    await paying.payments.scheduler.sweep()
    assert {row["state"] for row in await paying.rows("payment_links")} == {"expired"}
    assert "expired" in paying.said()[0]


@pytest.mark.parametrize("outcome", ["pending", "paid"])
async def test_a_link_paid_in_the_moment_of_its_expiry_is_not_announced_as_expired(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch, outcome: Literal["pending", "paid"]
) -> None:
    await paying.start()
    report = PaymentReport(outcome, await paying.reference(), "event", OWED, "GBP", "pay-1")
    paying.use_gateways()  # nobody asks about it meanwhile
    paying.billchat.clock.forward(minutes=60)
    apply_external_event = paying.billchat.turns.apply_external_event

    async def late(conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        monkeypatch.undo()
        await paying.payments.reports.apply("sandbox", report)
        await apply_external_event(conversation, work)

    monkeypatch.setattr(paying.billchat.turns, "apply_external_event", late)
    await paying.payments.scheduler.sweep()
    assert not any("expired" in said for said in paying.said())
    assert [row["state"] for row in await paying.rows("payment_links")] == ["paid" if outcome == "paid" else "open"]


@pytest.mark.parametrize("driver", ["postgresql"])  # on SQLite one unit of work runs at a time
async def test_a_link_renewed_in_the_moment_of_its_expiry_stays_open(paying: PaymentFixture, url: str) -> None:
    paying.billchat.clock.forward(minutes=60)
    with psycopg.connect(url) as renewing:  # as `make_link` does
        renewing.execute("select id from accounts where id = %s for no key update", [paying.account])
        sweeping = asyncio.create_task(paying.payments.scheduler.sweep())
        await asyncio.sleep(0.1)
        renewing.execute("update payment_links set expires_at = '2027-01-01T00:00:00.000Z'")
    await sweeping
    assert [row["state"] for row in await paying.rows("payment_links")] == ["open"]


async def test_a_link_that_expires_during_a_sweep_is_swept_soon(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=59, seconds=59)
    swept_at = paying.billchat.clock.now()
    await paying.payments.scheduler.sweep()
    paying.billchat.clock.forward(seconds=1)
    assert await paying.payments.scheduler._seconds_until_due(swept_at) == 1.0


async def test_a_payment_at_the_gateway_after_the_links_expiry_counts(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=50)
    page = await paying.start()
    paying.billchat.clock.forward(minutes=15)
    await paying.payments.scheduler.sweep()
    await paying.press(page.partition(f":{paying.client.port}")[2], action="approve")
    await paying.sandbox.process_due()
    assert await paying.booked() == [("payment", -OWED)]


async def test_a_hosted_page_that_expires_after_the_link_is_not_announced(paying: PaymentFixture) -> None:
    await paying.start()
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.scheduler.sweep()
    paying.said()
    await paying.sandbox.process_due()
    [payment] = await paying.rows("payments")
    assert payment["state"] == "cancelled"
    assert paying.said() == []


async def test_the_scheduler_polls_until_it_is_cancelled(paying: PaymentFixture) -> None:
    paying.sandbox.faults.lost = True
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    heard = asyncio.Event()

    async def hear(result: TurnResult) -> None:
        heard.set()

    paying.billchat.turns.subscribe(hear)
    task = asyncio.create_task(paying.payments.scheduler.run())
    await asyncio.wait_for(heard.wait(), MAX_WAIT_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await paying.assert_paid_once()
