"""A clock that ran a day ahead and was corrected: times in the future count as now."""

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chatbot.config.settings import LimitSettings
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, cards, told

DAY = {"days": 1.0}
BACK = {"days": -1.0}


async def waits(billchat: ServiceFixture, answer: str) -> bool:
    """Whether an answer tells to wait, which it does for a known and an unknown identifier alike."""
    return bool(re.search(r"wait|try again in", answer))


@pytest.mark.parametrize("identifier", ["owes@example.com", "nobody@example.com"])
async def test_a_customer_waits_no_longer_than_if_the_codes_had_been_sent_now(
    billchat: ServiceFixture, identifier: str
) -> None:
    billchat.clock.forward(**DAY)
    for _ in range(10):
        await (await billchat.visitor()).say(identifier)
        billchat.clock.forward(minutes=11)
    billchat.clock.forward(**BACK)
    with capture_logs() as logs:
        refused = told(await (await billchat.visitor()).say(identifier))
    assert await waits(billchat, refused)
    assert "24 hours" in refused
    [line] = [line for line in logs if line["log_level"] == "warning"]
    assert line["event"] == "times of codes lay in the future and were set to now: a clock ran ahead"
    assert identifier not in str(line)
    billchat.clock.forward(hours=24, seconds=1)
    assert not await waits(billchat, told(await (await billchat.visitor()).say(identifier)))


async def test_the_next_code_in_a_conversation_is_a_matter_of_seconds(billchat: ServiceFixture) -> None:
    billchat.clock.forward(**DAY)
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    billchat.clock.forward(**BACK)
    await visitor.choose("resend")
    billchat.clock.forward(seconds=31)
    await visitor.choose("resend")
    assert cards(await visitor.say(await billchat.code(visitor.conversation))) == ["balance"]


async def test_a_network_address_waits_no_longer_either(tmp_path: Path, clock: FakeClock, url: str) -> None:
    limits = LimitSettings(identifiers_per_address_per_hour=10)
    billchat = await ServiceFixture.open(tmp_path, clock, url, limits=limits)
    billchat.clock.forward(**DAY)
    for number in range(10):
        await (await billchat.visitor()).say(f"person{number}@example.com")
    billchat.clock.forward(**BACK)
    assert await waits(billchat, told(await (await billchat.visitor()).say("owes@example.com")))
    billchat.clock.forward(hours=1, seconds=1)
    assert not await waits(billchat, told(await (await billchat.visitor()).say("owes@example.com")))
    await billchat.close()


async def test_an_address_that_guessed_waits_no_longer_either(tmp_path: Path, clock: FakeClock, url: str) -> None:
    limits = LimitSettings(failures_per_address_per_hour=2)
    billchat = await ServiceFixture.open(tmp_path, clock, url, limits=limits)
    billchat.clock.forward(**DAY)
    visitor = await billchat.visitor()
    await visitor.say("nobody@example.com")
    for digits in ("000000", "111111"):
        await visitor.say(digits)
    billchat.clock.forward(**BACK)
    assert await waits(billchat, told(await (await billchat.visitor()).say("owes@example.com")))
    billchat.clock.forward(hours=1, seconds=1)
    assert not await waits(billchat, told(await (await billchat.visitor()).say("owes@example.com")))
    await billchat.close()


async def test_wrong_codes_in_the_future_hold_a_customer_up_for_an_hour(billchat: ServiceFixture) -> None:
    billchat.clock.forward(**DAY)
    for _ in range(2):
        visitor = await billchat.visitor()
        await visitor.say("owes@example.com")
        for _ in range(5):
            await visitor.say("000000")
    billchat.clock.forward(**BACK)
    assert await waits(billchat, told(await (await billchat.visitor()).say("owes@example.com")))
    billchat.clock.forward(hours=1, seconds=1)
    assert cards(await (await billchat.visitor()).verify()) == ["balance"]


async def test_a_code_from_the_future_does_not_outlive_its_ten_minutes(billchat: ServiceFixture) -> None:
    billchat.clock.forward(**DAY)
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    code = await billchat.code(visitor.conversation)
    billchat.clock.forward(**BACK)
    billchat.clock.forward(minutes=11)
    assert cards(await visitor.say(code)) == []


async def test_a_verification_from_the_future_does_not_count_for_longer(billchat: ServiceFixture) -> None:
    billchat.clock.forward(**DAY)
    visitor = await billchat.visitor()
    assert cards(await visitor.verify()) == ["balance"]
    billchat.clock.forward(**BACK)
    billchat.clock.forward(minutes=16)
    assert cards(await visitor.choose("menu")) == []
    assert cards(await visitor.say("pay my bill")) == []


async def test_clocks_that_differ_by_seconds_change_nothing(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    code = await billchat.code(visitor.conversation)
    billchat.clock.forward(seconds=-5)
    with capture_logs() as logs:
        assert cards(await visitor.say(code)) == ["balance"]
        billchat.clock.forward(seconds=-5)
        await visitor.choose("menu")
        assert cards(await visitor.say("pay my bill")) == ["balance"]
    assert logs == []
