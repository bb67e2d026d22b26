"""The work that is due by the clock: polls about undecided payments, cancellations of hosted pages, expiry of links."""

import asyncio
import contextlib
from datetime import datetime

import structlog

from chatbot.payments.conversation_events import expire_link
from chatbot.payments.reports import ExternalEvents, ReportHandler
from chatbot.service import Service
from store.billing import payment_links, payments
from store.billing.payment_links import PaymentLink
from store.database import StoreError

log = structlog.get_logger(__name__)

BATCH_SIZE = 20
MIN_SLEEP_S = 1.0
MAX_SLEEP_S = 60.0
SWEEP_RETRY_S = 5.0


class PaymentScheduler:
    """Polls gateways and expires links, each at its due time. `woken` is set when a due time may have changed."""

    def __init__(self, service: Service, turns: ExternalEvents, reports: ReportHandler, woken: asyncio.Event) -> None:
        self._service = service
        self._turns = turns
        self._reports = reports
        self._woken = woken

    async def run(self) -> None:
        """Sweep at each due time until cancelled."""
        while True:
            self._woken.clear()
            began = self._service.clock.now()
            try:
                await self.sweep()
                wait_s = await self._seconds_until_due(began)
            except Exception:
                log.exception("payment_sweep_failed")
                wait_s = SWEEP_RETRY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()

    async def sweep(self) -> None:
        """Do all work that is due now. Links are expired between the polls, because gateways may answer slowly."""
        await self._expire_links()
        while await self._poll_batch():
            await self._expire_links()

    async def _poll_batch(self) -> bool:
        """Ask the gateways about a batch of due payments; False when none is due."""
        now, database = self._service.clock.now(), self._service.database
        next_check = await database.read(payments.next_check)
        if next_check is None or next_check > now:
            return False
        due = await database.write(lambda tx: payments.due_checks(tx, now, BATCH_SIZE))
        await asyncio.gather(*(self._reports.check(payment) for payment in due))
        for payment in filter(payments.was_last_check, due):
            await self._reports.give_up(payment)
        return bool(due)

    async def _expire_links(self) -> None:
        now, database = self._service.local_now(), self._service.database
        while expired := await database.read(lambda tx: payment_links.expire_links(tx, now, BATCH_SIZE)):
            for link in expired:
                await self._expire(link, now)

    async def _expire(self, link: PaymentLink, now: datetime) -> None:
        """Expire a link and inform its conversation; a broken conversation does not stop other links from expiring."""
        try:
            await self._turns.apply_external_event(link.conversation, expire_link(link, now))
        except StoreError:
            raise
        except Exception:
            log.exception("link_ended_in_silence", conversation=link.conversation)
            await self._service.database.write(lambda tx: payment_links.expire(tx, link.id, now))

    async def _seconds_until_due(self, swept_at: datetime) -> float:
        """Return the seconds until work is due that was not due at `swept_at`, the beginning of the last sweep."""
        due = await self._service.database.read(
            lambda tx: (payments.next_check(tx), payment_links.next_expiry(tx, swept_at))
        )
        waits = [(at - self._service.clock.now()).total_seconds() for at in due if at is not None]
        return min([MAX_SLEEP_S, *(max(MIN_SLEEP_S, wait) for wait in waits)])
