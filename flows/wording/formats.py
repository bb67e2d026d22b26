"""Amounts, dates and lengths of time as a locale writes them, through Babel."""

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import NumberPattern, format_currency, get_currency_symbol, parse_pattern
from babel.units import format_unit

from flows.effects import FullDate, Money, Wait
from flows.wording.currencies import decimals

CODE_BEFORE_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")
"""The place for a space in "CHF5"."""

UNITS = ((3600, "duration-hour"), (60, "duration-minute"), (1, "duration-second"))
TWO_MINUTES = 120
FALLBACK = "en-GB"


def known_locale(name: str) -> Locale | None:
    """Return a locale such as en-GB; None if Babel does not know it."""
    try:
        return Locale.parse(name.strip(), sep="-")
    except (UnknownLocaleError, ValueError):
        return None


class Formats:
    """The formats of one locale (en-GB); an unknown one uses the fallback's.

    Formatted days, times and waits are cached, because the same ones recur. Amounts are not: their pattern is cached by
    currency and number of digits.
    """

    def __init__(self, name: str) -> None:
        self.locale = known_locale(name) or Locale.parse(FALLBACK, sep="-")
        self._pattern: Callable[[str, int, bool], str] = cache(self._money_pattern)
        self.day: Callable[[date], str] = lru_cache(1024)(self._day)
        self.full_day: Callable[[date], str] = lru_cache(1024)(self._full_day)
        self._minute: Callable[[datetime, tzinfo], str] = lru_cache(1024)(self._moment)
        self.wait: Callable[[Wait], str] = lru_cache(512)(self._wait)

    def format(self, value: object, zone: tzinfo) -> str:
        """Return any supported value in words, times on the clock of `zone`. Raises TypeError for another type."""
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
        """Return £42.50: minor units as major ones, exact, by the currency's number of decimals."""
        digits = str(abs(money.minor)).zfill(decimals(money.currency) + 1)
        return self._pattern(money.currency, len(digits), money.minor < 0) % tuple(digits)

    def moment(self, moment: datetime, zone: tzinfo) -> str:
        """Return 3 December, 14:05, on the clock of `zone`."""
        return self._minute(moment.replace(second=0, microsecond=0), zone)

    def _money_pattern(self, currency: str, digits: int, negative: bool) -> str:
        """Return the pattern of an amount with so many digits: "£%s%s.%s%s"."""
        ones = Decimal("1" * digits).scaleb(-decimals(currency))
        pattern = _with_decimals(self.locale.currency_formats["standard"], decimals(currency))
        text = format_currency(
            -ones if negative else ones, currency, pattern, locale=self.locale, currency_digits=False
        )
        # Some locales write the code instead of the sign: "42,50 £" is wanted, not "42,50 GBP".
        text = text.replace(currency, get_currency_symbol(currency, "en"))
        text = CODE_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", text)
        return text.replace("%", "%%").replace("1", "%s")

    def _day(self, day: date) -> str:
        """Return 3 December."""
        return format_skeleton("MMMMd", day, locale=self.locale)

    def _full_day(self, day: date) -> str:
        """Return 3 December 2026."""
        return format_date(day, "long", locale=self.locale)

    def _moment(self, moment: datetime, zone: tzinfo) -> str:
        local = moment.astimezone(zone)
        return f"{self._day(local)}, {format_time(local, 'short', locale=self.locale)}"

    def _wait(self, wait: Wait) -> str:
        """Return 45 seconds, 2 minutes, 3 hours: rounded up, so that nobody comes back too early."""
        seconds = max(1, wait.seconds)
        size, unit = next((s, u) for s, u in UNITS if seconds >= s and (s == 1 or seconds >= TWO_MINUTES))
        return format_unit(-(-seconds // size), unit, length="long", locale=self.locale)


def _with_decimals(pattern: NumberPattern, digits: int) -> NumberPattern:
    """Return a copy of a locale's pattern with a fixed number of decimals."""
    fixed = parse_pattern(pattern.pattern)
    fixed.frac_prec = (digits, digits)
    return fixed
