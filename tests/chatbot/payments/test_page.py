"""The payment page and the webhooks, by HTTP."""

import json
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest

from chatbot.config.settings import Brand
from chatbot.payments.gateways.sandbox import SIGNATURE_HEADER, signed
from chatbot.payments.page import ENDINGS, WEBHOOK_LIMIT
from store.billing.ledger import Entry, book_entry
from tests.clock import FakeClock
from tests.till import OWED, Till

SECRET = "sandbox secret"


@pytest.fixture
async def till(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[Till]:
    async with Till.open(tmp_path, clock, url) as opened:
        yield opened


# ── the page ──


async def test_the_page_says_who_is_paid_how_much_and_what_for(till: Till) -> None:
    status, page = await till.get()
    assert status == 200
    assert "You’re paying Northwind Broadband" in page
    assert "£42.50" in page
    assert "Pay £42.50 with Sandbox" in page
    assert 'data-testid="pay"' in page
    assert "Due on" in page
    assert "This page works until 23 November, 10:30" in page


async def test_the_page_speaks_the_conversations_language(tmp_path: Path, clock: FakeClock) -> None:
    async with Till.open(tmp_path, clock, locale="es") as till:
        _, page = await till.get(headers={"Accept-Language": "en"})
        assert '<html lang="es" dir="ltr">' in page
        assert "Pagar 42,50" in page


async def test_nothing_on_the_pages_runs_or_leaks(till: Till) -> None:
    for path in ("", "/done"):
        async with till.client.get(f"/pay/{till.token}{path}") as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert "frame-ancestors 'none'" in policy
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "<script" not in await response.text()


async def test_the_form_may_lead_to_the_gateway_and_nowhere_else(till: Till) -> None:
    async with till.client.get(f"/pay/{till.token}") as response:
        policy = response.headers["Content-Security-Policy"]
    assert policy.endswith(f"form-action 'self' http://127.0.0.1:{till.client.port}")


@pytest.mark.parametrize("path", ["", "/done"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}])
async def test_who_only_previews_the_link_starts_nothing(till: Till, path: str, headers: dict[str, str]) -> None:
    for method in ("GET", "HEAD"):
        async with till.client.request(method, f"/pay/{till.token}{path}", headers=headers) as response:
            assert response.status == 200
    assert await till.rows("payments") == []


async def test_a_preview_of_the_return_page_asks_no_gateway(till: Till) -> None:
    await till.choose("approve")
    async with till.client.head(f"/pay/{till.token}/done") as response:
        assert response.status == 200
    await till.get("/done", headers={"Sec-Purpose": "prefetch;prerender"})
    assert await till.booked() == []
    await till.done()
    assert await till.booked() == [("payment", -OWED)]


async def test_coming_back_without_having_paid_marks_nothing_paid(till: Till) -> None:
    await till.start()
    assert "We’re waiting for confirmation" in await till.done()
    assert "You haven’t paid yet" in (await till.get("/done?closed=1"))[1]
    assert await till.booked() == []


@pytest.mark.parametrize("token", ["x", "a" * 4000, "%00", "..%2f..", "🧾", "A" * 43])
async def test_an_unknown_token_gets_a_kind_answer(till: Till, token: str) -> None:
    for path in (f"/pay/{token}", f"/pay/{token}/done"):
        async with till.client.get(path) as response:
            assert response.status == 404
            assert "We don’t know this link" in await response.text()
    async with till.client.post(f"/pay/{token}", data={"method": "sandbox"}) as response:
        assert response.status == 404


@pytest.mark.parametrize("form", [{}, {"method": "gold"}, {"method": ""}])
async def test_an_unknown_method_leads_back_to_the_page(till: Till, form: dict[str, str]) -> None:
    assert await till.press(f"/pay/{till.token}", **form) == f"/pay/{till.token}"
    assert await till.rows("payments") == []


async def test_no_token_is_in_the_database(till: Till) -> None:
    await till.choose("approve")
    await till.done()
    rows = [str(row) for table in ("payment_links", "payments", "gateway_events") for row in await till.rows(table)]
    assert not any(till.token in row for row in rows)


async def test_what_the_company_is_called_cannot_run(tmp_path: Path, clock: FakeClock) -> None:
    async with Till.open(tmp_path, clock, brand=Brand(name="<b onclick=x>Bills</b>")) as till:
        _, page = await till.get()
        assert "<b onclick" not in page
        assert "&lt;b onclick" in page


# ── the endings ──


async def ending(till: Till, name: str) -> tuple[int, str]:
    """Bring about an ending, and return its page."""
    match name:
        case "paid":
            await till.choose("approve")
        case "confirming":
            await till.choose("later")
        case "declined":
            await till.choose("decline")
        case "closed":
            await till.choose("close")
        case "expired":
            till.house.clock.forward(hours=1)
        case "revoked":
            await replaced(till)
        case "changed":
            credit = Entry(till.account, "credit", -1000, "GBP", "a kindness")
            await till.house.service.database.write(lambda tx: book_entry(tx, credit, till.house.clock.now()))
        case "settled":
            await replaced(till)
            older = till.token
            await till.ask()
            await till.choose("approve")
            await till.done()
            till.token = older
        case "returned":
            await till.choose("approve")
            await till.done()
            till.sandbox.bounce(await till.reference())
            await till.sandbox.work()
        case "unreachable":
            till.sandbox.mischief.down = True
            async with till.client.post(f"/pay/{till.token}", data={"method": "sandbox"}) as response:
                return response.status, await response.text()
        case "no-methods":
            till.payments.gateways = {}
            return await till.get()
        case "unknown":
            till.token = "unknown"
    return await till.get("/done")


