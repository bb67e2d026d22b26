"""The wire contract, over a real socket to a real server."""

import asyncio

import aiohttp
import pytest

from tests.end_to_end.customer import Customer, new_id, offered, texts
from tests.end_to_end.demo_server import DemoServer
from tests.end_to_end.html_forms import submit
from tests.waiting import wait_until


async def verified(customer: Customer, demo: DemoServer, identifier: str) -> None:
    await customer.start("pay_bill")
    before = demo.letters_to(identifier)
    answer = await customer.say(identifier)
    assert answer[-1]["expects"] == "code"
    await customer.say(await asyncio.to_thread(demo.code_for, identifier, before))


async def test_the_welcome_has_all_that_the_contract_names(customer: Customer) -> None:
    assert set(customer.welcome) == {
        "session", "locale", "brand", "actions", "conversations", "agents_online", "now",
    }  # fmt: skip
    assert customer.welcome["brand"]["name"]
    assert "pay_bill" in [action["id"] for action in customer.welcome["actions"]]


@pytest.mark.parametrize("identifier", ["owes@example.com", "+447700900001"])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_bill_is_paid_and_the_receipt_arrives_by_itself(
    demo: DemoServer, identifier: str, transport: str
) -> None:
    customer = await Customer(demo.url).connect([transport])
    await verified(customer, demo, identifier)
    balance = await customer.wait_for_card("balance")
    assert (balance["amount_minor"], balance["formatted"]) == (4250, "£42.50")
    assert len(balance["invoices"]) == 2
    await customer.choose("pay_all")
    link = await customer.wait_for_card("payment_link")
    async with aiohttp.ClientSession() as http:
        hosted = await submit(http, link["url"], "pay")
        await submit(http, hosted, "approve")
    receipt = await customer.wait_for_card("receipt")
    assert receipt["amount_minor"] == 4250
    assert [m["seq"] for m in customer.messages.values()] == list(range(1, len(customer.messages) + 1))
    await customer.leave()


async def test_a_direct_debit_is_told_with_its_date_and_amount(customer: Customer, demo: DemoServer) -> None:
    await verified(customer, demo, "dd@example.com")
    card = await customer.wait_for_card("direct_debit")
    assert card["formatted"] == "£34.80"
    assert card["next_on"]


async def test_another_device_of_the_same_browser_hears_everything(customer: Customer, demo: DemoServer) -> None:
    other = await Customer(demo.url, session=customer.session).connect()
    await customer.start()
    other.conversation = customer.conversation
    said = await customer.say("hello")
    await wait_until(lambda: said[-1]["seq"] in other.messages)
    assert other.messages[said[-1]["seq"]] == said[-1]
    await other.leave()


async def test_a_socket_cut_right_after_sending_gets_the_missed_reply(customer: Customer, demo: DemoServer) -> None:
    await customer.start()
    request = new_id()
    await customer._client.emit(
        "say", {"conversation": customer.conversation, "id": request, "text": "hello"}, namespace="/chat"
    )
    await customer.cut()
    back = await Customer(demo.url, session=customer.session).connect()
    back.conversation, back.messages = customer.conversation, customer.messages
    assert back.welcome["conversations"][0]["id"] == customer.conversation
    caught_up = await back.say("hello", request=request)
    assert caught_up[0]["from"] == "customer"
    assert [m["seq"] for m in await back.open(0)] == list(range(1, max(back.messages) + 1))
    await back.leave()


async def test_ten_equal_starts_begin_one_conversation(customer: Customer) -> None:
    request = new_id()
    answers = await asyncio.gather(*(customer.ask("start", {"id": request, "action": "pay_bill"}) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)


async def test_spanish_is_spoken_to_who_asks_for_it(demo: DemoServer) -> None:
    customer = await Customer(demo.url, locale="es-MX").connect()
    assert customer.welcome["locale"] == "es"
    assert "factura" in texts(await customer.start())
    await customer.leave()


async def test_a_person_is_asked_for_and_the_message_is_mailed(customer: Customer, demo: DemoServer) -> None:
    await customer.start("person")
    await customer.say("Hello")
    await customer.say("My bill <b>looks</b> wrong & I am worried")
    for text in ("that's all", "worried@example.com", "send it"):
        await customer.say(text)
    await asyncio.to_thread(demo.letter_saying, "looks")


async def test_many_accounts_are_offered_with_the_owing_one_first(customer: Customer, demo: DemoServer) -> None:
    await verified(customer, demo, "many@example.com")
    choices = offered(list(customer.messages.values()))
    assert len([choice for choice in choices if choice.startswith("account:")]) == 2
    await customer.choose(choices[0])
    assert (await customer.wait_for_card("balance"))["amount_minor"] == 3120
