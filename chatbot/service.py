"""The parts shared by the whole service: settings, clock, database, keys, words and metrics."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import time_ns
from typing import Protocol
from zoneinfo import ZoneInfo

from chatbot.config.settings import Settings
from chatbot.http.refusals import Refusals
from chatbot.keys import Keys
from chatbot.metrics import Metrics
from flows.wording.words import Words
from store.database import Database
from store.drivers.opening import open_database


class Clock(Protocol):
    """A source of the current time; tests pass their own."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""


class SystemClock:
    """The system clock."""

    def now(self) -> datetime:
        """Return the current time in UTC, to the millisecond, so that a stored time reads back equal."""
        return datetime.fromtimestamp(time_ns() // 1_000_000 / 1000, UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """The shared parts, opened once per process by `open_service`."""

    settings: Settings
    clock: Clock
    database: Database
    keys: Keys
    words: Words
    metrics: Metrics
    zone: ZoneInfo = field(init=False)
    """The company's time zone, for customers' dates and times."""
    has_gateway: bool = field(init=False)
    """Whether customers can pay by a link; if not, they are told the other ways to pay."""
    refusals: Refusals = field(init=False)
    """Counts and logs what the limits of addresses and connections refuse."""

    def __post_init__(self) -> None:
        # Looked up once, not in every turn.
        object.__setattr__(self, "zone", self.settings.zone)
        object.__setattr__(self, "has_gateway", self.settings.payments.has_gateway)
        object.__setattr__(self, "refusals", Refusals(self.metrics.slowed_down))

    def local_now(self) -> datetime:
        """Return the present moment in the company's time zone, by whose date invoices are overdue."""
        return self.clock.now().astimezone(self.zone)


def open_service(settings: Settings, clock: Clock | None = None) -> Service:
    """Open the shared parts. The database is connected but not yet migrated."""
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