async def replaced(till: Till) -> None:
    """Ask for one invoice alone, which takes the place of the link for everything; stay with the old link."""
    old = till.token
    [first, _] = await till.house.rows("select id from invoices where account = :id order by due_on", id=till.account)
    await till.ask(first["id"])
    till.token = old


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


@pytest.mark.parametrize("name", ENDINGS)
async def test_every_ending_has_a_page(till: Till, name: str) -> None:
    status, page = await ending(till, name)
    assert status == ENDINGS[name].status
    assert f">{TITLES[name]}</h1>" in page
    assert ('data-testid="again"' in page) == (ENDINGS[name].action is not None)
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


async def test_the_paid_page_shows_the_receipt(till: Till) -> None:
    await till.choose("approve")
    page = await till.done()
    [payment] = await till.rows("payments")
    assert payment["receipt"] in page
    assert "£42.50" in page
    assert "You can close this page" in page


async def test_a_paid_link_can_only_be_looked_at(till: Till) -> None:
    await till.choose("approve")
    await till.done()
    _, page = await till.get()
    assert "Paid. Thank you" in page
    assert await till.press(f"/pay/{till.token}", method="sandbox") == f"/pay/{till.token}"
    assert len(await till.rows("payments")) == 1


async def test_the_waiting_page_looks_again_by_itself_until_told_not_to(till: Till) -> None:
    await till.choose("later")
    async with till.client.get(f"/pay/{till.token}/done") as response:
        assert response.headers["Refresh"] == "5"
        assert "?still=1" in await response.text()
    async with till.client.get(f"/pay/{till.token}/done?still=1") as response:
        assert "Refresh" not in response.headers
    async with till.client.get(f"/pay/{till.token}", allow_redirects=False) as response:
        assert response.headers["Location"] == f"/pay/{till.token}/done"


async def test_while_one_link_is_confirmed_its_invoices_cannot_be_paid_by_another(till: Till) -> None:
    older = till.token
    await till.choose("later")
    await till.sandbox.work()
    with pytest.raises(AssertionError):
        await till.ask()
    till.token = older
    assert await till.press(f"/pay/{till.token}", method="sandbox") == f"/pay/{till.token}"


# ── webhooks ──


async def send(till: Till, body: bytes | BytesIO, gateway: str = "sandbox", **headers: str) -> int:
    async with till.client.post(f"/webhooks/{gateway}", data=body, headers=headers) as response:
        return response.status


def signature(till: Till, body: bytes) -> dict[str, str]:
    return {SIGNATURE_HEADER: signed(SECRET, body, till.house.clock.now())}


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


async def test_a_webhook_and_its_duplicate_are_taken(till: Till) -> None:
    await till.start()
    body = event(await till.reference())
    assert await send(till, body, **signature(till, body)) == 200
    assert await send(till, body, **signature(till, body)) == 200
    assert await till.booked() == [("payment", -OWED)]


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=zz", "t=99999999999999999999,v1=00", ",,,=,", "t=٣,v1=00", "é=1"],
)
async def test_a_bad_signature_is_refused(till: Till, header: str) -> None:
    assert await send(till, event("01A"), **{SIGNATURE_HEADER: header}) == 400
    assert await send(till, event("01A")) == 400
    assert await till.rows("gateway_events") == []


async def test_a_signature_for_other_bytes_or_another_time_is_refused(till: Till) -> None:
    await till.start()
    body = event(await till.reference())
    old = signature(till, body)
    assert await send(till, body + b" ", **old) == 400
    till.house.clock.forward(minutes=6)
    assert await send(till, body, **old) == 400
    assert await till.booked() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"id": 1, "checkout": 3}', b"\xff\xfe"])
async def test_a_signed_body_that_makes_no_sense_is_refused(till: Till, body: bytes) -> None:
    assert await send(till, body, **signature(till, body)) == 400


async def test_an_event_without_money_in_it_is_no_payment(till: Till) -> None:
    await till.start()
    body = event(await till.reference()).replace(b'"pay1"', b"null")
    assert await send(till, body, **signature(till, body)) == 400


async def test_an_unknown_gateway_is_not_found(till: Till) -> None:
    assert await send(till, b"{}", gateway="gold") == 404


async def test_an_unknown_reference_is_to_be_sent_again(till: Till) -> None:
    body = event("01UNKNOWN")
    assert await send(till, body, **signature(till, body)) == 503
    assert len(await till.rows("gateway_events")) == 1


async def test_a_body_without_end_is_refused(till: Till) -> None:
    assert await send(till, BytesIO(b"x" * (WEBHOOK_LIMIT + 1))) == 413
