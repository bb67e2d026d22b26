"""The receipt's email."""

from tests.chatbot.delivery.letters.rendering import RenderedHtml, queue_and_render
from tests.service_fixture import ServiceFixture


async def insert_payment(billchat: ServiceFixture) -> str:
    """A completed payment of £42.50, £40.00 of it for an invoice."""
    [account] = await billchat.rows(
        "select a.id from accounts a join invoices i on i.account = a.id where i.state = 'open' limit 1"
    )
    [invoice] = await billchat.rows(
        "select id, number from invoices where account = :account limit 1", account=account["id"]
    )
    await billchat.service.database.write(
        lambda tx: tx.execute_count(
            """insert into payments (id, account, gateway, state, amount_minor, currency, receipt, created_at,
                completed_at, checks) values ('P1', :account, 'sandbox', 'completed', 4250, 'GBP', 'R-7F3K-9QWD',
                '2026-11-23T09:00:00.000Z', '2026-07-01T22:05:00.000Z', 0)""",
            {"account": account["id"]},
        )
    )
    await billchat.service.database.write(
        lambda tx: tx.execute_count(
            "insert into allocations (payment, invoice, amount_minor) values ('P1', :invoice, 4000)",
            {"invoice": invoice["id"]},
        )
    )
    return str(invoice["number"])


async def test_a_receipt_has_its_amount_time_invoices_and_reference(billchat: ServiceFixture) -> None:
    number = await insert_payment(billchat)
    letter = await queue_and_render(billchat, "receipt", {"payment": "P1"})
    assert letter is not None
    assert letter.html is not None
    assert letter.subject == "Your receipt from Northwind Broadband: £42.50"
    for said in (letter.text, RenderedHtml(letter.html).text):
        for part in ("£42.50", "R-7F3K-9QWD", f"Invoice {number}", "£40.00", "£2.50", "1 July 2026, 23:05"):
            assert part in said


async def test_a_receipt_is_formatted_by_its_readers_conventions(billchat: ServiceFixture) -> None:
    await insert_payment(billchat)
    letter = await queue_and_render(billchat, "receipt", {"payment": "P1"}, locale="es")
    assert letter is not None
    assert "42,50" in letter.text
    assert "1 de julio de 2026, 23:05" in letter.text


async def test_a_refunded_payment_has_no_receipt(billchat: ServiceFixture) -> None:
    await insert_payment(billchat)
    await billchat.service.database.write(lambda tx: tx.execute_count("update payments set state = 'refunded'"))
    assert await queue_and_render(billchat, "receipt", {"payment": "P1"}) is None
