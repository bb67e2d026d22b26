"""Currencies and their minor units, from ISO 4217's own table.

Amounts are stored in ISO 4217's minor units, as the company's billing and the gateways count them. Babel is asked for
signs and patterns only: its CLDR data hold the customary number of decimals, which differs (RSD has two in ISO 4217 and
none in CLDR) and changes between releases.
"""

from collections.abc import Mapping
from types import MappingProxyType

import iso4217

DEFAULT_DECIMALS = 2
"""Decimals of a code outside the table: accounts opened before such codes were refused."""

_UNITS_OF_ACCOUNT = frozenset({"UYW", "XAD"})
"""Units that index or settle other amounts. ISO 4217 marks most of their kind as funds, but not these."""


def _entries() -> Mapping[str, tuple[str, bool]]:
    """Return the minor units and the fund mark of each code in use."""
    entries = {}
    for row in iso4217.raw_xml.iterfind("CcyTbl/CcyNtry"):
        code, name = row.findtext("Ccy"), row.find("CcyNm")
        if code is not None and name is not None:  # Antarctica has no currency
            entries[code] = (row.findtext("CcyMnrUnts", ""), name.get("IsFund") is not None)
    return entries


_ENTRIES = _entries()

MINOR_UNITS: Mapping[str, int] = MappingProxyType(
    {code: int(units) for code, (units, _) in _ENTRIES.items() if units.isdecimal()}
)
"""The number of decimals of each code that has minor units: 2 for GBP, 0 for JPY, 3 for KWD."""

ACCOUNT_CURRENCIES = (
    frozenset(code for code, (_, is_fund) in _ENTRIES.items() if code in MINOR_UNITS and not is_fund)
    - _UNITS_OF_ACCOUNT
)
"""The currencies of accounts: money that people pay with. Funds, metals, test codes and withdrawn ones are none."""


def decimals(currency: str) -> int:
    """Return the number of decimals of a currency: 2 for pounds, 0 for yen."""
    return MINOR_UNITS.get(currency, DEFAULT_DECIMALS)
