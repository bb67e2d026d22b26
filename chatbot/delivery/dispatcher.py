"""The dispatcher: sends the messages of the outbox, retries them, and gives up with an error in the log.

Delivery is at least once, and in effect exactly once: the id of a row is the same on every try. Emails carry it as
their Message-ID; a text that may have been sent is looked up at the provider before it is sent again.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from chatbot.delivery.claims import Batch, Claims, RenderResult, sending_channel
from chatbot.delivery.error_site import error_site
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.letters import IRREPLACEABLE
from chatbot.delivery.retry_policy import MAX_AGE, retry_delay
from chatbot.delivery.sender import Failed, Retry, Sender, SendResult, Sent
from chatbot.service import Service
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.database import StoreError

log = structlog.get_logger(__name__)


# Messages of one channel in flight; a provider that hangs delays no other channel. With half as many, customers wait
# longer for their codes in a rush, and a turn costs a tenth more: a claim serves fewer messages.
MAX_CONCURRENT = 16
RENEW_INTERVAL_S = 4.0
MAX_SEND_TIME = timedelta(seconds=60)
# Another process may have queued a message and died before it woke a dispatcher. An empty poll writes nothing.
POLL_INTERVAL = timedelta(seconds=3)
STORE_RETRY_S = 1.0
# How long messages in flight may take when the service stops.
DRAIN_TIMEOUT_S = 5.0


class Dispatcher:
    """Sends the messages of the outbox. `senders` is by channel and may be filled until `run` begins."""

    def __init__(self, service: Service, senders: Mapping[str, Sender]) -> None:
        self._service = service
        self._senders = senders
        self._claims = Claims(service)
        self._woken = asyncio.Event()
        self._in_flight: dict[asyncio.Task[None], ClaimedMessage] = {}
        self._full: frozenset[str] = frozenset()
        self._released = False

    def wake(self) -> None:
        """Announce that a message may be due. Cheap: any turn may call it."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled, then drain the messages in flight."""
        renewing = asyncio.create_task(self._renew_forever(), name="claims")
        try:
            while True:
                self._woken.clear()
                try:
                    await self._release_orphans()
                    await self._sleep_until(await self._start_due())
                except StoreError:
                    log.exception("the outbox cannot be read")
                    await asyncio.sleep(STORE_RETRY_S)
        finally:
            await self._drain()
            renewing.cancel()

    async def settle(self) -> None:
        """Send the messages that are due now, and return when all tries have ended."""
        await self._start_due()
        await asyncio.gather(*self._in_flight)

    async def renew_claims(self) -> None:
        """Keep other processes from the messages in flight for another lease."""
        await self._claims.renew(list(self._in_flight.values()))

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_INTERVAL_S)
            await self.renew_claims()

    async def _release_orphans(self) -> None:
        """Release once, at the start, the claims of a process that died; SQLite has one process only.

        Where a try must be looked up first, the claim is left to lapse.
        """
        if not self._released and self._service.settings.database.url.startswith("sqlite:"):
            await self._claims.release(channel for channel in outbox.CHANNELS if not self._lookup_delay(channel))
        self._released = True

    def _lookup_delay(self, channel: str) -> timedelta:
        sender = self._senders.get(channel)
        return timedelta(0) if sender is None else sender.lookup_delay

    async def _start_due(self) -> datetime | None:
        """Claim as many messages as may be in flight, start sending them, and return the next due time."""
        claiming = asyncio.ensure_future(self._claims.claim(self._capacity()))
        try:
            return self._start(await asyncio.shield(claiming))
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                self._start(await claiming)  # committed, perhaps: nobody else could claim them before the lease ends
            raise

    def _start(self, batch: Batch) -> datetime | None:
        """Start sending a batch; returns the next due time."""
        for row in batch.dropped:
            self._count(row, "dropped")
        for row, rendered in batch.rendered:
            task = asyncio.create_task(self._deliver(row, rendered), name=f"letter {row.id}")
            self._in_flight[task] = row
            task.add_done_callback(self._ended)
        self._full = batch.full
        if not self._full.isdisjoint(self._capacity()):
            self.wake()  # a channel got capacity while the claim was made
        return batch.next_due

    def _capacity(self) -> dict[str, int]:
        """Return how many more messages each channel may send now; channels without capacity are left out."""
        in_flight = Counter(row.channel for row in self._in_flight.values())
        return {channel: free for channel in outbox.CHANNELS if (free := MAX_CONCURRENT - in_flight[channel]) > 0}

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._in_flight.pop(task).channel in self._full:
            self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a letter's outcome could not be kept; it is tried again when its claim lapses", exc_info=error)

    async def _sleep_until(self, due: datetime | None) -> None:
        """Sleep until woken or until the due time, but never longer than the poll interval."""
        wait = POLL_INTERVAL
        if due is not None:
            wait = min(max(due - self._service.clock.now(), timedelta(0)), POLL_INTERVAL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._woken.wait()

    async def _drain(self) -> None:
        """Let the messages in flight arrive; cancel the late ones and hand them back for other processes."""
        if not self._in_flight:
            return
        _, late = await asyncio.wait(self._in_flight, timeout=DRAIN_TIMEOUT_S)
        rows = [self._in_flight[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._claims.hand_back([(row, self._lookup_delay(row.channel)) for row in rows])

    # ── one message ─────────────────────────────────────────────────────────────────────────────────────────

    async def _deliver(self, row: ClaimedMessage, rendered: RenderResult) -> None:
        """Send one message and record the result."""
        result = await self._send(row, rendered) if isinstance(rendered, OutgoingMessage) else rendered
        if isinstance(result, Retry):
            await self._record_retry(row, result)
        else:
            await self._record_end(row, result)

    async def _send(self, row: ClaimedMessage, message: OutgoingMessage) -> SendResult:
        """Send a message; a try ends when the message expires."""
        sender = self._senders.get(sending_channel(row))
        if sender is None:
            return Failed("no_sender")
        limit = MAX_SEND_TIME
        if row.expires_at is not None:
            limit = min(row.expires_at - self._service.clock.now(), MAX_SEND_TIME)
        if limit <= timedelta(0):
            return Failed("expired")
        try:
            async with asyncio.timeout(limit.total_seconds()):
                if row.channel == outbox.NO_CHANNEL:
                    return await sender.imitate(message, key=row.id)
                return await sender.send(message, key=row.id, maybe_sent=row.tries > 1)
        except TimeoutError:
            return Retry("timeout")
        except Exception as error:
            log.error("a sender is broken", letter=row.id, channel=row.channel, where=error_site(error))
            return Retry("broken")

    async def _record_end(self, row: ClaimedMessage, result: Sent | Failed) -> None:
        if row.channel == outbox.NO_CHANNEL:
            await self._record_dropped(row)
        elif isinstance(result, Sent):
            await self._record_sent(row, result)
        else:
            await self._record_failure(row, result)

    async def _record_dropped(self, row: ClaimedMessage) -> None:
        await self._claims.record(row, lambda tx: outbox.mark_dropped(tx, row, "not needed"))
        self._count(row, "dropped")
        log.info("letter dropped", letter=row.id, kind=row.kind, channel=row.channel, tries=row.tries)

    async def _record_sent(self, row: ClaimedMessage, result: Sent) -> None:
        now = self._service.clock.now()
        await self._claims.record(row, lambda tx: outbox.mark_sent(tx, row, now, result.provider_id))
        self._count(row, "sent")
        log.info("letter sent", letter=row.id, kind=row.kind, channel=row.channel, tries=row.tries)

    async def _record_retry(self, row: ClaimedMessage, result: Retry) -> None:
        due = self._service.clock.now() + (result.after or retry_delay(row))
        if due >= (row.expires_at or row.created_at + MAX_AGE):
            await self._record_end(row, Failed(result.reason))
            return
        await self._claims.record(row, lambda tx: outbox.retry(tx, row, due, result.reason))
        self.wake()  # to learn the new due time
        self._count(row, "retry")
        log.warning("letter not sent yet", letter=row.id, channel=row.channel, reason=result.reason, tries=row.tries)

    async def _record_failure(self, row: ClaimedMessage, result: Failed) -> None:
        await self._claims.record(row, lambda tx: outbox.mark_failed(tx, row, result.reason))
        self._count(row, "failed")
        write = log.info if result.alerted else log.error
        write(
            "letter given up", letter=row.id, kind=row.kind, channel=row.channel, reason=result.reason, tries=row.tries
        )
        if row.kind in IRREPLACEABLE:
            log.critical("a customer's message did not reach the team", letter=row.id, reason=result.reason)

    def _count(self, row: ClaimedMessage, outcome: str) -> None:
        self._service.metrics.outbox_sends.labels(row.channel, outcome).inc()
