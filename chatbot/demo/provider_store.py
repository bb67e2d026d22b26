"""The sandbox provider's database: its checkouts, and the webhooks to deliver.

It is separate from Billchat's, because the provider plays another company.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlite_utils

from store.ids import new_id
from store.times import parse, stamp

# Delays between the deliveries of a webhook; after the last one it is lost.
DELIVERY_DELAYS = tuple(timedelta(seconds=wait) for wait in (1, 5, 30, 120, 600, 3600, *[6 * 3600] * 12))


@dataclass(frozen=True, slots=True)
class ProviderCheckout:
    """A hosted page. States: open | pending | paid | declined | closed | expired | bounced | refunded."""

    id: str
    reference: str
    amount_minor: int
    currency: str
    description: str
    locale: str
    return_url: str
    cancel_url: str
    expires_at: str
    state: str = "open"
    payment: str | None = None
    refunded_minor: int = 0
    settles_at: str | None = None

    def public(self) -> dict[str, Any]:
        """Return the fields of the provider's API."""
        keys = ("id", "reference", "amount_minor", "currency", "state", "payment", "refunded_minor")
        return {key: getattr(self, key) for key in keys}


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A webhook that has not been accepted yet, and the number of its tries."""

    id: str
    body: str
    tries: int


class ProviderStore:
    """Checkouts and undelivered webhooks, in an SQLite file; without a path, in memory."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite_utils.Database(path, execute_plugins=False) if path else sqlite_utils.Database(memory=True)
        if path:
            self._db.enable_wal()
        self._checkouts, self._webhooks = self._db.table("checkouts"), self._db.table("webhooks")
        self._checkouts.create(
            {
                "id": str, "reference": str, "amount_minor": int, "currency": str, "description": str, "locale": str,
                "return_url": str, "cancel_url": str, "expires_at": str, "state": str, "payment": str,
                "refunded_minor": int, "settles_at": str,
            },
            pk="id", if_not_exists=True,
        )  # fmt: skip
        self._checkouts.create_index(["reference"], unique=True, if_not_exists=True)
        self._webhooks.create({"id": str, "body": str, "due_at": str, "tries": int}, pk="id", if_not_exists=True)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, checkout: ProviderCheckout) -> None:
        """Insert a new checkout."""
        self._checkouts.insert(asdict(checkout))

    def find(self, checkout: str) -> ProviderCheckout | None:
        """Return a checkout by its id."""
        return self._find_by("id", checkout)

    def by_reference(self, reference: str) -> ProviderCheckout | None:
        """Return a checkout by the reference of its order."""
        return self._find_by("reference", reference)

    def change(self, checkout: ProviderCheckout, due_at: datetime, **changes: Any) -> ProviderCheckout:  # noqa: ANN401 (columns)
        """Change a checkout and insert its webhook, in one transaction."""
        changed = replace(checkout, **changes)
        event = {"id": f"evt{new_id()}", "checkout": changed.public()}
        with self._db.conn:
            self._checkouts.update(changed.id, changes)
            self._webhooks.insert({"id": event["id"], "body": json.dumps(event), "due_at": stamp(due_at), "tries": 0})
        return changed

    def unsettled(self, now: datetime) -> list[ProviderCheckout]:
        """Return the pending checkouts to settle now, and the open ones to expire."""
        where = "(state = 'pending' and settles_at <= :now) or (state = 'open' and expires_at <= :now)"
        return [_checkout(row) for row in self._checkouts.rows_where(where, {"now": stamp(now)})]

    def due(self, now: datetime) -> list[WebhookDelivery]:
        """Return the webhooks to deliver now, oldest first."""
        rows = self._webhooks.rows_where("due_at <= :now", {"now": stamp(now)}, order_by="id")
        return [WebhookDelivery(row["id"], row["body"], row["tries"]) for row in rows]

    def delivered(self, delivery: WebhookDelivery) -> None:
        """Delete a webhook that was accepted."""
        self._webhooks.delete(delivery.id)

    def missed(self, delivery: WebhookDelivery, now: datetime) -> None:
        """Schedule the next try of a webhook; delete it after the last."""
        if delivery.tries >= len(DELIVERY_DELAYS):
            self._webhooks.delete(delivery.id)
        else:
            due_at = stamp(now + DELIVERY_DELAYS[delivery.tries])
            self._webhooks.update(delivery.id, {"due_at": due_at, "tries": delivery.tries + 1})

    def next_due(self) -> datetime | None:
        """Return the next due time of a webhook, a settlement or an expiry."""
        [(at,)] = self._db.execute(
            """select min(at) from (
                select min(due_at) as at from webhooks union all
                select min(settles_at) from checkouts where state = 'pending' union all
                select min(expires_at) from checkouts where state = 'open')"""
        ).fetchall()
        return None if at is None else parse(at)

    def _find_by(self, column: str, value: str) -> ProviderCheckout | None:
        rows = list(self._checkouts.rows_where(f"{column} = :value", {"value": value}))
        return _checkout(rows[0]) if rows else None


def _checkout(row: Mapping[str, Any]) -> ProviderCheckout:
    return ProviderCheckout(**row)
