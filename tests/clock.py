"""A clock that tests set."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that moves only by `forward`."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        """Move the time, as in `forward(minutes=15)`."""
        self.at += timedelta(**by)
