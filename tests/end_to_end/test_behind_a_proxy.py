"""The proxies of docs/operating.md before the service: bills are paid through them, and nobody can claim an address."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.customer import Customer, new_id
from tests.end_to_end.html_forms import submit
from tests.end_to_end.raw_socket import RawSocket
from tests.end_to_end.reverse_proxies import NGINX_ADDRESS, PROXIES, logged_text, proxy
from tests.ports import free_port

BehindProxy = Callable[..., tuple[ConfiguredDemo, str]]


@pytest.fixture
def behind_proxy(tmp_path: Path, start_demo: Callable[[dict[str, Any]], ConfiguredDemo]) -> Iterator[BehindProxy]:
    """Starts a demo that trusts the listed addresses, behind a proxy; returns the demo and the proxy's address."""
    with ExitStack() as ends:

        def start(name: str, *trusted: str) -> tuple[ConfiguredDemo, str]:
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            demo = start_demo({"server": {"public_url": url, "trusted_proxies": list(trusted)}})
            ends.enter_context(proxy(name, tmp_path / name, port, demo.port))
            return demo, url

        yield start


async def give_an_email(url: str, email: str, **headers: str) -> None:
    async with RawSocket.open(url, headers=headers) as raw:
        conversation = (await raw.ask("start", {"id": new_id(), "action": "pay_bill"}))["conversation"]
        await raw.ask("say", {"conversation": conversation, "id": new_id(), "text": email})


def addresses(demo: ConfiguredDemo) -> int:
    """From how many network addresses emails were given, as the limits count them."""
    [(count,)] = demo.query("select count(distinct subject) from attempts_log where kind = 'identifier_tried'")
    return int(count)


@pytest.mark.parametrize("name", PROXIES)
async def test_a_bill_is_paid_through_the_proxy(behind_proxy: BehindProxy, name: str, tmp_path: Path) -> None:
    demo, url = behind_proxy(name, NGINX_ADDRESS, "127.0.0.1")
    customer = await Customer(url).connect()
    await customer.start("pay_bill")
    await customer.say("owes@example.com")
    await customer.say(demo.code_for("owes@example.com"))
    await customer.choose("pay_all")
    link = (await customer.wait_for_card("payment_link"))["url"]
    assert link.startswith(f"{url}/pay/")
    async with aiohttp.ClientSession() as http:
        await submit(http, await submit(http, link, "pay"), "approve")
    await customer.wait_for_card("receipt")
    await customer.leave()
    assert link.rpartition("/")[2] not in logged_text(tmp_path / name)


@pytest.mark.parametrize("name", PROXIES)
async def test_a_network_without_websockets_polls_through_the_proxy(behind_proxy: BehindProxy, name: str) -> None:
    _, url = behind_proxy(name, NGINX_ADDRESS, "127.0.0.1")
    customer = await Customer(url).connect(["polling"])
    assert (await customer.start("pay_bill"))[-1]["expects"] == "identifier"
    await customer.leave()


@pytest.mark.parametrize("name", PROXIES)
async def test_what_is_for_inside_does_not_pass_the_proxy(behind_proxy: BehindProxy, name: str) -> None:
    demo, url = behind_proxy(name, NGINX_ADDRESS, "127.0.0.1")
    async with aiohttp.ClientSession() as http:
        for path in ("/metrics", "/readyz"):
            async with http.get(url + path) as hidden, http.get(demo.url + path) as shown:
                assert (hidden.status, shown.status) == (404, 200)


@pytest.mark.parametrize("name", PROXIES)
async def test_every_security_header_arrives_once(behind_proxy: BehindProxy, name: str) -> None:
    _, url = behind_proxy(name, NGINX_ADDRESS, "127.0.0.1")
    async with aiohttp.ClientSession() as http, http.get(f"{url}/chat") as page:
        once = ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
        assert [len(page.headers.getall(header, [])) for header in once] == [1, 1, 1, 1]


async def test_a_listed_proxy_is_believed_about_its_callers_and_callers_are_not(behind_proxy: BehindProxy) -> None:
    demo, url = behind_proxy("nginx", NGINX_ADDRESS)
    await give_an_email(demo.url, "owes@example.com")
    await give_an_email(url, "dd@example.com")
    assert addresses(demo) == 1, "the same caller, with the proxy and without"
    for number in range(3):
        claim = f"198.51.100.{number}"
        await give_an_email(url, f"p{number}@example.com", **{"X-Forwarded-For": claim, "X-Real-IP": claim})
        await give_an_email(demo.url, f"q{number}@example.com", **{"X-Forwarded-For": claim})
    assert addresses(demo) == 1


async def test_a_proxy_that_is_not_listed_is_not_believed(behind_proxy: BehindProxy) -> None:
    demo, url = behind_proxy("nginx", "192.0.2.1")
    await give_an_email(demo.url, "owes@example.com")
    await give_an_email(url, "dd@example.com")
    assert addresses(demo) == 2, "the proxy's own address counts"


async def test_claimed_addresses_do_not_pass_caddy(behind_proxy: BehindProxy) -> None:
    demo, url = behind_proxy("caddy", "127.0.0.1")
    for number in range(3):
        await give_an_email(url, f"p{number}@example.com", **{"X-Forwarded-For": f"198.51.100.{number}"})
    assert addresses(demo) == 1


@pytest.mark.parametrize("name", PROXIES)
async def test_a_link_is_not_logged_even_while_nobody_is_behind_the_proxy(name: str, tmp_path: Path) -> None:
    port = free_port()
    with proxy(name, tmp_path / name, port, free_port()):
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/pay/a-secret-token") as answer:
            assert answer.status == 502
    assert "a-secret-token" not in logged_text(tmp_path / name)
