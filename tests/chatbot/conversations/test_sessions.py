"""Sessions: a new one at every right code, their ends, and signing out."""

import pytest

from chatbot.conversations.requests import SayRequest, TurnRefusal, TurnResult
from store.chats import conversations
from tests.chatbot.conversations.test_ownership import report
from tests.payment_fixture import PaymentFixture
from tests.service_fixture import VISITOR, ServiceFixture, Visitor, told

OLIVE, CLARA = "owes@example.com", "clear@example.com"
REQUEST = "the request with the code"
NOT_FOUND = TurnRefusal("not_found")


async def at_code(billchat: ServiceFixture, email: str = OLIVE) -> tuple[Visitor, str]:
    """A visitor who has typed an email, and the code that was sent there."""
    visitor = await billchat.visitor()
    await visitor.say(email)
    return visitor, await billchat.code(visitor.conversation)


def resent(visitor: Visitor, session: str, text: str, request: str = REQUEST) -> SayRequest:
    return SayRequest(visitor.conversation, session, request, "address", text, origin=VISITOR)


# ── a new token at a right code ──


async def test_a_right_code_gives_the_browser_a_new_token(billchat: ServiceFixture) -> None:
    visitor, code = await at_code(billchat)
    before = visitor.session
    answer = await visitor.say(code)
    assert answer.renewed_token is not None
    assert answer.session == billchat.service.keys.session_id(answer.renewed_token) != before
    assert "£42.50" in told(await visitor.say("what do I owe")), "the conversation goes on under the new one"


async def test_the_token_from_before_the_code_opens_nothing_any_more(billchat: ServiceFixture) -> None:
    visitor, code = await at_code(billchat)
    another = Visitor(billchat, visitor.session, "address")
    await another.start(None, "en")
    watcher = Visitor(billchat, visitor.session, "address", visitor.conversation)
    await visitor.say(code)
    assert await watcher.try_to_say("what do I owe") == NOT_FOUND
    assert await another.try_to_say("hello") == NOT_FOUND, "every conversation of the browser moves"
    database = billchat.service.database
    assert await database.read(lambda tx: conversations.of_session(tx, watcher.session, 9)) == []
    listed = await database.read(lambda tx: conversations.of_session(tx, visitor.session, 9))
    assert {row["id"] for row in listed} == {visitor.conversation, another.conversation}


async def test_the_token_is_in_no_row(billchat: ServiceFixture) -> None:
    visitor, code = await at_code(billchat)
    token = (await visitor.say(code)).renewed_token
    assert token is not None
    for table in ("sessions", "conversations", "challenges", "messages", "outbox"):
        assert token not in str(await billchat.rows(f"select * from {table}"))


async def test_a_lost_answer_is_given_again_with_the_new_token(billchat: ServiceFixture) -> None:
    visitor, code = await at_code(billchat)
    before = visitor.session
    first = await visitor.try_to_say(code, request=REQUEST)
    again = await billchat.turns.say(resent(visitor, before, code))
    assert isinstance(first, TurnResult)
    assert isinstance(again, TurnResult)
    assert (again.renewed_token, again.session) == (first.renewed_token, first.session)
    assert [message.text for message in again.messages] == [message.text for message in first.messages]
    assert billchat.service.metrics.codes.labels("right")._value.get() == 1


@pytest.mark.parametrize("guess", ["000000", "the wrong request", "another session", "too late", "signed out"])
async def test_the_old_token_gets_the_new_one_for_nothing_but_the_request_with_the_code(
    billchat: ServiceFixture, guess: str
) -> None:
    visitor, code = await at_code(billchat)
    session, text, request = visitor.session, code, REQUEST
    earlier = await visitor.try_to_say("resend", request="an earlier request")
    assert isinstance(earlier, TurnResult)
    await visitor.try_to_say(code, request=REQUEST)
    match guess:
        case "000000":
            text = guess if code != guess else "000001"
        case "the wrong request":
            text, request = "resend", "an earlier request"
        case "another session":
            session = "another session"
        case "too late":
            billchat.clock.forward(minutes=6)
        case "signed out":
            await visitor.say("sign out")
    assert await billchat.turns.say(resent(visitor, session, text, request)) == NOT_FOUND


async def test_another_customer_in_the_same_browser_ends_the_first_ones_verification(billchat: ServiceFixture) -> None:
    olive = await billchat.visitor()
    await olive.verify(OLIVE)
    clara = Visitor(billchat, olive.session, "address")
    await clara.start("pay_bill", "en")
    await clara.verify(CLARA)
    olive.session = clara.session
    assert "£" not in told(await olive.say("what do I owe"))


async def test_a_second_code_of_the_same_customer_leaves_the_first_chat_verified(billchat: ServiceFixture) -> None:
    first = await billchat.visitor()
    await first.verify(OLIVE)
    second = Visitor(billchat, first.session, "address")
    await second.start("pay_bill", "en")
    billchat.clock.forward(minutes=2)
    await second.verify(OLIVE)
    first.session = second.session
    assert "£42.50" in told(await first.say("what do I owe"))


# ── ends ──


async def test_a_session_ends_after_two_idle_hours(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    billchat.clock.forward(minutes=121)
    assert await visitor.try_to_say("hello") == TurnRefusal("session_over")


async def test_a_session_with_messages_ends_after_twelve_hours(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    for _ in range(12):
        billchat.clock.forward(minutes=60)
        await visitor.say("hello")
    billchat.clock.forward(minutes=1)
    assert await visitor.try_to_say("hello") == TurnRefusal("session_over")
    again = Visitor(billchat, visitor.session, "address")
    with pytest.raises(AssertionError):
        await again.start(None, "en")


async def test_every_process_sees_that_the_customer_is_still_there(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    for _ in range(5):
        billchat.clock.forward(minutes=115)
        await visitor.say("hello")


# ── signing out ──


async def test_signing_out_ends_the_verification_of_every_conversation(billchat: ServiceFixture) -> None:
    first = await billchat.visitor()
    await first.verify(OLIVE)
    second = Visitor(billchat, first.session, "address")
    await second.start("pay_bill", "en")
    billchat.clock.forward(minutes=2)
    await second.verify(OLIVE)
    first.session = second.session
    billchat.clock.forward(seconds=1)
    answer = await second.choose("sign_out")
    assert answer.signed_out
    assert "signed out" in told(answer)
    for visitor in (first, second):
        assert "£" not in told(await visitor.say("what do I owe"))


@pytest.mark.parametrize("words", ["start over", "use another email", "log out", "cerrar sesión"])
async def test_whoever_leaves_leaves_no_verification(billchat: ServiceFixture, words: str) -> None:
    visitor = await billchat.visitor()
    await visitor.verify(OLIVE)
    await visitor.say(words)
    await visitor.say("menu")
    assert "£" not in told(await visitor.say("what do I owe"))


async def test_no_payment_is_told_after_signing_out(paying: PaymentFixture) -> None:
    await paying.start()
    await paying.visitor.say("sign out")
    assert await report(paying, "paid", await paying.reference()) == []
