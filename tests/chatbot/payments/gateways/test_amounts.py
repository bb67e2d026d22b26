"""Amounts of providers in major units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.payments.gateways.amounts import from_major, to_major
from flows.wording.currencies import ACCOUNT_CURRENCIES


@pytest.mark.parametrize(
    ("minor", "currency", "major"),
    [
        (4250, "GBP", "42.50"),
        (450000, "RSD", "4500.00"),
        (4500, "JPY", "4500"),
        (4500, "KWD", "4.500"),
        (5, "EUR", "0.05"),
    ],
)
def test_a_provider_is_asked_for_the_amount_of_the_ledger(minor: int, currency: str, major: str) -> None:
    assert to_major(minor, currency) == major
    assert from_major(major, currency) == minor


@given(minor=st.integers(-(2**53), 2**53), currency=st.sampled_from(sorted(ACCOUNT_CURRENCIES)))
def test_an_amount_comes_back_from_major_units_as_it_went(minor: int, currency: str) -> None:
    assert from_major(to_major(minor, currency), currency) == minor


def test_a_provider_with_fewer_decimals_gets_no_rounded_amount() -> None:
    assert to_major(450000, "HUF", decimals=0) == "4500"
    with pytest.raises(ValueError, match="more than 0 decimals"):
        to_major(450050, "HUF", decimals=0)


@pytest.mark.parametrize("major", ["", "abc", "NaN", "Infinity", "1.005", "0,50"])
def test_text_that_is_no_amount_is_never_booked(major: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        from_major(major, "GBP")
