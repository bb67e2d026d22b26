"""One debt and several hosted pages: those that may take no money are cancelled, and money that comes is never lost."""

from typing import cast

import pytest

from chatbot.conversations.requests import TurnResult
from chatbot.payments.gateways.gateway import Checkout, CheckoutOrder, Gateway, Unreachable
from store import Tx
from store.billing import imports
from store.billing.ledger import InvoiceToBook
from store.billing.payment_links import PaymentLink
from tests.payment_fixture import OWED, PaymentFixture

FIRST = 2880


@pytest.fixture
async def first(paying: PaymentFixture) -> str:
    """Return the invoice due first, of £28.80."""
    [invoice, _] = await paying.billchat.rows(
        "select id from invoices where account = :id order by due_on", id=paying.account
    )
    return str(invoice["id"])


async def approve(paying: PaymentFixture, page: str) -> None:
    """Approve the payment on a hosted page that was opened before, and let the provider report it."""
    await paying.press(page.partition(f":{paying.client.port}")[2], action="approve")
    await paying.sandbox.process_due()


def told(paying: PaymentFixture) -> str:
    """All that the service said by itself since the last call."""
    words = "\n".join(message.text for answer in paying.billchat.told for message in answer.messages)
    paying.billchat.told.clear()
    return words


async def states(paying: PaymentFixture) -> list[str]:
    return [row["state"] for row in await paying.rows("payments")]


async def test_the_hosted_page_of_a_replaced_link_takes_no_money(paying: PaymentFixture, first: str) -> None:
    old = await paying.start()
    await paying.ask(first)
    new = await paying.start()
    await paying.payments.scheduler.sweep()
    assert await states(paying) == ["cancelled", "created"]
    await approve(paying, new)
    await approve(paying, old)
    assert await paying.booked() == [("payment", -FIRST)]
    assert "credit" not in told(paying)


@pytest.mark.parametrize("swept", [False, True])
async def test_money_through_a_replaced_link_is_credit_and_the_customer_is_told(
    paying: PaymentFixture, first: str, swept: bool
) -> None:
    paying.sandbox.faults.cancels_nothing = True
    old = await paying.start()
    await paying.ask(first)
    new = await paying.start()
    if swept:
        await paying.payments.scheduler.sweep()
    await approve(paying, new)
    assert "credit" not in told(paying)
    await approve(paying, old)
    assert await paying.booked() == [("payment", -FIRST), ("payment", -OWED)]
    assert await paying.balance() == -FIRST
    said = told(paying)
    assert "R-" in said
    assert "£28.80 of that is more than you owed" in said
    assert "credit" in said
    assert paying.counted("overpaid") == 1


async def test_a_customer_who_is_not_verified_any_more_is_told_of_the_credit_without_its_amount(
    paying: PaymentFixture, first: str
) -> None:
    old = await paying.start()
    await paying.ask(first)
    new = await paying.start()
    await approve(paying, new)
    paying.billchat.clock.forward(minutes=16)
    told(paying)
    await approve(paying, old)
    said = told(paying)
    assert "more than you owed" in said
    assert "£28.80" not in said


async def test_the_hosted_page_of_an_expired_link_takes_no_money(paying: PaymentFixture) -> None:
    paying.sandbox.faults.lost = True
    page = await paying.start()
    await paying.billchat.service.database.write(
        lambda tx: tx.execute("update payment_links set expires_at = '2026-01-01T00:00:00.000Z'")
    )
    await paying.payments.scheduler.sweep()
    await approve(paying, page)
    assert await states(paying) == ["cancelled"]
    assert await paying.booked() == []


async def test_a_cancellation_is_repeated_until_the_gateway_answers(paying: PaymentFixture, first: str) -> None:
    page = await paying.start()
    await paying.ask(first)
    paying.sandbox.faults.down = True
    await paying.payments.scheduler.sweep()
    assert await states(paying) == ["created"]
    paying.sandbox.faults.down = False
    for minutes in (1, 5):
        paying.billchat.clock.forward(minutes=minutes)
        await paying.payments.scheduler.sweep()
    await approve(paying, page)
    assert (await states(paying), await paying.booked()) == (["cancelled"], [])


async def test_a_page_that_was_paid_before_its_cancellation_is_booked(paying: PaymentFixture, first: str) -> None:
    paying.sandbox.faults.lost = True
    await paying.choose("approve")
    await paying.ask(first)
    await paying.payments.scheduler.sweep()
    assert await paying.booked() == [("payment", -OWED)]
    assert "R-" in told(paying)


async def test_a_link_replaced_while_its_page_is_being_opened_leads_to_no_page(
    paying: PaymentFixture, first: str
) -> None:
    sandbox, old = paying.gateways["sandbox"], paying.token

    class Overtaken:
        name, label, origin = "sandbox", "Sandbox", sandbox.origin
        cancel, look_up = sandbox.cancel, sandbox.look_up

        async def create(self, order: CheckoutOrder) -> Checkout | Unreachable:
            opened = await sandbox.create(order)
            await paying.ask(first)
            return opened

    paying.use_gateways(sandbox=cast("Gateway", Overtaken()))
    assert await paying.payments.checkouts.begin(old, "sandbox") is None
    await paying.payments.scheduler.sweep()
    assert await states(paying) == ["cancelled"]


async def test_a_renewed_link_opens_a_page_that_lives_as_long(paying: PaymentFixture) -> None:
    old = await paying.start()
    paying.billchat.clock.forward(minutes=40)
    await paying.ask()
    new = await paying.start()
    assert new != old
    paying.billchat.clock.forward(minutes=40)
    await paying.sandbox.process_due()
    await paying.payments.scheduler.sweep()
    assert told(paying) == ""
    await approve(paying, old)
    assert await paying.booked() == []
    await approve(paying, new)
    await paying.assert_paid_once()


