"""Claims: the rows of the outbox that this process alone may send, as the database knows them.

A claim is a lease. The dispatcher renews it while the message is being sent; it lapses if the process dies, and another
process may claim the row then.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import structlog

from chatbot.delivery.error_site import error_site
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.letters import LetterRenderer
from chatbot.delivery.sender import Failed, Retry
from chatbot.service import Service
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.database import StoreError, Tx

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
# How long a result is retried while the database is away, and how often.
RECORD_TIMEOUT = timedelta(seconds=75)
RECORD_RETRY_S = 1.0


def sending_channel(row: ClaimedMessage) -> str:
    """Return the channel whose sender gets a row; for channel `none` the one that would reach its recipient."""
    if row.channel != outbox.NO_CHANNEL:
        return row.channel
    return "email" if "@" in row.recipient else "sms"


RenderResult = OutgoingMessage | Retry | Failed
"""A message to send, or the result of a row that could not be rendered."""


@dataclass(slots=True)
class Batch:
    """Rows claimed: rendered messages or render errors, superseded rows, next due time.

    `full`: the channels that may have more rows due than they had capacity for.
    """

    rendered: list[tuple[ClaimedMessage, RenderResult]] = field(default_factory=list)
    dropped: list[ClaimedMessage] = field(default_factory=list)
    next_due: datetime | None = None
    full: frozenset[str] = frozenset()


class Claims:
    """Claims rows, renews the claims, and records results. Nothing here changes a row whose claim has lapsed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._renderer = LetterRenderer(service)
        self._unrecorded: dict[tuple[str, int], Callable[[Tx], None]] = {}  # results by row and try

    async def claim(self, capacity: Mapping[str, int]) -> Batch:
        """Claim rows that are due, up to each channel's capacity, and render them in the same transaction."""
        now = self._service.clock.now()
        return await self._service.database.write(lambda tx: self._claim(tx, now, capacity))

    async def renew(self, rows: Sequence[ClaimedMessage]) -> None:
        """Extend claims by a lease from now. While the database is away, nobody else can claim either."""
        if not rows:
            return
        until = self._service.clock.now() + LEASE
        try:
            await self._service.database.write(lambda tx: outbox.extend_claims(tx, rows, until))
        except StoreError as error:
            log.warning("claims on letters could not be held", reason=str(error))

    async def release(self, channels: Iterable[str]) -> None:
        """Let all claims of these channels lapse. Only for the sole dispatcher of a database, before it claims."""
        now, names = self._service.clock.now(), list(channels)
        await self._service.database.write(lambda tx: outbox.release_claims(tx, now, names))

    async def record(self, row: ClaimedMessage, result: Callable[[Tx], None]) -> None:
        """Record the result of a try; retried for a while, then raises StoreError, and the claim lapses."""
        self._unrecorded[row.id, row.tries] = result
        try:
            await self._write_with_retries(result)
        except StoreError:
            del self._unrecorded[row.id, row.tries]
            raise
        del self._unrecorded[row.id, row.tries]

    async def _write_with_retries(self, result: Callable[[Tx], None]) -> None:
        deadline = self._service.clock.now() + RECORD_TIMEOUT
        while True:
            try:
                return await self._service.database.write(result)
            except StoreError:
                if self._service.clock.now() + timedelta(seconds=RECORD_RETRY_S) >= deadline:
                    raise
            await asyncio.sleep(RECORD_RETRY_S)

    async def hand_back(self, rows: Sequence[tuple[ClaimedMessage, timedelta]]) -> None:
        """Return rows to other processes, each after its delay. A result not recorded yet is recorded instead."""
        if not rows:
            return
        now = self._service.clock.now()

        def write(tx: Tx) -> None:
            for row, delay in rows:
                if result := self._unrecorded.get((row.id, row.tries)):
                    result(tx)
                else:
                    outbox.retry(tx, row, now + delay, "interrupted")

        try:
            await self._service.database.write(write)
        except StoreError:
            log.exception("letters could not be given back; they are tried again when their claims lapse")

    def _claim(self, tx: Tx, now: datetime, capacity: Mapping[str, int]) -> Batch:
        """Claim, render and drop rows. Rows of channel `none` are rendered for the channel that they imitate."""
        rows = outbox.claim(tx, now, now + LEASE, capacity)
        superseded = self._renderer.superseded(tx, rows)
        batch = Batch()
        for row in rows:
            rendered = self._render(tx, row)
            needless = isinstance(rendered, OutgoingMessage) and row.id in superseded
            if rendered is None or needless:
                outbox.mark_dropped(tx, row, "not needed")
                batch.dropped.append(row)
            else:
                batch.rendered.append((row, rendered))
        taken = Counter(row.channel for row, _ in batch.rendered)
        not_full = [channel for channel in capacity if taken[channel] < capacity[channel]]
        batch.next_due = outbox.next_due(tx, not_full)
        batch.full = frozenset(outbox.CHANNELS).difference(not_full)
        return batch

    def _render(self, tx: Tx, row: ClaimedMessage) -> RenderResult | None:
        """Render a row; an error is the result of this row alone."""
        try:
            return self._renderer.render(tx, msgspec.structs.replace(row, channel=sending_channel(row)))
        except StoreError:
            raise
        except LookupError as error:
            log.error("a letter could not be put into words", letter=row.id, kind=row.kind, exc_info=error)
            return Failed("unwritable")
        except Exception as error:
            log.error("a letter could not be put into words", letter=row.id, kind=row.kind, where=error_site(error))
            return Retry("broken")
