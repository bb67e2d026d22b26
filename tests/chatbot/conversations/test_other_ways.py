"""The chat while no gateway is on."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from chatbot.app import build_app
from chatbot.config.settings import PaymentSettings
from chatbot.payments.gateways.sandbox import SandboxSettings
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, cards, choices, told

WAYS = {"en": "By bank transfer to account 00000000.", "es": "Por transferencia a la cuenta 00000000."}


@pytest.mark.parametrize("locale", WAYS)
async def test_a_customer_without_a_gateway_is_told_the_companys_other_ways_and_gets_no_link(
    tmp_path: Path, clock: FakeClock, url: str, locale: str
) -> None:
    billchat = await ServiceFixture.open(tmp_path, clock, url, payments=PaymentSettings(other_ways=WAYS))
    visitor = await billchat.visitor(locale=locale)
    shown = await visitor.verify()
    assert WAYS[locale] in told(shown)
    assert cards(shown) == ["balance"]
    assert choices(shown) == ["person", "menu", "sign_out"]
    asked = await visitor.say("pay" if locale == "en" else "pagar")
    assert told(asked).endswith(WAYS[locale])
    assert cards(asked) == []
    assert await billchat.rows("select 1 from payment_links") == []
    await billchat.close()


async def test_a_gateway_that_lacks_its_secret_counts_as_none(tmp_path: Path, clock: FakeClock) -> None:
    payments = PaymentSettings.using(sandbox=SandboxSettings())
    billchat = await ServiceFixture.open(tmp_path, clock, payments=payments)
    shown = await (await billchat.visitor()).verify()
    assert "message" in told(shown)
    assert "person" in choices(shown)
    assert "pay_all" not in choices(shown)
    await billchat.close()


async def test_the_log_says_at_the_start_that_nobody_can_pay_by_a_link(tmp_path: Path, clock: FakeClock) -> None:
    for payments, lines in ((PaymentSettings(other_ways=WAYS), 1), (None, 0)):
        more = {} if payments is None else {"payments": payments}
        billchat = await ServiceFixture.open(tmp_path, clock, **more)
        server = TestServer(_app(billchat))
        with capture_logs() as logs:
            await server.start_server()
            await server.close()
        assert [line["log_level"] for line in logs if "gateway" in line["event"]] == ["warning"] * lines


def _app(billchat: ServiceFixture) -> web.Application:
    return build_app(billchat.service)
