"""The rules of every gateway's adapter, tested over HTTP against a provider of its protocol."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatbot.payments.gateways import GATEWAYS, enabled
from chatbot.payments.gateways.gateway import BadSignature, Checkout, CheckoutOrder, Gateway, PaymentReport, Unreachable
from chatbot.payments.gateways.sandbox import SandboxGateway, check, signed
from tests.bills import MORNING
from tests.clock import FakeClock
from tests.payment_fixture import PaymentFixture

ORDER = CheckoutOrder(
    reference="01KABCDEFGHJKMNPQRSTVWXYZ0",
    amount_minor=4250,
    currency="GBP",
    description="Northwind Broadband",
    locale="en",
    return_url="http://127.0.0.1/done",
    cancel_url="http://127.0.0.1/done?closed=1",
    expires_at=MORNING + timedelta(hours=1),
)


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock) as opened:
        yield opened


@pytest.fixture(params=GATEWAYS)
def gateway(paying: PaymentFixture, request: pytest.FixtureRequest) -> Gateway:
    return paying.payments.gateways[request.param]


async def test_an_order_opens_a_page_at_the_gateways_origin(gateway: Gateway) -> None:
    checkout = await gateway.create(ORDER)
    assert isinstance(checkout, Checkout)
    assert checkout.session
    assert checkout.url.startswith(f"{gateway.origin}/")


async def test_the_same_order_again_is_the_same_page(gateway: Gateway) -> None:
    assert await gateway.create(ORDER) == await gateway.create(ORDER)


async def test_another_order_under_the_same_reference_is_no_page(gateway: Gateway) -> None:
    await gateway.create(ORDER)
    assert isinstance(await gateway.create(replace(ORDER, amount_minor=1)), Unreachable)


async def test_an_order_is_unknown_before_the_customer_chooses(gateway: Gateway) -> None:
    await gateway.create(ORDER)
    report = await gateway.look_up(ORDER.reference, None)
    assert isinstance(report, PaymentReport)
    assert report.outcome == "unknown"


@pytest.mark.parametrize(
    ("action", "outcome"), [("approve", "paid"), ("decline", "failed"), ("later", "pending"), ("close", "cancelled")]
)
async def test_the_customers_choice_is_looked_up(
    paying: PaymentFixture, gateway: Gateway, action: str, outcome: str
) -> None:
    checkout = await gateway.create(ORDER)
    assert isinstance(checkout, Checkout)
    paying.sandbox.choose(checkout.session, action)
    report = await gateway.look_up(ORDER.reference, checkout.session)
    assert isinstance(report, PaymentReport)
    assert (report.outcome, report.reference, report.key) == (outcome, ORDER.reference, None)
    if outcome == "paid":
        assert (report.amount_minor, report.currency) == (4250, "GBP")
        assert report.gateway_payment


async def test_a_cancelled_order_takes_no_money_however_often_it_is_cancelled(
    paying: PaymentFixture, gateway: Gateway
) -> None:
    checkout = await gateway.create(ORDER)
    assert isinstance(checkout, Checkout)
    for _ in range(2):
        report = await gateway.cancel(ORDER.reference, checkout.session)
        assert isinstance(report, PaymentReport)
        assert (report.outcome, report.reference) == ("cancelled", ORDER.reference)
        paying.sandbox.choose(checkout.session, "approve")


@pytest.mark.parametrize(("action", "outcome"), [("approve", "paid"), ("later", "pending")])
async def test_an_order_that_is_cancelled_too_late_is_reported_as_it_is(
    paying: PaymentFixture, gateway: Gateway, action: str, outcome: str
) -> None:
    checkout = await gateway.create(ORDER)
    assert isinstance(checkout, Checkout)
    paying.sandbox.choose(checkout.session, action)
    report = await gateway.cancel(ORDER.reference, None)
    assert isinstance(report, PaymentReport)
    assert report.outcome == outcome


async def test_an_order_it_never_got_is_not_reported(gateway: Gateway) -> None:
    assert isinstance(await gateway.look_up("nothing", None), Unreachable)
    assert isinstance(await gateway.cancel("nothing", None), Unreachable)


async def test_a_gateway_that_is_down_is_unreachable(paying: PaymentFixture, gateway: Gateway) -> None:
    paying.sandbox.faults.down = True
    assert isinstance(await gateway.create(ORDER), Unreachable)
    assert isinstance(await gateway.look_up(ORDER.reference, None), Unreachable)


async def test_a_gateway_that_is_not_there_is_unreachable() -> None:
    async with aiohttp.ClientSession() as http:
        gateway = SandboxGateway(http, "http://127.0.0.1:9", "secret", "http://127.0.0.1:9")
        assert isinstance(await gateway.create(ORDER), Unreachable)


@pytest.mark.parametrize("answer", ["", "[]", '{"id": 1}', "1e999", "[" * 100_000, '{"id": "\\ud800", "url": ""}'])
async def test_a_gateway_that_answers_nonsense_is_unreachable(answer: str) -> None:
    async def respond(_: web.Request) -> web.Response:
        return web.Response(text=answer, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", respond)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        gateway = SandboxGateway(http, str(server.make_url("/")), "secret", "http://127.0.0.1:9")
        assert isinstance(await gateway.create(ORDER), Unreachable)
        assert isinstance(await gateway.look_up(ORDER.reference, None), Unreachable)
        assert isinstance(await gateway.cancel(ORDER.reference, None), Unreachable)


async def test_only_configured_gateways_are_enabled(paying: PaymentFixture) -> None:
    settings = paying.billchat.service.settings
    without = settings.model_copy(update={"payments": settings.payments.model_copy(update={"sandbox": None})})
    async with aiohttp.ClientSession() as http:
        assert list(enabled(settings, http)) == ["sandbox"]
        assert enabled(without, http) == {}


# ── signatures ──

BODY = '{"id":"evt1","text":"£42.50"}'.encode()


def test_a_signature_is_the_one_that_openssl_computes() -> None:
    assert signed("whsec", BODY, MORNING) == (
        "t=1795426200,v1=93993c3d6d75f6b14d10e07cf52e141458905c2b547d2411e62de9e104004ba0"
    )


@pytest.mark.parametrize("minutes", [-5, -1, 0, 1, 5])
def test_a_signature_holds_for_five_minutes(minutes: int) -> None:
    check("whsec", signed("whsec", BODY, MORNING), BODY, MORNING + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_of_another_time_is_refused(seconds: int) -> None:
    with pytest.raises(BadSignature):
        check("whsec", signed("whsec", BODY, MORNING), BODY, MORNING + timedelta(seconds=seconds))


@pytest.mark.parametrize(("secret", "body"), [("other", BODY), ("whsec", BODY + b"\n"), ("whsec", b"")])
def test_a_signature_of_something_else_is_refused(secret: str, body: bytes) -> None:
    with pytest.raises(BadSignature):
        check(secret, signed("whsec", BODY, MORNING), body, MORNING)


def test_a_report_of_money_needs_the_moneys_id_and_amount() -> None:
    with pytest.raises(ValueError, match="paid"):
        PaymentReport("paid", "R1", amount_minor=4250, currency="GBP")
    with pytest.raises(ValueError, match="paid"):
        PaymentReport("paid", "R1", amount_minor=0, currency="GBP", gateway_payment="p")
