"""A new gateway is one file, one line in `GATEWAYS` and its words; nothing else changes."""

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import SecretStr

from chatbot.config.load import ConfigError, load
from chatbot.config.serving_checks import serving_problems
from chatbot.config.settings import LanguageSettings, PaymentSettings
from chatbot.payments import gateways
from chatbot.payments.gateways.sandbox import SandboxSettings
from tests.clock import FakeClock
from tests.config_file import config_file
from tests.payment_fixture import OWED, PaymentFixture

THE_FILE = """
import json

from pydantic import SecretStr

from chatbot.payments.gateways.gateway import BadSignature, Checkout, GatewaySettings, PaymentReport


class VoucherSettings(GatewaySettings):
    secret: SecretStr
    country: str = "GB"

    def build(self, settings, http):
        return VoucherGateway(self.secret.get_secret_value())


class VoucherGateway:
    name = "voucher"
    label = "Voucher"
    origin = "https://voucher.example"

    def __init__(self, secret):
        self._secret = secret

    async def create(self, order):
        return Checkout(session="S1", url=f"{self.origin}/{order.reference}")

    async def look_up(self, reference, session):
        return PaymentReport("unknown", reference)

    async def cancel(self, reference, session):
        return PaymentReport("cancelled", reference)

    async def read_webhook(self, headers, body, now):
        if headers.get("Voucher-Key") != self._secret:
            raise BadSignature("another key")
        event = json.loads(body)
        return (PaymentReport("paid", event["order"], event["id"], event["amount"], "GBP", event["id"]),)
"""
THE_WORDS = "page-method-voucher = With a voucher from a shop."
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def voucher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The gateway's module, imported, with its line in the table."""
    path = tmp_path / "voucher.py"
    path.write_text(THE_FILE)
    spec = spec_from_file_location("voucher", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "voucher", module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(gateways.GATEWAYS, "voucher", module.VoucherSettings)  # type: ignore[arg-type]
    return module


@pytest.mark.usefixtures("voucher")
def test_it_is_configured_like_any_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config_file(tmp_path, "payments: {voucher: {country: IE}}")
    with pytest.raises(
        ConfigError, match=r"payments\.voucher\.secret: is needed; set BILLCHAT_PAYMENTS__VOUCHER__SECRET"
    ):
        load(path, gateways.GATEWAYS)
    monkeypatch.setenv("BILLCHAT_PAYMENTS__VOUCHER__SECRET", SECRET)
    settings = load(path, gateways.GATEWAYS)
    assert list(settings.payments.gateways) == ["voucher"]
    assert SECRET not in repr(settings)
    assert [problem for problem in serving_problems(settings) if problem.startswith("payments")] == []


@pytest.mark.usefixtures("voucher")
def test_its_secret_is_refused_in_the_file(tmp_path: Path) -> None:
    path = config_file(tmp_path, f"payments: {{voucher: {{secret: {SECRET}}}}}")
    with pytest.raises(ConfigError, match="set BILLCHAT_PAYMENTS__VOUCHER__SECRET") as raised:
        load(path, gateways.GATEWAYS)
    assert SECRET not in str(raised.value)


async def test_a_customer_pays_with_it(tmp_path: Path, clock: FakeClock, voucher: ModuleType) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en.ftl").write_text(THE_WORDS)
    payments = PaymentSettings.using(
        sandbox=SandboxSettings(secret=SecretStr("sandbox secret")),
        voucher=voucher.VoucherSettings(secret=SecretStr(SECRET)),
    )
    languages = LanguageSettings(overrides=tmp_path / "words")
    async with PaymentFixture.open(tmp_path, clock, payments=payments, languages=languages) as paying:
        _, page = await paying.get()
        assert "With a voucher from a shop." in page

        location = await paying.press(f"/pay/{paying.token}", method="voucher")
        reference = await paying.reference()
        assert location == f"https://voucher.example/{reference}"

        event = {"id": "V1", "order": reference, "amount": OWED}
        async with paying.client.post("/webhooks/voucher", json=event, headers={"Voucher-Key": "forged"}) as response:
            assert response.status == 400
        async with paying.client.post("/webhooks/voucher", json=event, headers={"Voucher-Key": SECRET}) as response:
            assert response.status == 200
        assert await paying.booked() == [("payment", -OWED)]
        assert await paying.balance() == 0
