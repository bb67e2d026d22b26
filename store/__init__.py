"""The store: the billing ledger, payments, conversations, codes and the outbox.

Start at `database.py` (the interface of a database) and `migrations/` (the schema). Apart from `drivers/`, each module
holds the queries of one subject: plain functions with the transaction as their first argument.
"""

from store.database import Conflict, Database, Row, StoreError, Tx
from store.drivers.opening import open_database

__all__ = ["Conflict", "Database", "Row", "StoreError", "Tx", "open_database"]
