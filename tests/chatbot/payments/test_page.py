"""The payment page and its return page, by HTTP."""

import asyncio
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from chatbot.config.settings import BrandSettings
from chatbot.payments.gateways.gateway import Gateway, PaymentReport
from tests.chatbot.payments.slow_gateway import SlowGateway
from tests.clock import FakeClock
from tests.payment_fixture import OWED, PaymentFixture


async def test_the_page_shows_the_payee_the_amount_and_the_invoices(paying: PaymentFixture) -> None:
    status, page = await paying.get()
    assert status == 200
    assert "You’re paying Northwind Broadband" in page
    assert "£42.50" in page
    assert "Pay £42.50 with Sandbox" in page
    assert 'data-testid="pay"' in page
    assert "Due on" in page
    assert "This page works until 23 November, 10:30" in page


async def test_the_page_speaks_the_conversations_language(tmp_path: Path, clock: FakeClock) -> None:
    async with PaymentFixture.open(tmp_path, clock, locale="es") as paying:
        _, page = await paying.get(headers={"Accept-Language": "en"})
        assert '<html lang="es" dir="ltr">' in page
        assert "Pagar 42,50" in page


async def test_a_link_that_no_gateway_serves_any_more_is_logged(paying: PaymentFixture) -> None:
    paying.use_gateways()
    with capture_logs() as logs:
        status, _ = await paying.get()
    assert status == 503
    assert [line["event"] for line in logs] == ["a payment page was opened while no gateway is on"]


async def test_nothing_on_the_pages_runs_or_leaks(paying: PaymentFixture) -> None:
    for path in ("", "/done"):
        async with paying.client.get(f"/pay/{paying.token}{path}") as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert "frame-ancestors 'none'" in policy
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "<script" not in await response.text()


async def test_the_form_may_lead_to_the_gateway_and_nowhere_else(paying: PaymentFixture) -> None:
    async with paying.client.get(f"/pay/{paying.token}") as response:
        policy = response.headers["Content-Security-Policy"]
    assert policy.endswith(f"form-action 'self' http://127.0.0.1:{paying.client.port}")


@pytest.mark.parametrize("path", ["", "/done"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}])
async def test_a_preview_of_the_link_starts_no_payment(
    paying: PaymentFixture, path: str, headers: dict[str, str]
) -> None:
    for method in ("GET", "HEAD"):
        async with paying.client.request(method, f"/pay/{paying.token}{path}", headers=headers) as response:
            assert response.status == 200
    assert await paying.rows("payments") == []


async def test_a_preview_of_the_return_page_asks_no_gateway(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    async with paying.client.head(f"/pay/{paying.token}/done") as response:
        assert response.status == 200
    await paying.get("/done", headers={"Sec-Purpose": "prefetch;prerender"})
    assert await paying.booked() == []
    await paying.done()
    assert await paying.booked() == [("payment", -OWED)]


async def test_coming_back_without_having_paid_marks_nothing_paid(paying: PaymentFixture) -> None:
    await paying.start()
    assert "We’re waiting for confirmation" in await paying.done()
    assert "You haven’t paid yet" in (await paying.get("/done?closed=1"))[1]
    assert await paying.booked() == []


@pytest.mark.parametrize("token", ["x", "a" * 4000, "%00", "..%2f..", "🧾", "A" * 43])
async def test_an_unknown_token_gets_a_kind_answer(paying: PaymentFixture, token: str) -> None:
    for path in (f"/pay/{token}", f"/pay/{token}/done"):
        async with paying.client.get(path) as response:
            assert response.status == 404
            assert "We don’t know this link" in await response.text()
    async with paying.client.post(f"/pay/{token}", data={"method": "sandbox"}) as response:
        assert response.status == 404


@pytest.mark.parametrize("form", [{}, {"method": "gold"}, {"method": ""}])
async def test_an_unknown_method_leads_back_to_the_page(paying: PaymentFixture, form: dict[str, str]) -> None:
    assert await paying.press(f"/pay/{paying.token}", **form) == f"/pay/{paying.token}"
    assert await paying.rows("payments") == []


async def test_no_token_is_in_the_database(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    rows = [str(row) for table in ("payment_links", "payments", "gateway_events") for row in await paying.rows(table)]
    assert not any(paying.token in row for row in rows)


async def test_the_companys_name_is_escaped(tmp_path: Path, clock: FakeClock) -> None:
    async with PaymentFixture.open(tmp_path, clock, brand=BrandSettings(name="<b onclick=x>Bills</b>")) as paying:
        _, page = await paying.get()
        assert "<b onclick" not in page
        assert "&lt;b onclick" in page


async def test_however_often_the_return_page_is_loaded_the_gateway_is_asked_once_in_three_seconds(
    paying: PaymentFixture,
) -> None:
    await paying.start()
    gateway = SlowGateway(PaymentReport("pending", ""))
    gateway.answering.set()
    paying.use_gateways(sandbox=cast("Gateway", gateway))
    for visits in range(1, 4):
        await asyncio.gather(*(paying.get("/done") for _ in range(5)))
        assert len(gateway.lookups) == visits
        paying.billchat.clock.forward(seconds=3)
