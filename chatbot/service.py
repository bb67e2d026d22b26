"""What every part of the running service shares."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import time_ns
from typing import Protocol
from zoneinfo import ZoneInfo

from chatbot.config.settings import Settings
from chatbot.keys import Keys
from chatbot.metrics import Metrics
from flows.wording.words import Words
from store.database import Database
from store.drivers.opening import open_database


class Clock(Protocol):
    """Tells the time; tests hand in their own."""

    def now(self) -> datetime:
        """Return the time now, aware and in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time now, aware and in UTC, to the millisecond: a moment that is stored stays the same."""
        return datetime.fromtimestamp(time_ns() // 1_000_000 / 1000, UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """The parts that the rest is built from: made once, in `chatbot.app`."""

    settings: Settings
    clock: Clock
    database: Database
    keys: Keys
    words: Words
    metrics: Metrics
    zone: ZoneInfo = field(init=False)
    """The company's time zone, for customers' dates and times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", self.settings.zone)  # looked up once, not in every turn


def open_service(settings: Settings, clock: Clock | None = None) -> Service:
    """Put together what every part shares. The database is open, but its schema is not yet brought up to date."""
    key = settings.secrets.key
    assert key is not None, "checked before anything starts"
    languages = settings.languages
    return Service(
        settings=settings,
        clock=clock or SystemClock(),
        database=open_database(settings.database.url),
        keys=Keys(key.get_secret_value()),
        words=Words(languages.overrides, languages.offered, languages.default),
        metrics=Metrics(),
    )
