"""Limits of codes: customers behind one network address, and strangers who use up the limits of somebody else."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatbot.config.settings import LimitSettings
from chatbot.conversations.sessions import is_over
from store import Tx
from store.chats.sessions import session_times
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, Visitor, cards, told
from tests.sizes import size

OWNER, OWNERS_MOBILE = "owes@example.com", "07700 900001"
OFFICE = "an office"
CUSTOMERS = size(test=100, soak=1000)
DEFAULTS = LimitSettings()
SCALE = CUSTOMERS / 1000
"""The limits of a network address shrink with the number of customers: by default they are sized for a thousand."""


@pytest.fixture
async def office(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[ServiceFixture]:
    """A service with many customers, and limits of a network address for as many."""
    limits = LimitSettings(
        identifiers_per_address_per_hour=int(DEFAULTS.identifiers_per_address_per_hour * SCALE),
        failures_per_address_per_hour=int(DEFAULTS.failures_per_address_per_hour * SCALE),
    )
    opened = await ServiceFixture.open(tmp_path, clock, url, limits=limits)

    def add_customers(tx: Tx) -> None:
        for number in range(CUSTOMERS):
            contact = {"id": f"C{number}", "email": customer(number), "at": "2026-11-23T09:30:00.000Z"}
            tx.execute("insert into contacts (id, name, created_at) values (:id, 'Somebody', :at)", contact)
            tx.execute("insert into identifiers (kind, value, contact) values ('email', :email, :id)", contact)

    await opened.service.database.write(add_customers)
    yield opened
    await opened.close()


def customer(number: int) -> str:
    return f"customer{number}@example.com"


async def wrong_code(billchat: ServiceFixture, visitor: Visitor, nudge: int = 1) -> str:
    return f"{(int(await billchat.code(visitor.conversation)) + nudge) % 10**6:06}"


async def codes_requested(billchat: ServiceFixture) -> int:
    return len(await billchat.rows("select 1 from challenges"))


async def verified(billchat: ServiceFixture) -> int:
    return len(await billchat.rows("select 1 from conversations where contact is not null"))


async def guess_until_stopped(billchat: ServiceFixture, victims: list[str], address: str) -> int:
    """Guess five codes for each identifier, each in a conversation of its own; returns the tries that were compared."""
    for victim in victims:
        guesser = await billchat.visitor(address=address)
        await guesser.say(victim)
        if not await billchat.rows("select 1 from challenges where conversation = :c", c=guesser.conversation):
            break
        for nudge in range(1, 6):
            await guesser.say(await wrong_code(billchat, guesser, nudge))
    [row] = await billchat.rows("select sum(tries) as tries from challenges")
    return int(row["tries"])


@pytest.mark.soak
async def test_customers_behind_one_address_all_succeed_within_the_hour_with_the_usual_slips(
    office: ServiceFixture,
) -> None:
    """One in ten mistypes the code once; one in five gives up, with an email of nobody or without typing a code."""
    for number in range(CUSTOMERS):
        visitor = await office.visitor(address=OFFICE)
        if number % 5 == 0:
            await visitor.say(f"typo{number}@example.com" if number % 2 else customer(number))
            continue
        await visitor.say(customer(number))
        if number % 10 == 1:
            await visitor.say(await wrong_code(office, visitor))
        await visitor.say(await office.code(visitor.conversation))
    assert await verified(office) == CUSTOMERS * 4 // 5


@pytest.mark.soak
async def test_customers_behind_one_address_may_all_ask_before_the_first_one_answers(office: ServiceFixture) -> None:
    visitors = [await office.visitor(address=OFFICE) for _ in range(CUSTOMERS)]
    for number, visitor in enumerate(visitors):
        await visitor.say(customer(number))
    for visitor in visitors:
        await visitor.say(await office.code(visitor.conversation))
    assert await verified(office) == CUSTOMERS


@pytest.mark.soak
async def test_an_attacker_behind_an_address_full_of_customers_is_stopped(office: ServiceFixture) -> None:
    for number in range(CUSTOMERS // 2):
        await (await office.visitor(address=OFFICE)).verify(customer(number))
    right = await codes_requested(office)
    limit = office.service.settings.limits.identifiers_per_address_per_hour
    for number in range(limit + 20):
        answer = await (await office.visitor(address=OFFICE)).say(f"nobody{number}@example.com")
    assert await codes_requested(office) == right + limit
    assert "try again in" in told(answer)


async def test_wrong_codes_for_many_customers_stop_their_address(office: ServiceFixture) -> None:
    limit = office.service.settings.limits.failures_per_address_per_hour
    victims = [customer(number) for number in range(CUSTOMERS // 2)]
    assert await guess_until_stopped(office, victims, "a stranger") == limit
    neighbour = await office.visitor(address="a stranger")
    await neighbour.say(customer(CUSTOMERS - 1))
    assert not await office.rows("select 1 from challenges where conversation = :c", c=neighbour.conversation)
    await (await office.visitor(address="elsewhere")).verify(customer(CUSTOMERS - 1))
    assert await verified(office) == 1
    office.clock.forward(hours=1)
    await (await office.visitor(address="a stranger")).verify(customer(CUSTOMERS - 2))
    assert await verified(office) == 2


async def test_an_address_at_its_limit_of_wrong_codes_has_no_further_try(office: ServiceFixture) -> None:
    waiting = await office.visitor(address="a stranger")
    await waiting.say(customer(0))
    limit = office.service.settings.limits.failures_per_address_per_hour
    victims = [customer(number) for number in range(1, CUSTOMERS)]
    assert await guess_until_stopped(office, victims, "a stranger") == limit
    await waiting.say(await office.code(waiting.conversation))
    assert await verified(office) == 0


async def test_a_right_code_forgives_the_wrong_ones_before_it(office: ServiceFixture) -> None:
    visitor = await office.visitor(address=OFFICE)
    await visitor.say(customer(0))
    await visitor.say(await wrong_code(office, visitor))
    assert len(await office.rows("select 1 from attempts_log where subject = :a", a=OFFICE)) == 2
    await visitor.say(await office.code(visitor.conversation))
    assert await office.rows("select 1 from attempts_log") == []


async def test_a_customers_success_forgives_a_neighbours_guesses_nothing(office: ServiceFixture) -> None:
    guesser = await office.visitor(address=OFFICE)
    await guesser.say(customer(0))
    await guesser.say(await wrong_code(office, guesser))
    await (await office.visitor(address=OFFICE)).verify(customer(1))
    assert len(await office.rows("select 1 from attempts_log where subject = :a", a=OFFICE)) == 2


async def test_a_conversation_may_name_ten_people_an_hour(office: ServiceFixture) -> None:
    visitor = await office.visitor(address=OFFICE)
    for number in range(12):
        await visitor.say(f"nobody{number}@example.com")
        await visitor.choose("other_identifier")
    assert await codes_requested(office) == DEFAULTS.identifiers_per_conversation_per_hour
    office.clock.forward(hours=1)
    assert cards(await visitor.verify("owes@example.com")) == ["balance"]


async def test_known_and_unknown_identifiers_count_the_same_at_an_address(office: ServiceFixture) -> None:
    """Otherwise the number of identifiers until a refusal would tell how many of them belong to customers."""
    limit = office.service.settings.limits.identifiers_per_address_per_hour
    for address, names in (("known", customer), ("unknown", "nobody{}@example.com".format)):
        before = await codes_requested(office)
        for number in range(limit + 2):
            await (await office.visitor(address=address)).say(names(number % CUSTOMERS + number // CUSTOMERS * 10**6))
        assert await codes_requested(office) - before == limit
        office.clock.forward(hours=2)


# ── a stranger and the owner of an identifier ──


async def ask_for_codes(billchat: ServiceFixture, times: int, *, addresses: int = 1) -> None:
    """Ask for codes to the owner's email as often as the limits allow, spread over a few hours."""
    for number in range(times):
        stranger = await billchat.visitor(address=f"stranger {number % addresses}")
        await stranger.say(OWNER)
        if number % addresses == addresses - 1:
            billchat.clock.forward(minutes=11)


