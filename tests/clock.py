"""A clock that tests hand in and move."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until it is told to move on."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        """Move on: forward(minutes=15)."""
        self.at += timedelta(**by)
