"""The network address that a request counts for, with honest and forged headers."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from chatbot.http.client_address import FORWARDING_HEADERS, client_address, is_internal

PROXIES = ["10.0.0.0/8", "::1"]


def request(remote: str | None, *forwarded: str, header: str = "X-Forwarded-For") -> web.Request:
    headers = CIMultiDict([(header, line) for line in forwarded])
    mocked = make_mocked_request("GET", "/", headers=headers).clone(remote=remote or "")
    assert isinstance(mocked, web.Request)
    return mocked


def test_a_header_from_an_untrusted_client_is_ignored() -> None:
    assert client_address(request("203.0.113.9", "198.51.100.1"), PROXIES) == "203.0.113.9"
    assert client_address(request("203.0.113.9", "10.0.0.1"), PROXIES) == "203.0.113.9"


def test_a_trusted_proxy_is_believed_about_its_own_client_only() -> None:
    assert client_address(request("10.0.0.1", "198.51.100.1, 203.0.113.9"), PROXIES) == "203.0.113.9"
    assert client_address(request("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.2.2.2"), PROXIES) == "203.0.113.9"


def test_a_header_line_added_by_the_proxy_wins_over_the_clients_own() -> None:
    assert client_address(request("10.0.0.1", "198.51.100.1", "203.0.113.9"), PROXIES) == "203.0.113.9"


def test_a_proxy_that_forwards_no_address_counts_as_the_client() -> None:
    assert client_address(request("10.0.0.1"), PROXIES) == "10.0.0.1"
    assert client_address(request("10.0.0.1", " , "), PROXIES) == "10.0.0.1"


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("nonsense", "unknown"),
        ("", "10.0.0.1"),
    ],
)
def test_addresses_are_parsed_in_every_notation(written: str, counted: str) -> None:
    assert client_address(request("10.0.0.1", written), PROXIES) == counted


def test_an_ipv4_proxy_on_an_ipv6_socket_is_still_trusted() -> None:
    assert client_address(request("::ffff:10.0.0.1", "203.0.113.9"), PROXIES) == "203.0.113.9"


def test_sixty_four_bits_of_an_ipv6_network_are_one_address() -> None:
    near = {client_address(request(f"2001:db8:1:2::{last}"), []) for last in range(1, 50)}
    assert len(near) == 1
    assert client_address(request("2001:db8:1:3::1"), []) not in near


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), max_size=4))
def test_no_header_breaks_the_parser(lines: list[str]) -> None:
    assert client_address(request("10.0.0.1", *lines), PROXIES)


@pytest.mark.parametrize(
    ("remote", "forwarded", "internal"),
    [
        ("127.0.0.1", [], True),
        ("10.0.0.1", [], True),
        ("192.168.1.5", [], True),
        ("8.8.8.8", [], False),
        ("10.0.0.1", ["8.8.8.8"], False),
        ("10.0.0.1", ["10.9.9.9"], True),
        ("192.168.1.5", ["10.9.9.9"], False),
        ("8.8.8.8", ["127.0.0.1"], False),
        ("10.0.0.1", ["nonsense"], False),
        ("", [], False),
    ],
)
def test_a_request_is_internal_if_its_client_is_known_and_private(
    remote: str, forwarded: list[str], internal: bool
) -> None:
    assert is_internal(request(remote, *forwarded), PROXIES) is internal


@pytest.mark.parametrize(
    "remote",
    [
        "2002:c000:204::1", "2001:0:53aa:64c::1", "64:ff9b::7f00:1", "::ffff:8.8.8.8", "2001:db8::1", "192.0.2.1",
        "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "0.0.0.1", "169.254.1.1", "100.64.0.1", "::",
        "fe80::1", "::127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_only_looks_private_is_a_strangers(remote: str) -> None:
    assert not is_internal(request(remote), PROXIES)
    assert not is_internal(request("10.0.0.1", remote), PROXIES)


@pytest.mark.parametrize(
    "remote", ["127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.0.9", "fd00::1", "::ffff:10.0.0.1"]
)
def test_an_address_of_a_private_network_is_internal(remote: str) -> None:
    assert is_internal(request(remote), [])


@pytest.mark.parametrize("header", FORWARDING_HEADERS)
def test_a_request_that_was_forwarded_without_its_clients_address_is_a_strangers(header: str) -> None:
    value = "for=10.0.0.9" if header == "Forwarded" else "10.0.0.9"
    headers = CIMultiDict([(header, value)])
    for remote in ("127.0.0.1", "10.0.0.1"):
        forwarded = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
        assert isinstance(forwarded, web.Request)
        assert is_internal(forwarded, PROXIES) is (header == "X-Forwarded-For" and remote == "10.0.0.1")


def test_of_two_ways_to_forward_neither_is_believed() -> None:
    headers = CIMultiDict([("X-Forwarded-For", "10.0.0.9"), ("Forwarded", "for=8.8.8.8")])
    both = make_mocked_request("GET", "/", headers=headers).clone(remote="10.0.0.1")
    assert isinstance(both, web.Request)
    assert not is_internal(both, PROXIES)