async def guess(billchat: ServiceFixture, times: int, address: str) -> None:
    """Type wrong codes for the owner's email, five in a conversation."""
    for number in range(times):
        if number % 5 == 0:
            stranger = await billchat.visitor(address=address)
            await stranger.say(OWNER)
        if await billchat.rows("select 1 from challenges where conversation = :c", c=stranger.conversation):
            await stranger.say(await wrong_code(billchat, stranger, number % 5 + 1))


async def failures(billchat: ServiceFixture) -> int:
    return len(await billchat.rows("select 1 from attempts_log where kind = 'code_failed'"))


async def again(billchat: ServiceFixture, visitor: Visitor, address: str) -> Visitor:
    """Begin another conversation in a visitor's browser, which may have moved to another network address.

    As the website's channel does, the browser of a session that ended gets a new one.
    """
    times = await billchat.service.database.read(lambda tx: session_times(tx, visitor.session))
    assert times is not None
    limits, now = billchat.service.settings.limits, billchat.clock.now()
    if is_over(limits, times.created_at, times.seen_at, now):
        returning = Visitor(billchat, uuid.uuid4().hex, address, browser=times.browser)
    else:
        returning = Visitor(billchat, visitor.session, address)
    await returning.start("pay_bill", "en")
    return returning


async def known_browser(billchat: ServiceFixture) -> Visitor:
    """A browser in which the owner gave a right code a week ago."""
    visitor = await billchat.visitor(address="home")
    assert cards(await visitor.verify(OWNER)) == ["balance"]
    billchat.clock.forward(days=7)
    return visitor


async def test_a_stranger_who_keeps_asking_for_codes_does_not_stop_the_owner(billchat: ServiceFixture) -> None:
    await ask_for_codes(billchat, 15)
    assert await codes_requested(billchat) == 10
    assert cards(await (await billchat.visitor(address="home")).verify(OWNER)) == ["balance"]


