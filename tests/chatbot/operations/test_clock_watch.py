"""Letters that were queued while the clock ran ahead."""

from structlog.testing import capture_logs

from chatbot.operations.clock_watch import ClockWatch
from tests.service_fixture import ServiceFixture

NOW = "2026-11-23T09:30:00.000Z"
LATER = "2026-11-23T11:00:00.000Z"


async def due(billchat: ServiceFixture) -> list[str]:
    return [row["due_at"] for row in await billchat.rows("select due_at from outbox order by id")]


async def test_a_letter_that_was_queued_in_the_future_is_due_once_the_clock_is_corrected(
    billchat: ServiceFixture,
) -> None:
    woken: list[bool] = []
    watch = ClockWatch(billchat.service, lambda: woken.append(True))
    billchat.clock.forward(days=1)
    await (await billchat.visitor()).say("owes@example.com")
    with capture_logs() as logs:
        await watch.look()
        await watch.look()
        assert (woken, logs) == ([], [])
        billchat.clock.forward(days=-1)
        await watch.look()
    assert await due(billchat) == [NOW]
    assert woken == [True]
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("the clock was set back", "warning"),
        ("letters were queued in the future and are due now: a clock ran ahead", "warning"),
    ]


async def test_a_clock_that_was_corrected_while_the_service_stood_still_is_noticed_at_the_start(
    billchat: ServiceFixture,
) -> None:
    woken: list[bool] = []
    billchat.clock.forward(days=1)
    await (await billchat.visitor()).say("owes@example.com")
    billchat.clock.forward(days=-1)
    await ClockWatch(billchat.service, lambda: woken.append(True)).look()
    assert await due(billchat) == [NOW]
    assert woken == [True]


async def test_a_letter_that_is_tried_again_later_stays_as_it_is(billchat: ServiceFixture) -> None:
    woken: list[bool] = []
    await (await billchat.visitor()).say("owes@example.com")
    await billchat.service.database.write(lambda tx: tx.execute(f"update outbox set due_at = '{LATER}'"))
    await ClockWatch(billchat.service, lambda: woken.append(True)).look()
    assert await due(billchat) == [LATER]
    assert woken == []
