"""The store remembers: billing ledger, conversations, codes, payments, outbox, agents and the audit.

Start at `database.py` (what a database offers) and `migrations/` (what is kept). The drivers aside, every other module
holds the queries of one subject: plain functions that take the transaction first.
"""

from store.database import Conflict, Database, Row, StoreError, Tx
from store.drivers.opening import open_database

__all__ = ["Conflict", "Database", "Row", "StoreError", "Tx", "open_database"]
