"""A server that is killed again and again while customers pay loses nothing and repeats nothing."""

import asyncio
from pathlib import Path

import pytest

from chatbot.demo import app
from chatbot.keys import Keys
from tests.end_to_end.demo_server import DemoServer
from tests.end_to_end.load_customers import (
    RetryingCustomer,
    assert_nothing_lost_or_doubled,
    import_invoices,
    pay_during_faults,
    wait_for_empty_outbox,
)
from tests.sizes import size

CUSTOMERS = size(50, 200)
KILLS = size(5, 30)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_nothing_is_lost_and_nothing_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    await import_invoices(CUSTOMERS, tmp_path, app.settings(0, tmp_path / ".demo").database.url)
    server = DemoServer(tmp_path)
    await asyncio.to_thread(server.start)
    keys = Keys((server.data / "key").read_text())
    customers = [RetryingCustomer(server, number, keys) for number in range(CUSTOMERS)]

    async def kill() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    await pay_during_faults(customers, [kill] * KILLS)
    await wait_for_empty_outbox(server)
    await asyncio.to_thread(server.stop)
    assert_nothing_lost_or_doubled(server, customers)
