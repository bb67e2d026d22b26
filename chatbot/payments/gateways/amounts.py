"""Amounts for providers that count in major units: 42.50 instead of 4250, exact, by the decimals of ISO 4217.

A provider whose table differs from ISO 4217 passes its own number of decimals.
"""

from decimal import Decimal, InvalidOperation

from flows.wording.currencies import decimals as iso_decimals


def to_major(minor: int, currency: str, *, decimals: int | None = None) -> str:
    """Return minor units of the ledger as a decimal string: "42.50" for 4250 GBP.

    Raises ValueError for an amount that so few decimals cannot express.
    """
    amount = Decimal(minor).scaleb(-iso_decimals(currency))
    places = iso_decimals(currency) if decimals is None else decimals
    rounded = amount.quantize(Decimal(1).scaleb(-places))
    if rounded != amount:
        raise ValueError(f"{amount} {currency} needs more than {places} decimals")
    return str(rounded)


def from_major(major: str, currency: str) -> int:
    """Return a provider's decimal string as minor units of the ledger: 4250 for "42.50" GBP.

    Raises ValueError for text that is no amount, or has more decimals than the currency.
    """
    try:
        minor = Decimal(major).scaleb(iso_decimals(currency))
    except InvalidOperation as error:
        raise ValueError("not an amount") from error
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise ValueError(f"not an amount of {currency}")
    return int(minor)
