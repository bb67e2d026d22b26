"""The two databases behind `store.database`: SQLite and PostgreSQL, one set of SQL."""
