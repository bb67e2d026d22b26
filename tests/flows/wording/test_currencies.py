"""Currencies by ISO 4217, whatever Babel's data say."""

import re

import pytest

from flows.effects import Money
from flows.wording.currencies import ACCOUNT_CURRENCIES, decimals
from flows.wording.formats import Formats

# ISO 4217 list one of 1 January 2026, by decimals. A release of the table that changes one must fail here: amounts that
# are stored already would change their value.
NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
TWO_DECIMALS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
DECIMALS = {
    code: number
    for number, codes in ((0, NO_DECIMALS), (2, TWO_DECIMALS), (3, THREE_DECIMALS))
    for code in codes.split()
}


def test_every_currency_of_an_account_is_in_the_table() -> None:
    assert set(DECIMALS) == ACCOUNT_CURRENCIES


@pytest.mark.parametrize("code", sorted(DECIMALS))
def test_an_amount_is_written_with_the_decimals_of_iso_4217(code: str) -> None:
    assert decimals(code) == DECIMALS[code]
    written = re.search(r"\d[\d,.]*", Formats("en-GB").money(Money(-450000, code)))
    assert written is not None
    assert written.group() == ("450,000", "", "4,500.00", "450.000")[DECIMALS[code]]


def test_serbian_dinars_are_not_told_a_hundredfold() -> None:
    assert Formats("en-GB").money(Money(450000, "RSD")) == "RSD\N{NO-BREAK SPACE}4,500.00"
    assert Formats("sr-RS").money(Money(450000, "RSD")).startswith("4.500,00\N{NO-BREAK SPACE}")


def test_a_release_of_babel_changes_no_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("babel.numbers.get_currency_precision", lambda currency: 0)  # as Babel 2.19 does for HUF
    assert Formats("es-ES").money(Money(4250, "HUF")) == "42,50\N{NO-BREAK SPACE}HUF"


@pytest.mark.parametrize(
    "code", ["XXX", "XTS", "XAU", "XDR", "XAD", "CLF", "UYW", "USN", "CHE", "DEM", "HRK", "BGN", "gbp", ""]
)
def test_special_and_withdrawn_codes_are_no_currencies_of_an_account(code: str) -> None:
    assert code not in ACCOUNT_CURRENCIES


@pytest.mark.parametrize("code", ["XXX", "DEM", "BGN"])
def test_an_account_that_was_opened_in_such_a_code_still_reads(code: str) -> None:
    assert "42.50" in Formats("en-GB").money(Money(4250, code))
