"""The webhooks of gateways, by HTTP."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chatbot.config.settings import LimitSettings
from chatbot.payments.gateways.sandbox import SIGNATURE_HEADER, signed
from chatbot.payments.webhooks import MAX_WEBHOOK_BYTES
from tests.clock import FakeClock
from tests.payment_fixture import OWED, PaymentFixture

SECRET = "sandbox secret"
TEXTS = ("reference", "payment", "currency")


async def post_webhook(paying: PaymentFixture, body: bytes | BytesIO, gateway: str = "sandbox", **headers: str) -> int:
    async with paying.client.post(f"/webhooks/{gateway}", data=body, headers=headers) as response:
        return response.status


def signature(paying: PaymentFixture, body: bytes) -> dict[str, str]:
    return {SIGNATURE_HEADER: signed(SECRET, body, paying.billchat.clock.now())}


def webhook_body(reference: str, state: str = "paid", key: str = "evt1") -> bytes:
    checkout = {
        "reference": reference,
        "state": state,
        "amount_minor": OWED,
        "currency": "GBP",
        "payment": "pay1",
        "refunded_minor": 0,
    }
    return json.dumps({"id": key, "checkout": checkout}).encode()


async def test_a_webhook_and_its_duplicate_are_taken(paying: PaymentFixture) -> None:
    await paying.start()
    body = webhook_body(await paying.reference())
    assert await post_webhook(paying, body, **signature(paying, body)) == 200
    assert await post_webhook(paying, body, **signature(paying, body)) == 200
    assert await paying.booked() == [("payment", -OWED)]


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=zz", "t=99999999999999999999,v1=00", ",,,=,", "t=٣,v1=00", "é=1"],
)
async def test_a_bad_signature_is_refused(paying: PaymentFixture, header: str) -> None:
    assert await post_webhook(paying, webhook_body("01A"), **{SIGNATURE_HEADER: header}) == 400
    assert await post_webhook(paying, webhook_body("01A")) == 400
    assert await paying.rows("gateway_events") == []


async def test_a_signature_for_other_bytes_or_another_time_is_refused(paying: PaymentFixture) -> None:
    await paying.start()
    body = webhook_body(await paying.reference())
    old = signature(paying, body)
    assert await post_webhook(paying, body + b" ", **old) == 400
    paying.billchat.clock.forward(minutes=6)
    assert await post_webhook(paying, body, **old) == 400
    assert await paying.booked() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"id": 1, "checkout": 3}', b"\xff\xfe"])
async def test_a_signed_body_that_cannot_be_parsed_is_refused(paying: PaymentFixture, body: bytes) -> None:
    assert await post_webhook(paying, body, **signature(paying, body)) == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("amount_minor", value)
            for value in ("Infinity", "-Infinity", "NaN", "1e999", "1" + "0" * 30, str(2**53 + 1))
        ),
        *(("amount_minor", value) for value in ("-4250", "4250.5", '"4250"', "true", "null", "[" * 900 + "]" * 900)),
        *(("refunded_minor", value) for value in ("Infinity", "1" + "0" * 30, "-1")),
        *(
            (name, value)
            for name in ("reference", "payment", "currency")
            for value in ('"\\ud800"', '"\\u0000"', "7", "[]")
        ),
        *((name, f'"{"x" * 300}"') for name in ("reference", "payment", "currency")),
        ("state", "{}"),
        ("extra", "[" * 100_000 + "]" * 100_000),
    ],
)
async def test_signed_values_that_cannot_be_booked_are_refused(paying: PaymentFixture, field: str, value: str) -> None:
    await paying.start()
    checkout = json.loads(webhook_body(await paying.reference()))["checkout"]
    fields = ",".join(
        f'"{name}":{value if name == field else json.dumps(checkout.get(name))}' for name in {**checkout, field: 0}
    )
    body = f'{{"id":"evt1","checkout":{{{fields}}}}}'.encode()
    assert await post_webhook(paying, body, **signature(paying, body)) == 400
    assert await paying.booked() == []
    assert await paying.rows("gateway_events") == []


@pytest.mark.parametrize("key", ['"\\ud800"', '"\\u0000"', "1e999", f'"{"x" * 300}"', "[]"])
async def test_a_signed_event_whose_id_cannot_be_stored_is_refused(paying: PaymentFixture, key: str) -> None:
    await paying.start()
    body = webhook_body(await paying.reference()).replace(b'"evt1"', key.encode())
    assert await post_webhook(paying, body, **signature(paying, body)) == 400
    assert await paying.booked() == []


@pytest.mark.parametrize(
    "error", [RecursionError, OverflowError, AttributeError, UnicodeEncodeError("u", "x", 0, 1, "")]
)
async def test_an_adapter_that_fails_at_a_body_answers_that_it_is_unreadable(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    async def read_webhook(*_: object) -> None:
        raise error

    monkeypatch.setattr(paying.gateways["sandbox"], "read_webhook", read_webhook)
    assert await post_webhook(paying, b"{}") == 400


async def test_an_event_without_money_in_it_is_no_payment(paying: PaymentFixture) -> None:
    await paying.start()
    body = webhook_body(await paying.reference()).replace(b'"pay1"', b"null")
    assert await post_webhook(paying, body, **signature(paying, body)) == 400


async def test_an_unknown_gateway_is_not_found(paying: PaymentFixture) -> None:
    assert await post_webhook(paying, b"{}", gateway="gold") == 404


async def test_a_webhook_of_an_unknown_reference_is_requested_again(paying: PaymentFixture) -> None:
    body = webhook_body("01UNKNOWN")
    assert await post_webhook(paying, body, **signature(paying, body)) == 503
    assert len(await paying.rows("gateway_events")) == 1


async def test_a_body_over_the_limit_is_refused(paying: PaymentFixture) -> None:
    assert await post_webhook(paying, BytesIO(b"x" * (MAX_WEBHOOK_BYTES + 1))) == 413


async def test_an_address_that_forges_webhooks_is_not_read_any_more(tmp_path: Path, clock: FakeClock) -> None:
    limits = LimitSettings(bad_webhooks_per_address_per_minute=3)
    async with PaymentFixture.open(tmp_path, clock, limits=limits) as paying:
        with capture_logs() as logged:
            statuses = [await post_webhook(paying, webhook_body("01A")) for _ in range(8)]
        assert statuses == [400] * 3 + [429] * 5
        assert len([line for line in logged if line["event"] == "webhook_refused"]) == 3
