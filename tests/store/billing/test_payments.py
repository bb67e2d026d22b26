"""Payments: one for each checkout, and status checks after growing waits."""

from datetime import timedelta

from store import Database
from store.billing import payments
from store.database import Tx
from tests.bills import HOUR, MORNING, a_payment, everything, owe, record, report

MINUTE = timedelta(minutes=1)


async def test_a_double_click_is_one_payment(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        assert a_payment(tx, link).id == a_payment(tx, link, MORNING + MINUTE).id

    await database.write(scenario)


async def test_after_a_decline_there_is_a_new_payment(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        declined = a_payment(tx, link)
        record(tx, report(declined, "failed"))
        assert a_payment(tx, link).id != declined.id

    await database.write(scenario)


async def test_a_payments_id_suits_every_gateway(database: Database) -> None:
    payment = await database.write(lambda tx: a_payment(tx, everything(tx, owe(tx))))
    assert payment.id.isalnum()
    assert len(payment.id) <= 40


async def test_status_checks_come_after_1_5_15_minutes_1_and_6_hours_and_then_daily(database: Database) -> None:
    def scenario(tx: Tx) -> list[timedelta]:
        a_payment(tx, everything(tx, owe(tx)))
        waits, before = [], MORNING
        while (at := payments.next_check(tx)) is not None:
            waits.append(at - before)
            before = at
            assert payments.due_checks(tx, at - MINUTE / 60, 10) == []
            assert len(payments.due_checks(tx, at, 10)) == 1
        return waits

    waits = await database.write(scenario)
    assert waits[:6] == [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR]
    assert set(waits[6:]) == {24 * HOUR}
    assert sum(waits, timedelta()) <= timedelta(days=30)


async def test_a_payment_is_found_by_its_own_gateway_only(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        payment = a_payment(tx, everything(tx, owe(tx)))
        assert payments.find_payment(tx, "sandbox", payment.id) is not None
        assert payments.find_payment(tx, "stripe", payment.id) is None

    await database.write(scenario)
