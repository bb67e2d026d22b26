"""The dispatcher: takes letters out of the outbox and sends them, again where it must, and gives up loudly.

At least once, and for emails and texts in effect once: each row has one id, which emails carry as their Message-ID and
by which a text whose fate is unknown is looked for before it is sent again.
"""

import asyncio
import contextlib
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from chatbot.delivery import letter as letters
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.retry_policy import GIVE_UP_AFTER, SHOWN_AFTER, wait_after
from chatbot.delivery.sender import Failed, Retry, Sender, SendResult, Sent
from chatbot.service import Service
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.database import StoreError, Tx

log = structlog.get_logger(__name__)


# Letters of one channel; each has places of its own, so that a provider that hangs holds up nobody else's. With half as
# many, customers in a rush wait longer for their codes, and a turn costs a tenth more: a claim serves fewer letters.
AT_ONCE = 16
# A claim is made longer while its letter is being sent. One that lapses was made by somebody who died.
CLAIM = timedelta(seconds=15)
HOLD_AGAIN_S = 4.0
LONGEST_SEND = timedelta(seconds=60)
# Another process may have queued something and died before it could wake anybody. A look that finds nothing writes
# nothing.
LOOK_AGAIN = timedelta(seconds=3)
# How long to wait when the database does not answer; letters that are queued meanwhile wait as long.
STORE_WAIT_S = 1.0
# How long between two tries to keep what came of a letter, and for how long it is tried.
KEEP_AGAIN_S = 1.0
KEEP_FOR = timedelta(seconds=75)
# How long letters that are on their way out may take to get there when the service stops.
GRACE_S = 5.0


@dataclass(slots=True)
class _Batch:
    """What one claim brought: letters, or why one is not in words; those of no use any more; and when to look again.

    A channel is `crowded` when it may have more letters that are due than there were places for.
    """

    letters: list[tuple[ClaimedMessage, OutgoingMessage | Retry | Failed]] = field(default_factory=list)
    dropped: list[ClaimedMessage] = field(default_factory=list)
    next_due: datetime | None = None
    crowded: frozenset[str] = frozenset()


