"""Deletes conversations, with everything stored for them, some days after their last message."""

import asyncio
from datetime import datetime, timedelta

import structlog

from chatbot.service import Service
from store.chats import retention, sessions
from store.chats.retention import DeletedPage, DeletePage
from store.database import StoreError, Tx

log = structlog.get_logger(__name__)

INTERVAL = timedelta(hours=1)
PAGE_SIZE = 50  # rows per transaction: few enough not to delay the turns that wait for it


async def delete_expired(service: Service) -> int:
    """Delete everything past its retention time; returns the number of conversations."""
    before = service.clock.now() - timedelta(days=service.settings.retention.conversation_days)
    deleted = 0
    for delete_page in retention.CONVERSATION_PASSES:
        deleted += await _delete_in_pages(service, delete_page, before)
    for delete_page in (*retention.OTHER_PASSES, sessions.delete_replaced):
        await _delete_in_pages(service, delete_page, before)
    if deleted:
        log.info("old conversations deleted", count=deleted)
    return deleted


async def _delete_in_pages(service: Service, delete_page: DeletePage, before: datetime) -> int:
    deleted = 0
    resume_after: str | None = None

    def next_page(tx: Tx) -> DeletedPage:
        return delete_page(tx, before, resume_after, PAGE_SIZE)

    while True:
        page = await service.database.write(next_page)
        deleted += page.deleted
        resume_after = page.resume_after
        if resume_after is None:
            return deleted


async def run(service: Service) -> None:
    """Delete every hour, until cancelled."""
    while True:
        try:
            await delete_expired(service)
        except StoreError as error:
            log.error("old conversations could not be deleted; it is tried again in an hour", reason=str(error))
        await asyncio.sleep(INTERVAL.total_seconds())
