"""The turn: taken once, answered the same for ever, and nothing secret kept."""

import asyncio
import re
import time
from functools import partial
from pathlib import Path

import pytest

from chatbot import conversations
from chatbot.conversations import verification
from chatbot.conversations.requests import TurnRefusal, TurnResult
from flows.events import Event
from tests.service_fixture import ServiceFixture, cards, choices, told
from tests.services import our_tables


async def everything_kept(billchat: ServiceFixture) -> str:
    rows = [row for table in our_tables() for row in await billchat.rows(f"select * from {table}")]
    return "\n".join(str(value) for row in rows for value in row.values())


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("billchat.db*"))


async def test_a_customer_gets_from_hello_to_a_payment_link(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    statement = await visitor.verify("owes@example.com")
    assert cards(statement) == ["balance"]
    assert "£42.50" in told(statement)
    link = await visitor.choose(choices(statement)[0])
    message = billchat.wire(link)[-1]
    card = message["card"]
    assert (card["kind"], card["amount_minor"], card["currency"]) == ("payment_link", 4250, "GBP")
    assert card["url"].startswith(billchat.service.settings.server.public_url + "/pay/")
    assert card["url"] in message["text"]


async def test_messages_are_numbered_without_a_gap(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    seqs = []
    for text in ("hello", "owes@example.com", "000000", "help"):
        seqs += [message.seq for message in (await visitor.say(text)).messages]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def test_no_two_messages_have_one_id_though_their_conversations_began_in_one_moment(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time_ns()
    monkeypatch.setattr("store.ids.time_ns", lambda: began)
    visitors = [await billchat.visitor() for _ in range(20)]
    said = [message["id"] for visitor in visitors for message in billchat.wire(await visitor.say("hello"))]
    assert len(set(said)) == len(said)


async def test_the_same_request_ten_times_at_once_is_one_message_and_ten_equal_answers(
    billchat: ServiceFixture,
) -> None:
    visitor = await billchat.visitor()
    answers = await asyncio.gather(*(visitor.try_to_say("owes@example.com", request="the-same-id") for _ in range(10)))
    assert all(isinstance(answer, TurnResult) for answer in answers)
    assert {str(answer.messages) for answer in answers if isinstance(answer, TurnResult)} == {str(answers[0].messages)}
    assert len(await billchat.rows("select 1 from challenges")) == 1


async def test_the_same_id_with_other_words_is_a_conflict(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.try_to_say("hello", request="the-same-id")
    before = await billchat.rows("select * from messages")
    assert await visitor.try_to_say("goodbye", request="the-same-id") == TurnRefusal("conflict")
    assert await visitor.try_to_say(choice="person", request="the-same-id") == TurnRefusal("conflict")
    assert await billchat.rows("select * from messages") == before


async def test_codes_that_differ_are_a_conflict_though_both_are_masked(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    await visitor.try_to_say("111111", request="the-same-id")
    assert await visitor.try_to_say("222222", request="the-same-id") == TurnRefusal("conflict")


async def test_another_sessions_conversation_does_not_exist(billchat: ServiceFixture) -> None:
    visitor, stranger = await billchat.visitor(), await billchat.visitor()
    stranger.conversation = visitor.conversation
    assert await stranger.try_to_say("hello") == TurnRefusal("not_found")


async def test_a_choice_that_was_never_offered_is_a_bad_request(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    assert await visitor.try_to_say(choice="pay_all") == TurnRefusal("bad_request")


async def test_a_choice_that_was_offered_earlier_is_answered_kindly(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    await visitor.say(await billchat.code(visitor.conversation))
    answer = await visitor.choose("other_identifier")
    assert answer.messages[0].author == "customer"
    assert "£" not in told(answer)


async def test_a_turn_that_breaks_leaves_nothing_behind(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await billchat.visitor()
    before = await billchat.rows("select * from messages"), await billchat.rows("select * from conversations")

    def broken(*args: object) -> Event:
        raise RuntimeError("the disk of the code is full")

    with monkeypatch.context() as patch:
        patch.setattr(verification.codes, "issue", broken)
        with pytest.raises(RuntimeError):
            await visitor.try_to_say("owes@example.com", request="the-same-id")
    assert before == (await billchat.rows("select * from messages"), await billchat.rows("select * from conversations"))
    again = await visitor.try_to_say("owes@example.com", request="the-same-id")
    assert isinstance(again, TurnResult)
    assert not again.replayed


async def test_two_channels_may_listen_at_once_and_one_that_breaks_takes_nothing_from_the_others(
    billchat: ServiceFixture,
) -> None:
    first: list[TurnResult] = []
    second: list[TurnResult] = []

    async def broken(result: TurnResult) -> None:
        raise RuntimeError("this channel is broken")

    async def listen(to: list[TurnResult], result: TurnResult) -> None:
        to.append(result)

    billchat.turns.subscribe(broken)
    billchat.turns.subscribe(partial(listen, first))
    billchat.turns.subscribe(partial(listen, second))
    visitor = await billchat.visitor()
    said = await visitor.say("hello")
    assert first == second
    assert first[-1] == said


async def test_everybody_who_sends_letters_is_woken(billchat: ServiceFixture) -> None:
    woken: list[str] = []
    billchat.turns.when_queued(lambda: woken.append("one"))
    billchat.turns.when_queued(lambda: woken.append("other"))
    visitor = await billchat.visitor()
    assert woken == []
    await visitor.say("owes@example.com")
    assert woken == ["one", "other"]


def test_a_turn_knows_no_channel() -> None:
    for path in Path(conversations.__file__).parent.rglob("*.py"):
        assert "chatbot.channels" not in path.read_text("utf-8"), path


async def test_what_happens_outside_is_told_to_the_conversation(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.choose(choices(await visitor.verify())[0])
    event = Event("payment_failed", {"amount_minor": 4250, "currency": "GBP"})
    await billchat.turns.apply_external_event(visitor.conversation, lambda tx: event)
    assert [answer.conversation for answer in billchat.told] == [visitor.conversation]
    assert "£42.50" in told(billchat.told[0])


async def test_no_code_token_or_card_number_reaches_the_disk(billchat: ServiceFixture, tmp_path: Path) -> None:
    visitor = await billchat.visitor()
    await visitor.say("my card is 4242 4242 4242 4242, cvv 737")
    await visitor.say("owes@example.com")
    code = await billchat.code(visitor.conversation)
    wrong = "000000" if code != "000000" else "000001"
    await visitor.say(wrong)
    statement = await visitor.say(f"{code[:3]} {code[3:]}")
    link = await visitor.choose(choices(statement)[0])
    token = billchat.wire(link)[-1]["card"]["url"].rpartition("/")[2]
    await visitor.say(f"was it {code} or {wrong}?")
    # Whole words, since three or six digits stand in some random id by chance.
    kept = await everything_kept(billchat)
    assert "owes@example.com" in kept, "the scan must be able to find something"
    for secret in (code, wrong, f"{code[:3]} {code[3:]}", "4242 4242", "737"):
        assert not re.search(rf"(?<![\w-]){secret}(?![\w-])", kept)
    await billchat.close()
    on_disk = bytes_of(tmp_path) or kept.encode()  # a server's files are not ours to read
    assert b"owes@example.com" in on_disk
    for secret in (token, "4242 4242 4242", "4242424242424242", "cvv 737"):
        assert secret.encode() not in on_disk