class Dispatcher:
    """Sends what is in the outbox. `senders` is by channel and may be filled until `run` begins."""

    def __init__(self, service: Service, senders: Mapping[str, Sender]) -> None:
        self._service = service
        self._senders = senders
        self._woken = asyncio.Event()
        self._sending: dict[asyncio.Task[None], ClaimedMessage] = {}
        self._outcomes: dict[tuple[str, int], Callable[[Tx], None]] = {}  # by claim, until that is kept
        self._crowded: frozenset[str] = frozenset()
        self._took_over = False

    def wake(self) -> None:
        """Say that something may be due. Costs nothing and may be called from any turn."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; what is on its way out then gets a moment to arrive."""
        holding = asyncio.create_task(self._hold_on(), name="claims")
        try:
            while True:
                self._woken.clear()
                try:
                    await self._take_over()
                    await self._rest(await self._start_due())
                except StoreError:
                    log.exception("the outbox cannot be read")
                    await asyncio.sleep(STORE_WAIT_S)
        finally:
            await self._finish()
            holding.cancel()

    async def _hold_on(self) -> None:
        """Keep others from letters that are being sent, however long that takes."""
        while True:
            await asyncio.sleep(HOLD_AGAIN_S)
            await self.hold()

    async def hold(self) -> None:
        """Make every claim last from now on; while the database is away, nobody else can claim either."""
        rows, until = list(self._sending.values()), self._service.clock.now() + CLAIM
        if not rows:
            return
        try:
            await self._service.database.write(lambda tx: outbox.hold(tx, rows, until))
        except StoreError as fault:
            log.warning("claims on letters could not be held", reason=str(fault))

    async def _take_over(self) -> None:
        """Take up at once what a process before us died over, where there can be none beside us; once is enough.

        What has to be looked for before it is tried again waits until its claim lapses.
        """
        if not self._took_over and self._service.settings.database.url.startswith("sqlite:"):
            now, channels = self._service.clock.now(), [each for each in outbox.CHANNELS if each not in SHOWN_AFTER]
            await self._service.database.write(lambda tx: outbox.release(tx, now, channels))
        self._took_over = True

    async def settle(self) -> None:
        """Send what is due now, and return when it has left."""
        await self._start_due()
        await asyncio.gather(*self._sending)

    async def _start_due(self) -> datetime | None:
        """Claim as many letters as may be sent at once, start sending each, and return when the next thing is due."""
        now, places = self._service.clock.now(), self._places()
        claiming = asyncio.ensure_future(self._service.database.write(lambda tx: self._claim(tx, now, places)))
        try:
            return self._send_all(await asyncio.shield(claiming))
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                self._send_all(await claiming)  # kept all the same, perhaps; nobody else could send it for a while
            raise

    def _send_all(self, claimed: _Batch) -> datetime | None:
        """Start sending what a claim brought; returns when the next thing is due."""
        for row in claimed.dropped:
            self._count(row, "dropped")
        for row, letter in claimed.letters:
            task = asyncio.create_task(self._deliver(row, letter), name=f"letter {row.id}")
            self._sending[task] = row
            task.add_done_callback(self._sent_one)
        self._crowded = claimed.crowded
        if not self._crowded.isdisjoint(self._places()):
            self.wake()  # a place came free while the claim was made
        return claimed.next_due

    def _places(self) -> dict[str, int]:
        """How many more letters of each channel may be sent now; a channel that is full is left out."""
        under_way = Counter(row.channel for row in self._sending.values())
        return {channel: free for channel in outbox.CHANNELS if (free := AT_ONCE - under_way[channel]) > 0}

    def _claim(self, tx: Tx, now: datetime, places: Mapping[str, int]) -> _Batch:
        """Claim what is due, and put it into words in the same unit of work; what is of no use any more ends here.

        For an identifier that nobody has, the look-ups are made all the same.
        """
        rows = outbox.claim(tx, now, now + CLAIM, places)
        wanted = letters.wanted(tx, rows)
        batch = _Batch()
        for row in rows:
            letter = self._write(tx, row)
            if (
                letter is None
                or row.channel == "none"
                or (isinstance(letter, OutgoingMessage) and row.id not in wanted)
            ):
                outbox.dropped(tx, row, "not needed")
                batch.dropped.append(row)
            else:
                batch.letters.append((row, letter))
        taken = Counter(row.channel for row, _ in batch.letters)
        roomy = [channel for channel in places if taken[channel] < places[channel]]
        batch.next_due = outbox.next_due(tx, roomy)
        batch.crowded = frozenset(outbox.CHANNELS).difference(roomy)
        return batch

    def _write(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage | Retry | Failed | None:
        """Put a letter into words; one that cannot be leaves the others alone."""
        try:
            return letters.write(tx, self._service, row)
        except StoreError:
            raise
        except LookupError as fault:
            log.error("a letter could not be put into words", letter=row.id, kind=row.kind, exc_info=fault)
            return Failed("unwritable")
        except Exception as fault:
            log.error("a letter could not be put into words", letter=row.id, kind=row.kind, where=_where(fault))
            return Retry("broken")

    def _sent_one(self, task: asyncio.Task[None]) -> None:
        if self._sending.pop(task).channel in self._crowded:
            self.wake()  # others may be waiting for its place
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("a letter's outcome could not be kept; it is tried again when its claim lapses", exc_info=fault)

    async def _rest(self, due: datetime | None) -> None:
        """Sleep until woken, or until the next letter is due."""
        wait = LOOK_AGAIN if due is None else min(max(due - self._service.clock.now(), timedelta(0)), LOOK_AGAIN)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._woken.wait()

    async def _finish(self) -> None:
        """Let letters that are on their way get there; the others are given back, for another process to look after.

        What came of a letter already is written down now, and it is not given back.
        """
        if not self._sending:
            return
        _, late = await asyncio.wait(self._sending, timeout=GRACE_S)
        rows = [self._sending[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        now = self._service.clock.now()

        def give_back(tx: Tx) -> None:
            for row in rows:
                if outcome := self._outcomes.get((row.id, row.tries)):
                    outcome(tx)
                else:
                    outbox.retry(tx, row, now + SHOWN_AFTER.get(row.channel, timedelta(0)), "interrupted")

        try:
            await self._service.database.write(give_back)
        except StoreError:
            log.exception("letters could not be given back; they are tried again when their claims lapse")

    async def _deliver(self, row: ClaimedMessage, letter: OutgoingMessage | Retry | Failed) -> None:
        """Send one letter and keep what came of it."""
        outcome = await self._send(row, letter) if isinstance(letter, OutgoingMessage) else letter
        match outcome:
            case Sent(provider_id):
                now = self._service.clock.now()
                await self._keep(row, lambda tx: outbox.sent(tx, row, now, provider_id))
                self._count(row, "sent")
                log.info("letter sent", letter=row.id, kind=row.kind, channel=row.channel, tries=row.tries)
            case Retry():
                await self._try_later(row, outcome)
            case Failed():
                await self._give_up(row, outcome)

    async def _send(self, row: ClaimedMessage, letter: OutgoingMessage) -> SendResult:
        """Send a letter while it may be sent, and not a moment longer."""
        sender = self._senders.get(row.channel)
        if sender is None:
            return Failed("no_sender")
        life = LONGEST_SEND if row.expires_at is None else min(row.expires_at - self._service.clock.now(), LONGEST_SEND)
        if life <= timedelta(0):
            return Failed("expired")
        try:
            async with asyncio.timeout(life.total_seconds()):
                return await sender.send(letter, key=row.id, maybe_sent=row.tries > 1)
        except TimeoutError:
            return Retry("timeout")
        except Exception as fault:
            log.error("a sender is broken", letter=row.id, channel=row.channel, where=_where(fault))
            return Retry("broken")

    async def _try_later(self, row: ClaimedMessage, outcome: Retry) -> None:
        due = self._service.clock.now() + (outcome.after or wait_after(row))
        if due >= (row.expires_at or row.created_at + GIVE_UP_AFTER):
            await self._give_up(row, Failed(outcome.reason))
            return
        await self._keep(row, lambda tx: outbox.retry(tx, row, due, outcome.reason))
        self.wake()  # to know when
        self._count(row, "retry")
        log.warning("letter not sent yet", letter=row.id, channel=row.channel, reason=outcome.reason, tries=row.tries)

    async def _give_up(self, row: ClaimedMessage, outcome: Failed) -> None:
        await self._keep(row, lambda tx: outbox.failed(tx, row, outcome.reason))
        self._count(row, "failed")
        say = log.info if outcome.told else log.error
        say(
            "letter given up", letter=row.id, kind=row.kind, channel=row.channel, reason=outcome.reason, tries=row.tries
        )

    async def _keep(self, row: ClaimedMessage, outcome: Callable[[Tx], None]) -> None:
        """Write down what came of a letter, again while the database is away. A claim that lapsed changes nothing."""
        self._outcomes[row.id, row.tries] = outcome
        until = self._service.clock.now() + KEEP_FOR
        while True:
            try:
                await self._service.database.write(outcome)
            except StoreError:
                if self._service.clock.now() + timedelta(seconds=KEEP_AGAIN_S) >= until:
                    del self._outcomes[row.id, row.tries]
                    raise
                await asyncio.sleep(KEEP_AGAIN_S)
            else:
                del self._outcomes[row.id, row.tries]
                return

    def _count(self, row: ClaimedMessage, outcome: str) -> None:
        self._service.metrics.outbox_sends.labels(row.channel, outcome).inc()


def _where(fault: Exception) -> str:
    """Say what went wrong and where, without the fault's own words: a library may have put the recipient into them."""
    return f"{type(fault).__name__}\n{''.join(traceback.format_tb(fault.__traceback__))}"
