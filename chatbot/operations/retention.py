"""Forgetting in time: conversations, with all that was written down for them, some days after their last message."""

import asyncio
from datetime import datetime, timedelta

import structlog

from chatbot.service import Service
from store.chats import retention
from store.chats.retention import DeletedPage, DeletePage
from store.database import StoreError, Tx

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=1)
# So few at a time that customers who are talking meanwhile do not notice.
PAGE = 50


async def forget(service: Service) -> int:
    """Delete what is older than it may be; returns how many conversations that were."""
    before = service.clock.now() - timedelta(days=service.settings.retention.conversation_days)
    forgotten = 0
    for conversations in retention.CONVERSATION_PASSES:
        forgotten += await _page_by_page(service, conversations, before)
    for traces in retention.OTHER_PASSES:
        await _page_by_page(service, traces, before)
    if forgotten:
        log.info("old conversations deleted", count=forgotten)
    return forgotten


async def _page_by_page(service: Service, forget_page: DeletePage, before: datetime) -> int:
    forgotten = 0
    since: str | None = None

    def next_page(tx: Tx) -> DeletedPage:
        return forget_page(tx, before, since, PAGE)

    while True:
        page = await service.database.write(next_page)
        forgotten += page.deleted
        since = page.resume_after
        if since is None:
            return forgotten


async def run(service: Service) -> None:
    """Forget every hour, until cancelled."""
    while True:
        try:
            await forget(service)
        except StoreError as fault:
            log.error("old conversations could not be deleted; it is tried again in an hour", reason=str(fault))
        await asyncio.sleep(EVERY.total_seconds())
