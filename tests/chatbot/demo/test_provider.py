"""The sandbox provider: its API, its hosted page and its webhooks."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatbot.config.serving_checks import serving_problems
from chatbot.config.settings import PaymentSettings, ServerSettings
from chatbot.demo.provider import mount
from chatbot.demo.provider_store import DELIVERY_DELAYS, ProviderStore
from chatbot.pages import templating
from chatbot.payments.gateways.sandbox import SandboxSettings
from tests.clock import FakeClock
from tests.payment_fixture import OWED, PaymentFixture
from tests.ports import free_port
from tests.service_fixture import ServiceFixture, settings_for


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock) as opened:
        yield opened


def test_a_service_for_real_customers_refuses_it(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    assert any(problem.startswith("payments.sandbox:") for problem in serving_problems(settings))


@pytest.mark.parametrize("payments", [PaymentSettings(), PaymentSettings.using(sandbox=SandboxSettings())])
async def test_it_is_not_mounted_unless_it_is_switched_on(
    tmp_path: Path, clock: FakeClock, payments: PaymentSettings
) -> None:
    billchat = await ServiceFixture.open(tmp_path, clock, payments=payments)
    with pytest.raises(ValueError, match=r"payments\.sandbox"):
        mount(web.Application(), billchat.service, None)
    await billchat.close()


async def test_its_page_says_that_no_money_moves(paying: PaymentFixture) -> None:
    async with paying.client.get(path_of(await paying.start())) as response:
        page = await response.text()
        policy = response.headers["Content-Security-Policy"]
    assert "This is a sandbox: no money moves." in page
    assert "£42.50" in page
    for button in ("approve", "decline", "later", "close"):
        assert f'data-testid="{button}"' in page
    assert "<script" not in page
    assert policy.endswith(f"form-action 'self' http://127.0.0.1:{paying.client.port}")


async def test_it_redirects_the_customer_to_the_addresses_of_the_order(paying: PaymentFixture) -> None:
    assert (await paying.choose("close")).endswith(f"/pay/{paying.token}/done?closed=1")
    assert (await paying.choose("approve")).endswith(f"/pay/{paying.token}/done")


async def test_a_finished_checkout_does_not_change(paying: PaymentFixture) -> None:
    page = path_of(await paying.start())
    await paying.press(page, action="decline")
    await paying.press(page, action="approve")
    assert "The payment was declined" in await paying.done()
    async with paying.client.get(page) as response:
        assert "This checkout is finished." in await response.text()


@pytest.mark.parametrize("action", ["", "steal", "approve,approve"])
async def test_an_unknown_action_changes_nothing(paying: PaymentFixture, action: str) -> None:
    await paying.press(path_of(await paying.start()), action=action)
    assert "waiting for confirmation" in await paying.done()


async def test_an_unknown_checkout_is_not_found(paying: PaymentFixture) -> None:
    for method in ("GET", "POST"):
        async with paying.client.request(method, "/sandbox/checkout/cs1") as response:
            assert response.status == 404


async def test_its_api_requires_the_secret(paying: PaymentFixture) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}):
        async with paying.client.get("/sandbox/api/checkouts/x", headers=headers) as response:
            assert response.status == 401


async def test_one_reference_is_one_order(paying: PaymentFixture) -> None:
    await paying.start()
    order = {
        "reference": await paying.reference(),
        "amount_minor": OWED + 1,
        "currency": "GBP",
        "description": "",
        "locale": "en",
        "return_url": "http://127.0.0.1/",
        "cancel_url": "http://127.0.0.1/",
        "expires_at": "2026-11-23T10:30:00+00:00",
    }
    headers = {"Authorization": "Bearer sandbox secret", "Idempotency-Key": order["reference"]}
    async with paying.client.post("/sandbox/api/checkouts", json=order, headers=headers) as response:
        assert response.status == 409
    async with paying.client.post(
        "/sandbox/api/checkouts", json=order | {"amount_minor": OWED}, headers=headers
    ) as again:
        assert (await again.json())["url"] == (await paying.rows("payments"))[0]["checkout_url"]


async def test_an_open_checkout_expires(paying: PaymentFixture) -> None:
    page = path_of(await paying.start())
    paying.billchat.clock.forward(hours=1)
    async with paying.client.get(page) as response:
        assert "This checkout is finished." in await response.text()
    await paying.press(page, action="approve")
    await paying.done()
    assert await paying.booked() == []


class Shop:
    """Receives webhooks, and refuses the first ones."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.events: list[str] = []

    async def receive(self, request: web.Request) -> web.Response:
        self.events.append(json.loads(await request.read())["id"])
        return web.Response(status=500 if len(self.events) <= self.refusals else 204)


async def test_webhooks_are_retried_until_they_are_accepted_across_restarts(tmp_path: Path, clock: FakeClock) -> None:
    port, shop = free_port(), Shop(refusals=2)
    billchat = await ServiceFixture.open(tmp_path, clock, server=ServerSettings(public_url=f"http://127.0.0.1:{port}"))
    for start in range(3):
        app = web.Application()
        templating.set_up(app)
        sandbox = mount(app, billchat.service, tmp_path / "sandbox.db")
        app.router.add_post("/webhooks/sandbox", shop.receive)
        async with TestClient(TestServer(app, port=port)) as client:
            if start == 0:
                await an_order(client)
                sandbox.approve("R1")
            await sandbox.process_due()
        clock.forward(seconds=DELIVERY_DELAYS[start].total_seconds())
    assert len(shop.events) == 3
    assert len(set(shop.events)) == 1
    assert ProviderStore(tmp_path / "sandbox.db").next_due() is None
    await billchat.close()


async def an_order(client: TestClient[web.Request, web.Application]) -> None:
    order = {
        "reference": "R1",
        "amount_minor": OWED,
        "currency": "GBP",
        "description": "Northwind",
        "locale": "en",
        "return_url": str(client.make_url("/")),
        "cancel_url": str(client.make_url("/")),
        "expires_at": "2026-11-23T10:30:00+00:00",
    }
    headers = {"Authorization": "Bearer sandbox secret", "Idempotency-Key": "R1"}
    async with client.post("/sandbox/api/checkouts", json=order, headers=headers) as response:
        assert response.status == 200


def path_of(url: str) -> str:
    return "/sandbox/" + url.partition("/sandbox/")[2]