async def test_an_owner_behind_the_strangers_own_address_has_a_known_browser_and_the_other_channel(
    billchat: ServiceFixture,
) -> None:
    owner = await known_browser(billchat)
    await ask_for_codes(billchat, 15)
    fresh = await billchat.visitor(address="stranger 0")
    assert "use another email or mobile number" in told(await fresh.say(OWNER))
    assert cards(await fresh.verify(OWNERS_MOBILE)) == ["balance"]
    assert cards(await (await again(billchat, owner, "stranger 0")).verify(OWNER)) == ["balance"]


async def test_strangers_at_many_addresses_get_fifty_codes_a_day_and_do_not_stop_a_known_browser(
    billchat: ServiceFixture,
) -> None:
    owner = await known_browser(billchat)
    before = await codes_requested(billchat)
    await ask_for_codes(billchat, 80, addresses=8)
    assert await codes_requested(billchat) - before == DEFAULTS.codes_per_day_from_all_addresses
    fresh = await billchat.visitor(address="elsewhere")
    await fresh.say(OWNER)
    assert await codes_requested(billchat) - before == DEFAULTS.codes_per_day_from_all_addresses
    assert cards(await fresh.verify(OWNERS_MOBILE)) == ["balance"]
    assert cards(await (await again(billchat, owner, "elsewhere")).verify(OWNER)) == ["balance"]


async def test_a_known_browser_has_the_usual_number_of_codes_of_its_own(billchat: ServiceFixture) -> None:
    owner = await known_browser(billchat)
    before = await codes_requested(billchat)
    for number in range(15):
        await (await again(billchat, owner, f"address {number}")).say(OWNER)
        billchat.clock.forward(minutes=11)
    assert await codes_requested(billchat) - before == DEFAULTS.codes_per_day


async def test_a_browser_is_known_for_the_identifier_that_it_proved_and_for_no_other(
    billchat: ServiceFixture,
) -> None:
    stranger = await billchat.visitor(address="stranger 0")
    assert cards(await stranger.verify("dd@example.com")) == ["direct_debit"]
    await ask_for_codes(billchat, 15)
    before = await codes_requested(billchat)
    await (await again(billchat, stranger, "stranger 0")).say(OWNER)
    assert await codes_requested(billchat) == before


async def test_wrong_codes_from_one_address_leave_the_owner_tries_elsewhere(billchat: ServiceFixture) -> None:
    await guess(billchat, 15, "a stranger")
    assert await failures(billchat) == 6
    owner = await billchat.visitor(address="home")
    await owner.say(OWNER)
    await owner.say(await wrong_code(billchat, owner))
    assert cards(await owner.say(await billchat.code(owner.conversation))) == ["balance"]


async def test_wrong_codes_from_many_addresses_leave_tries_to_a_known_browser_and_never_exceed_ten_an_hour(
    billchat: ServiceFixture,
) -> None:
    owner = await again(billchat, await known_browser(billchat), "home")
    for number in range(5):
        await guess(billchat, 5, f"stranger {number}")
    assert await failures(billchat) == 8
    fresh = await billchat.visitor(address="elsewhere")
    await fresh.say(OWNER)
    assert not await billchat.rows("select 1 from challenges where conversation = :c", c=fresh.conversation)
    await owner.say(OWNER)
    for nudge in range(1, 5):
        await owner.say(await wrong_code(billchat, owner, nudge))
    assert await failures(billchat) == DEFAULTS.failures_per_hour
    assert cards(await owner.say(await billchat.code(owner.conversation))) == []
    billchat.clock.forward(hours=1, minutes=1)
    assert cards(await (await again(billchat, owner, "home")).verify(OWNER)) == ["balance"]


async def test_a_hundred_failures_in_a_row_are_the_most_and_strangers_leave_a_fifth_of_them(
    billchat: ServiceFixture,
) -> None:
    owner = await known_browser(billchat)
    for hour in range(40):
        await guess(billchat, 5, f"stranger {hour % 8}")
        billchat.clock.forward(hours=1, minutes=1)
    assert await failures(billchat) == 80
    assert cards(await (await again(billchat, owner, "home")).verify(OWNER)) == ["balance"]
    assert await failures(billchat) == 0
    for _ in range(30):
        await guess(billchat, 5, "one stranger")
        billchat.clock.forward(hours=1, minutes=1)
    assert await failures(billchat) == 60
    assert cards(await (await billchat.visitor(address="elsewhere")).verify(OWNER)) == ["balance"]


async def test_a_known_browser_is_locked_at_a_hundred_failures_too(billchat: ServiceFixture) -> None:
    owner = await known_browser(billchat)
    for _ in range(30):
        visitor = await again(billchat, owner, f"{uuid.uuid4()}")
        await visitor.say(OWNER)
        if not await billchat.rows("select 1 from challenges where conversation = :c", c=visitor.conversation):
            break
        for nudge in range(1, 6):
            await visitor.say(await wrong_code(billchat, visitor, nudge))
        billchat.clock.forward(hours=5)
    assert await failures(billchat) == DEFAULTS.failures_in_a_row
