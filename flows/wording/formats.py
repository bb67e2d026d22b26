"""Amounts, dates and lengths of time in a country's way of writing, through Babel."""

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from babel.units import format_unit

from flows.effects import FullDate, Money, Wait

CODE_BEFORE_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")
"""Where "CHF5" wants a space."""

UNITS = ((3600, "duration-hour"), (60, "duration-minute"), (1, "duration-second"))
TWO_MINUTES = 120
FALLBACK = "en-GB"


@cache
def decimals(currency: str) -> int:
    """How many decimals amounts in a currency have: 2 for pounds, none for yen."""
    return get_currency_precision(currency)


def known_locale(name: str) -> Locale | None:
    """A locale such as en-GB; None where nobody has described it."""
    try:
        return Locale.parse(name.strip(), sep="-")
    except (UnknownLocaleError, ValueError):
        return None


class Formats:
    """How one country writes, by its locale (en-GB); an unknown one writes as the fallback does.

    Days, times and waits are kept, since the same ones are told again and again. Amounts are not: of them it is known
    how one with so many digits is written.
    """

    def __init__(self, name: str) -> None:
        self.locale = known_locale(name) or Locale.parse(FALLBACK, sep="-")
        self._shape: Callable[[str, int, bool], str] = cache(self._money_shape)
        self.day: Callable[[date], str] = lru_cache(1024)(self._day)
        self.full_day: Callable[[date], str] = lru_cache(1024)(self._full_day)
        self._minute: Callable[[datetime, tzinfo], str] = lru_cache(1024)(self._moment)
        self.wait: Callable[[Wait], str] = lru_cache(512)(self._wait)

    def told(self, value: object, zone: tzinfo) -> str:
        """Any figure. Times are told on the clock of `zone`; TypeError for what is no figure."""
        match value:
            case Money():
                return self.money(value)
            case datetime():
                return self.moment(value, zone)
            case date():
                return self.day(value)
            case FullDate():
                return self.full_day(value.day)
            case Wait():
                return self.wait(value)
        raise TypeError(f"no words for {type(value).__name__}")

    def money(self, money: Money) -> str:
        """£42.50. Minor units become major ones by the currency's own number of decimals, exactly."""
        digits = str(abs(money.minor)).zfill(decimals(money.currency) + 1)
        return self._shape(money.currency, len(digits), money.minor < 0) % tuple(digits)

    def moment(self, moment: datetime, zone: tzinfo) -> str:
        """3 December, 14:05, on the clock of `zone`."""
        return self._minute(moment.replace(second=0, microsecond=0), zone)

    def _money_shape(self, currency: str, digits: int, negative: bool) -> str:
        """An amount of so many digits, with a %s in place of each: "£%s%s.%s%s"."""
        ones = Decimal("1" * digits).scaleb(-decimals(currency))
        told = format_currency(-ones if negative else ones, currency, locale=self.locale)
        # Some locales write a code where readers know the sign: "42,50 £", not "42,50 GBP".
        told = told.replace(currency, get_currency_symbol(currency, "en"))
        told = CODE_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", told)
        return told.replace("%", "%%").replace("1", "%s")

    def _day(self, day: date) -> str:
        """3 December."""
        return format_skeleton("MMMMd", day, locale=self.locale)

    def _full_day(self, day: date) -> str:
        """3 December 2026."""
        return format_date(day, "long", locale=self.locale)

    def _moment(self, moment: datetime, zone: tzinfo) -> str:
        there = moment.astimezone(zone)
        return f"{self._day(there)}, {format_time(there, 'short', locale=self.locale)}"

    def _wait(self, wait: Wait) -> str:
        """45 seconds, 2 minutes, 3 hours: rounded up, so that nobody comes back too early."""
        seconds = max(1, wait.seconds)
        size, unit = next((s, u) for s, u in UNITS if seconds >= s and (s == 1 or seconds >= TWO_MINUTES))
        return format_unit(-(-seconds // size), unit, length="long", locale=self.locale)
