"""The delays between tries."""

from datetime import timedelta

from chatbot.delivery.retry_policy import EXPIRING_DELAYS, JITTER, retry_delay
from store.chats.outbox import ClaimedMessage
from tests.dispatching import (
    KNOWN,
)
from tests.service_fixture import ServiceFixture


async def test_a_receipt_is_retried_over_a_weekend_and_a_code_every_minute(billchat: ServiceFixture) -> None:
    now = billchat.clock.now()
    row = ClaimedMessage("1", "email", KNOWN, "receipt", "en", {}, 50, now, None)
    assert timedelta(hours=1) <= retry_delay(row) <= timedelta(hours=1, minutes=15)
    code = ClaimedMessage("1", "email", KNOWN, "code", "en", {}, 50, now, now)
    assert EXPIRING_DELAYS[-1] <= retry_delay(code) <= EXPIRING_DELAYS[-1] * (1 + JITTER)
