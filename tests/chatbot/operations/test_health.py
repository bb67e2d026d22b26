"""Health checks and metrics, also while the database is unwell."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatbot.conversations.requests import SayRequest
from chatbot.metrics import CODE_OUTCOMES
from chatbot.operations import health
from store import StoreError
from tests.service_fixture import ServiceFixture

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(billchat: ServiceFixture) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(health.routes(billchat.service, lambda: billchat.clock.now().timestamp()))
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def away(*_: Any) -> NoReturn:
    raise StoreError("the database is away")


async def hangs(*_: Any) -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("driver", ["sqlite"])
async def test_a_database_that_takes_no_write_is_not_ready(billchat: ServiceFixture, client: Client) -> None:
    assert (await client.get("/readyz")).status == 200
    billchat.service.database._writer._connection.execute("pragma query_only = on")  # type: ignore[attr-defined]
    billchat.clock.forward(seconds=1)
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert "may not be written" in (await answer.json())["database"]


async def test_however_many_ask_whether_the_service_is_ready_the_database_is_asked_once_a_second(
    billchat: ServiceFixture, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []
    ready = billchat.service.database.ready

    async def counted() -> None:
        asked.append(None)
        await ready()

    monkeypatch.setattr(billchat.service.database, "ready", counted)
    for seconds in range(3):
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
        assert len(asked) == seconds + 1
        billchat.clock.forward(seconds=1)


async def test_a_database_that_hangs_is_not_ready(
    billchat: ServiceFixture, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.operations.health.DATABASE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(billchat.service.database, "ready", hangs)
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert "did not answer" in (await answer.json())["database"]


@pytest.mark.parametrize("failure", [away, hangs])
async def test_the_other_metrics_are_reported_while_the_database_is_away(
    billchat: ServiceFixture, client: Client, monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    monkeypatch.setattr("chatbot.operations.health.DATABASE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(billchat.service.database, "read_in_thread", failure)
    answer = await client.get("/metrics")
    metrics = await answer.text()
    assert answer.status == 200
    assert "billchat_outbox_waiting NaN" in metrics
    assert "billchat_sockets 0.0" in metrics


async def test_a_turn_that_the_database_refused_is_counted(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await billchat.visitor()
    monkeypatch.setattr(billchat.service.database, "write", away)
    with pytest.raises(StoreError):
        await billchat.turns.say(SayRequest(visitor.conversation, visitor.session, "an-id", "address", "hello"))
    assert billchat.service.metrics.turns.labels("unavailable")._value.get() == 1


def test_counters_that_alarms_compare_start_at_zero(billchat: ServiceFixture) -> None:
    report = billchat.service.metrics.report().decode()
    for outcome in CODE_OUTCOMES:
        assert f'billchat_codes_total{{outcome="{outcome}"}} 0.0' in report
