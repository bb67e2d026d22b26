"""Payment pages open from addresses that were copied with what stood around them."""

import pytest

from chatbot.payments.copied_address import clean_address
from tests.payment_fixture import PaymentFixture

COPIED = [
    "{}.",
    "{}/",
    "{},",
    "{})",
    "{}).",
    "{}/.",
    "{}…",
    "{}%20",
    "{}”",
    "{}%E3%80%82",
    "{}*",
    "{}_",
    "<{}>",
    "/{}",
    "“{}”",
]
TOKEN = "_aB3-" * 8 + "xYz"


@pytest.mark.parametrize("copied", COPIED)
async def test_a_link_opens_though_punctuation_was_copied_with_it(paying: PaymentFixture, copied: str) -> None:
    for path, words in (("", "You’re paying Northwind"), ("/done", "You’re paying Northwind")):
        async with paying.client.get(f"/pay/{copied.format(paying.token + path)}") as response:
            assert response.status == 200
            assert words.partition(" Northwind")[0] in await response.text()
            assert response.url.path == f"/pay/{paying.token}"


@pytest.mark.parametrize(
    "path", ["/pay/{}", "/pay/{}/done", "/pay/{}x", "/pay/{}/other", "/pay/x{}.", "/pay/{}.x", "/pay/"]
)
def test_a_path_that_is_no_copied_address_is_left_alone(path: str) -> None:
    assert clean_address(path.format(TOKEN)) is None


@pytest.mark.parametrize("path", ["x.", "x/", "A" * 43 + ".", "%FF.", "%ED%A0%80/", "a/b/c", "." * 4000])
async def test_an_unknown_token_gets_the_same_kind_answer_with_punctuation(paying: PaymentFixture, path: str) -> None:
    async with paying.client.get(f"/pay/{path}") as response:
        assert response.status == 404
        assert "We don’t know this link" in await response.text()
