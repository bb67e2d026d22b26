"""The page of each outcome, by HTTP."""

from html.parser import HTMLParser

import pytest

from chatbot.payments.outcome_pages import OUTCOME_PAGES
from store.billing.ledger import Entry, book_entry
from tests.payment_fixture import OWED, PaymentFixture

BUTTONS = {"paid": "approve", "confirming": "later", "declined": "decline", "closed": "close"}


async def open_outcome(paying: PaymentFixture, name: str) -> tuple[int, str]:
    """Bring about an ending, and return its page."""
    match name:
        case "paid" | "confirming" | "declined" | "closed":
            await paying.choose(BUTTONS[name])
        case "expired":
            paying.billchat.clock.forward(hours=1)
        case "revoked":
            await replace_link(paying)
        case "changed":
            credit = Entry(paying.account, "credit", -1000, "GBP", "a kindness")
            await paying.billchat.service.database.write(lambda tx: book_entry(tx, credit, paying.billchat.clock.now()))
        case "debited":
            await sign_up_for_direct_debit(paying)
        case "settled":
            await replace_link(paying)
            older = paying.token
            await paying.ask()
            await paying.choose("approve")
            await paying.done()
            paying.token = older
        case "returned":
            await paying.choose("approve")
            await paying.done()
            paying.sandbox.bounce(await paying.reference())
            await paying.sandbox.process_due()
        case "unreachable":
            paying.sandbox.faults.down = True
            async with paying.client.post(f"/pay/{paying.token}", data={"method": "sandbox"}) as response:
                return response.status, await response.text()
        case "no-methods":
            paying.use_gateways()
            return await paying.get()
        case "unknown":
            paying.token = "unknown"
    return await paying.get("/done")


async def replace_link(paying: PaymentFixture) -> None:
    """Ask for one invoice alone, which takes the place of the link for everything; stay with the old link."""
    old = paying.token
    [first, _] = await paying.billchat.rows(
        "select id from invoices where account = :id order by due_on", id=paying.account
    )
    await paying.ask(first["id"])
    paying.token = old


async def sign_up_for_direct_debit(paying: PaymentFixture) -> None:
    """Announce a collection of everything that is owed."""
    sql = """insert into mandates (id, account, reference, state, next_on, next_minor, currency)
        values ('m', :account, 'DD-1', 'active', :next_on, :next_minor, 'GBP')"""
    announced = {"account": paying.account, "next_on": paying.billchat.clock.now().date().isoformat()}
    await paying.billchat.service.database.write(lambda tx: tx.execute(sql, {**announced, "next_minor": OWED}))


TITLES = {
    "paid": "Paid. Thank you",
    "confirming": "We’re waiting for confirmation",
    "declined": "The payment was declined",
    "closed": "You haven’t paid yet",
    "expired": "This link has expired",
    "revoked": "There’s a newer link",
    "changed": "The amount has changed",
    "debited": "Your direct debit collects this",
    "settled": "This is already paid",
    "returned": "This payment came back",
    "unreachable": "We couldn’t reach Sandbox",
    "no-methods": "You can’t pay here just now",
    "unknown": "We don’t know this link",
}


@pytest.mark.parametrize("name", OUTCOME_PAGES)
async def test_every_outcome_has_a_page(paying: PaymentFixture, name: str) -> None:
    status, page = await open_outcome(paying, name)
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


async def test_a_paid_link_cannot_be_paid_again(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    _, page = await paying.get()
    assert "Paid. Thank you" in page
    assert await paying.press(f"/pay/{paying.token}", method="sandbox") == f"/pay/{paying.token}"
    assert len(await paying.rows("payments")) == 1


async def test_the_confirming_page_refreshes_until_told_not_to(paying: PaymentFixture) -> None:
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
    await paying.sandbox.process_due()
    with pytest.raises(AssertionError):
        await paying.ask()
    paying.token = older
    assert await paying.press(f"/pay/{paying.token}", method="sandbox") == f"/pay/{paying.token}"