async def test_a_page_that_runs_out_is_not_called_left_by_the_customer(paying: PaymentFixture) -> None:
    await paying.start()
    paying.billchat.clock.forward(minutes=40)
    await paying.ask()
    paying.billchat.clock.forward(minutes=20)
    await paying.sandbox.process_due()
    assert await states(paying) == ["cancelled"]
    assert told(paying) == ""
    assert "You left" not in await paying.done()


async def test_a_page_opened_in_a_links_last_minutes_keeps_the_link_alive(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=59)
    page = await paying.start()
    paying.billchat.clock.forward(minutes=29)
    await paying.payments.scheduler.sweep()
    assert [row["state"] for row in await paying.rows("payment_links")] == ["open"]
    await approve(paying, page)
    await paying.assert_paid_once()


@pytest.mark.parametrize("change", ["direct debit", "credit", "cancelled", "owner"])
async def test_a_page_for_money_that_the_books_no_longer_ask_for_is_cancelled(
    paying: PaymentFixture, change: str
) -> None:
    [account] = await paying.billchat.rows("select number from accounts where id = :id", id=paying.account)
    [bill, _] = await paying.billchat.rows(
        "select number, issued_on, due_on from invoices where account = :id order by due_on", id=paying.account
    )
    number, now = account["number"], paying.billchat.clock.now()
    lines = [("Fibre 65, monthly charge", 2400), ("VAT 20%", 480)]
    issued, due = (now.date().fromisoformat(bill[name]) for name in ("issued_on", "due_on"))

    def work(tx: Tx) -> None:
        match change:
            case "direct debit":
                imports.save_mandate(tx, "DD-1", number, "active", now.date(), OWED)
            case "credit":
                imports.save_credit(tx, "BACS-1", number, 1000, now)
            case "cancelled":
                imports.save_invoice(tx, number, InvoiceToBook(bill["number"], issued, due, lines), True, now)
            case "owner":
                imports.save_account(tx, number, "Home broadband and phone, 4 Mill Lane", "GBP", ["C-1002"], now)

    page = await paying.start()
    await paying.billchat.service.database.write(work)
    await paying.payments.scheduler.sweep()
    assert await states(paying) == ["cancelled"]
    await approve(paying, page)
    assert [kind for kind, _ in await paying.booked()].count("payment") == 0


async def test_only_a_turn_that_replaces_a_link_wakes_the_scheduler(paying: PaymentFixture) -> None:
    answers: list[TurnResult] = [await paying.visitor.choose("pay_all")]
    answers += [await paying.visitor.say(text) for text in ("back", "only some of them", "1", "pay")]
    assert [answer.payments_due for answer in answers] == [False, False, False, False, True]


async def test_money_that_bounced_and_arrives_after_all_is_booked_and_told(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.sandbox.process_due()
    reference = await paying.reference()
    for _ in range(2):
        paying.billchat.clock.forward(days=3)
        paying.sandbox.bounce(reference)
        await paying.sandbox.process_due()
        assert await paying.balance() == OWED
        told(paying)
        paying.billchat.clock.forward(days=3)
        paying.sandbox.approve(reference)
        await paying.sandbox.process_due()
        assert await paying.balance() == 0
        said = told(paying)
        assert "arrived after all" in said
        assert "credit" not in said
    there_and_back = [("chargeback", OWED), ("reinstatement", -OWED)]
    assert await paying.booked() == [("payment", -OWED), *there_and_back, *there_and_back]
    assert "Paid" in await paying.done()


async def test_money_that_arrives_after_it_was_paid_anew_is_credit_and_told(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.sandbox.process_due()
    reference = await paying.reference()
    paying.sandbox.bounce(reference)
    await paying.sandbox.process_due()
    await paying.ask()
    await paying.choose("approve")
    await paying.sandbox.process_due()
    told(paying)
    paying.sandbox.approve(reference)
    await paying.sandbox.process_due()
    assert await paying.balance() == -OWED
    assert "£42.50 of that is more than you owed" in told(paying)
    assert paying.counted("overpaid") == 1


async def test_money_still_pending_after_thirty_days_of_checks_alarms_a_person(paying: PaymentFixture) -> None:
    paying.sandbox.faults.lost = True
    await paying.choose("later")
    await paying.payments.reports.check_link(paying.token)
    paying.sandbox.faults.down = True
    for _ in range(34):
        paying.billchat.clock.forward(days=1)
        await paying.payments.scheduler.sweep()
    assert paying.counted("undecided") == 1
    [alert] = await paying.rows("audit")
    assert alert["action"] == "payment_undecided"


async def test_a_receipt_names_the_link_that_was_paid_and_not_its_look_alike(paying: PaymentFixture) -> None:
    service = paying.billchat.service
    [contact] = await paying.billchat.rows("select contact from identifiers where value = 'owes@example.com'")
    rows = await paying.billchat.rows("select id from invoices where account = :id", id=paying.account)
    made = [await paying.link_for(contact["contact"], invoice) for invoice in sorted(row["id"] for row in rows)]
    links = [link.id for link in made if isinstance(link, PaymentLink)]
    paying.token = service.keys.link_token(links[1])
    await paying.choose("later")
    await paying.sandbox.process_due()
    paying.billchat.clock.forward(minutes=1)
    await paying.sandbox.process_due()
    messages = [message for answer in paying.billchat.told for message in paying.billchat.wire(answer)]
    cards = [message["card"] for message in messages if "card" in message]
    assert [(card["kind"], card["link"]) for card in cards] == [
        ("payment_update", service.keys.link_reference(links[1])),
        ("receipt", service.keys.link_reference(links[1])),
    ]
