"""Emails and accounts that change hands: a proof by the books of before opens nothing by the books of now."""

from chatbot.payments.gateways.gateway import PaymentOutcome, PaymentReport
from store.billing import imports
from store.database import Tx
from tests.payment_fixture import OWED, PaymentFixture
from tests.service_fixture import ServiceFixture, Visitor, told

OLIVE, CLARA = "owes@example.com", "clear@example.com"
OLIVES_MOBILE = "+447700900001"


async def reference(billchat: ServiceFixture, email: str) -> str:
    [row] = await billchat.rows(
        "select reference from contacts c join identifiers i on i.contact = c.id where i.value = :email", email=email
    )
    return str(row["reference"])


async def take_email_away(billchat: ServiceFixture) -> None:
    """Import Olive again, with her mobile alone."""
    olive = await reference(billchat, OLIVE)

    def save(tx: Tx) -> None:
        imports.save_customer(tx, olive, "Olivia Hart", "en", [("mobile", OLIVES_MOBILE)], billchat.clock.now())

    await billchat.service.database.write(save)


async def move_account(paying: PaymentFixture, *emails: str) -> None:
    """Import Olive's account again, with these customers for its owners."""
    billchat = paying.billchat
    owners = [await reference(billchat, email) for email in emails]
    [account] = await billchat.rows("select number, name from accounts where id = :id", id=paying.account)

    def save(tx: Tx) -> None:
        imports.save_account(tx, account["number"], account["name"], "GBP", owners, billchat.clock.now())

    await billchat.service.database.write(save)


async def ask_for_link(paying: PaymentFixture, email: str) -> str:
    """Ask for a link in a chat of the visitor's own, whose address `paying` then opens."""
    [row] = await paying.billchat.rows("select contact from identifiers where value = :email", email=email)
    made = await paying.link_for(row["contact"])
    assert not isinstance(made, str)
    paying.token = paying.billchat.service.keys.link_token(made.id)
    return paying.token


async def verified(billchat: ServiceFixture, email: str) -> Visitor:
    visitor = await billchat.visitor()
    await visitor.verify(email)
    return visitor


# ── an email that is taken away ──


async def test_a_verification_ends_when_an_import_takes_its_email_away(billchat: ServiceFixture) -> None:
    visitor = await verified(billchat, OLIVE)
    await take_email_away(billchat)
    answer = await visitor.say("what do I owe")
    assert "£" not in told(answer)
    assert answer.messages[-1].extra is not None
    assert answer.messages[-1].extra["expects"] == "identifier"
    assert "£" not in told(await visitor.say("pay all"))


async def test_a_verification_by_another_identifier_of_the_customer_goes_on(billchat: ServiceFixture) -> None:
    visitor = await verified(billchat, OLIVES_MOBILE)
    await take_email_away(billchat)
    assert "£42.50" in told(await visitor.say("what do I owe"))


async def test_a_verification_ends_when_its_email_becomes_another_customers(billchat: ServiceFixture) -> None:
    visitor = await verified(billchat, OLIVE)
    await take_email_away(billchat)
    clara = await reference(billchat, CLARA)
    await billchat.service.database.write(
        lambda tx: imports.save_customer(
            tx, clara, "Clara Nowak", "en", [("email", CLARA), ("email", OLIVE)], billchat.clock.now()
        )
    )
    await visitor.say("what do I owe")
    rows = await billchat.rows("select contact from conversations where id = :id", id=visitor.conversation)
    assert rows == [{"contact": None}]


async def test_links_are_revoked_with_the_email_that_was_taken_away(paying: PaymentFixture) -> None:
    await take_email_away(paying.billchat)
    assert (await paying.get())[0] == 410
    assert await paying.rows("payments") == []


async def test_no_receipt_goes_to_an_email_that_was_taken_away(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.sandbox.process_due()
    await take_email_away(paying.billchat)
    await paying.visitor.choose("email_receipt")
    assert await paying.billchat.rows("select 1 from outbox where kind = 'receipt'") == []


async def report(paying: PaymentFixture, outcome: PaymentOutcome, reference_: str) -> list[str]:
    """Report on a payment; returns the conversations that heard of it."""
    paying.billchat.told.clear()
    told_of = PaymentReport(outcome, reference_, f"event {outcome}", OWED, "GBP", "pay-1")
    assert await paying.payments.reports.apply("sandbox", told_of)
    return [answer.conversation for answer in paying.billchat.told]


async def test_a_payment_is_not_told_where_the_email_was_taken_away(paying: PaymentFixture) -> None:
    await paying.start()
    await take_email_away(paying.billchat)
    assert await report(paying, "paid", await paying.reference()) == []
    assert await paying.booked() == [("payment", -OWED)]


# ── an account that moves ──


async def test_a_former_owners_link_can_no_longer_be_paid(paying: PaymentFixture) -> None:
    await move_account(paying, CLARA)
    assert (await paying.get())[0] == 410
    await paying.press(f"/pay/{paying.token}", method="sandbox")
    assert await paying.rows("payments") == []


async def test_a_link_is_closed_to_a_former_owner_however_the_books_were_changed(paying: PaymentFixture) -> None:
    await paying.billchat.service.database.write(
        lambda tx: tx.execute("delete from account_contacts where account = :id", {"id": paying.account})
    )
    assert (await paying.get())[0] == 410


async def test_the_links_of_an_owner_who_stays_are_kept(paying: PaymentFixture) -> None:
    await move_account(paying, OLIVE, CLARA)
    assert (await paying.get())[0] == 200


async def test_a_new_owner_gets_a_link_of_his_own(paying: PaymentFixture) -> None:
    olives = paying.token
    await move_account(paying, CLARA)
    paying.visitor = await verified(paying.billchat, CLARA)
    assert await ask_for_link(paying, CLARA) != olives
    assert (await paying.get())[0] == 200
    paying.token = olives
    assert (await paying.get())[0] == 410


async def test_a_joint_owner_never_takes_over_the_others_link(paying: PaymentFixture) -> None:
    olives = paying.token
    await move_account(paying, OLIVE, CLARA)
    paying.visitor = await verified(paying.billchat, CLARA)
    assert await ask_for_link(paying, CLARA) != olives
    states = [row["state"] for row in await paying.rows("payment_links")]
    assert sorted(states) == ["open", "revoked"], "two open links would invite paying twice"


async def test_a_former_owners_decline_is_not_told_in_the_new_owners_chat(paying: PaymentFixture) -> None:
    await paying.start()
    olives, olives_payment = paying.visitor, await paying.reference()
    await move_account(paying, CLARA)
    paying.visitor = await verified(paying.billchat, CLARA)
    await ask_for_link(paying, CLARA)
    assert await report(paying, "failed", olives_payment) == [olives.conversation]


async def test_a_former_owner_who_paid_gets_the_receipt_and_no_word_about_the_balance(paying: PaymentFixture) -> None:
    [invoice, *_] = await paying.billchat.rows(
        "select id from invoices where account = :id and state = 'open' order by due_on", id=paying.account
    )
    await paying.ask(invoice["id"])
    await paying.start()
    await move_account(paying, CLARA)
    assert await report(paying, "paid", await paying.reference()) == [paying.visitor.conversation]
    [answer] = paying.billchat.told
    assert "R-" in told(answer)
    assert "left" not in told(answer)
    assert "£" not in told(await paying.visitor.say("what do I owe"))
