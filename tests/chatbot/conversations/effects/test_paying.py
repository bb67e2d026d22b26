"""Copies of a receipt that a customer asks for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatbot.conversations.effects.paying import send_receipt
from chatbot.conversations.turn import Turn
from flows.effects import SendReceipt
from flows.events import Event
from store.chats import conversations
from store.database import Tx
from tests.clock import FakeClock
from tests.payment_fixture import PaymentFixture


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock, url) as opened:
        yield opened


async def test_a_copy_of_a_receipt_is_sent_once_in_five_minutes(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    payment = await paying.reference()
    service = paying.billchat.service

    def ask(tx: Tx) -> Event:
        conversation, _ = conversations.load(tx, paying.visitor.conversation)
        assert conversation is not None
        return send_receipt(Turn(tx, service, conversation, service.clock.now()), SendReceipt(payment))

    for copies in (1, 2):
        for _ in range(5):
            assert await service.database.write(ask) == Event("receipt_sent")
        assert len(await paying.billchat.rows("select 1 from outbox where kind = 'receipt'")) == copies
        paying.billchat.clock.forward(minutes=5, seconds=1)
