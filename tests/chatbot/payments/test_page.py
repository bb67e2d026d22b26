"""The payment page and the webhooks, by HTTP."""

import json
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest

from chatbot.config.settings import BrandSettings
from chatbot.payments.gateways.sandbox import SIGNATURE_HEADER, signed
from chatbot.payments.page import OUTCOME_PAGES, WEBHOOK_LIMIT
from store.billing.ledger import Entry, book_entry
from tests.clock import FakeClock
from tests.payment_fixture import OWED, PaymentFixture

SECRET = "sandbox secret"


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock, url) as opened:
        yield opened


# ── the page ──


async def test_the_page_says_who_is_paid_how_much_and_what_for(paying: PaymentFixture) -> None:
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
async def test_who_only_previews_the_link_starts_nothing(
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


async def test_what_the_company_is_called_cannot_run(tmp_path: Path, clock: FakeClock) -> None:
    async with PaymentFixture.open(tmp_path, clock, brand=BrandSettings(name="<b onclick=x>Bills</b>")) as paying:
        _, page = await paying.get()
        assert "<b onclick" not in page
        assert "&lt;b onclick" in page


# ── the endings ──


async def ending(paying: PaymentFixture, name: str) -> tuple[int, str]:
    """Bring about an ending, and return its page."""
    match name:
        case "paid":
            await paying.choose("approve")
        case "confirming":
            await paying.choose("later")
        case "declined":
            await paying.choose("decline")
        case "closed":
            await paying.choose("close")
        case "expired":
            paying.billchat.clock.forward(hours=1)
        case "revoked":
            await replaced(paying)
        case "changed":
            credit = Entry(paying.account, "credit", -1000, "GBP", "a kindness")
            await paying.billchat.service.database.write(lambda tx: book_entry(tx, credit, paying.billchat.clock.now()))
        case "settled":
            await replaced(paying)
            older = paying.token
            await paying.ask()
            await paying.choose("approve")
            await paying.done()
            paying.token = older
        case "returned":
            await paying.choose("approve")
            await paying.done()
            paying.sandbox.bounce(await paying.reference())
            await paying.sandbox.work()
        case "unreachable":
            paying.sandbox.faults.down = True
            async with paying.client.post(f"/pay/{paying.token}", data={"method": "sandbox"}) as response:
                return response.status, await response.text()
        case "no-methods":
            paying.payments.gateways = {}
            return await paying.get()
        case "unknown":
            paying.token = "unknown"
    return await paying.get("/done")


async def replaced(paying: PaymentFixture) -> None:
    """Ask for one invoice alone, which takes the place of the link for everything; stay with the old link."""
    old = paying.token
    [first, _] = await paying.billchat.rows(
        "select id from invoices where account = :id order by due_on", id=paying.account
    )
    await paying.ask(first["id"])
    paying.token = old


TITLES = {
    "paid": "Paid. Thank you",
    "confirming": "We’re waiting for confirmation",
    "declined": "The payment was declined",
    "closed": "You haven’t paid yet",
    "expired": "This link has expired",
    "revoked": "There’s a newer link",
    "changed": "The amount has changed",
    "settled": "This is already paid",
    "returned": "This payment came back",
    "unreachable": "We couldn’t reach Sandbox",
    "no-methods": "You can’t pay here just now",
    "unknown": "We don’t know this link",
}


@pytest.mark.parametrize("name", OUTCOME_PAGES)
async def test_every_ending_has_a_page(paying: PaymentFixture, name: str) -> None:
    status, page = await ending(paying, name)
    assert status == OUTCOME_PAGES[name].status
    assert f">{TITLES[name]}</h1>" in page
    assert ('data-testid="again"' in page) == (OUTCOME_PAGES[name].action is not None)
    Balanced().feed(page)


class Balanced(HTMLParser):
    """Fails on an element that is closed but not open, or left open at the end of its parent."""

    VOID = ("meta", "link", "input", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_startendtag(self, tag: str, _attrs: object) -> None:
        """`<path/>` opens nothing."""

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_paid_page_shows_the_receipt(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    page = await paying.done()
    [payment] = await paying.rows("payments")
    assert payment["receipt"] in page
    assert "£42.50" in page
    assert "You can close this page" in page


async def test_a_paid_link_can_only_be_looked_at(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    _, page = await paying.get()
    assert "Paid. Thank you" in page
    assert await paying.press(f"/pay/{paying.token}", method="sandbox") == f"/pay/{paying.token}"
    assert len(await paying.rows("payments")) == 1


async def test_the_waiting_page_looks_again_by_itself_until_told_not_to(paying: PaymentFixture) -> None:
    await paying.choose("later")
    async with paying.client.get(f"/pay/{paying.token}/done") as response:
        assert response.headers["Refresh"] == "5"
        assert "?still=1" in await response.text()
    async with paying.client.get(f"/pay/{paying.token}/done?still=1") as response:
        assert "Refresh" not in response.headers
    async with paying.client.get(f"/pay/{paying.token}", allow_redirects=False) as response:
        assert response.headers["Location"] == f"/pay/{paying.token}/done"


async def test_while_one_link_is_confirmed_its_invoices_cannot_be_paid_by_another(paying: PaymentFixture) -> None:
    older = paying.token
    await paying.choose("later")
    await paying.sandbox.work()
    with pytest.raises(AssertionError):
        await paying.ask()
    paying.token = older
    assert await paying.press(f"/pay/{paying.token}", method="sandbox") == f"/pay/{paying.token}"


# ── webhooks ──


async def send(paying: PaymentFixture, body: bytes | BytesIO, gateway: str = "sandbox", **headers: str) -> int:
    async with paying.client.post(f"/webhooks/{gateway}", data=body, headers=headers) as response:
        return response.status


def signature(paying: PaymentFixture, body: bytes) -> dict[str, str]:
    return {SIGNATURE_HEADER: signed(SECRET, body, paying.billchat.clock.now())}


def event(reference: str, state: str = "paid", key: str = "evt1") -> bytes:
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
    body = event(await paying.reference())
    assert await send(paying, body, **signature(paying, body)) == 200
    assert await send(paying, body, **signature(paying, body)) == 200
    assert await paying.booked() == [("payment", -OWED)]


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=zz", "t=99999999999999999999,v1=00", ",,,=,", "t=٣,v1=00", "é=1"],
)
async def test_a_bad_signature_is_refused(paying: PaymentFixture, header: str) -> None:
    assert await send(paying, event("01A"), **{SIGNATURE_HEADER: header}) == 400
    assert await send(paying, event("01A")) == 400
    assert await paying.rows("gateway_events") == []


async def test_a_signature_for_other_bytes_or_another_time_is_refused(paying: PaymentFixture) -> None:
    await paying.start()
    body = event(await paying.reference())
    old = signature(paying, body)
    assert await send(paying, body + b" ", **old) == 400
    paying.billchat.clock.forward(minutes=6)
    assert await send(paying, body, **old) == 400
    assert await paying.booked() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"id": 1, "checkout": 3}', b"\xff\xfe"])
async def test_a_signed_body_that_makes_no_sense_is_refused(paying: PaymentFixture, body: bytes) -> None:
    assert await send(paying, body, **signature(paying, body)) == 400


async def test_an_event_without_money_in_it_is_no_payment(paying: PaymentFixture) -> None:
    await paying.start()
    body = event(await paying.reference()).replace(b'"pay1"', b"null")
    assert await send(paying, body, **signature(paying, body)) == 400


async def test_an_unknown_gateway_is_not_found(paying: PaymentFixture) -> None:
    assert await send(paying, b"{}", gateway="gold") == 404


async def test_an_unknown_reference_is_to_be_sent_again(paying: PaymentFixture) -> None:
    body = event("01UNKNOWN")
    assert await send(paying, body, **signature(paying, body)) == 503
    assert len(await paying.rows("gateway_events")) == 1


async def test_a_body_without_end_is_refused(paying: PaymentFixture) -> None:
    assert await send(paying, BytesIO(b"x" * (WEBHOOK_LIMIT + 1))) == 413
