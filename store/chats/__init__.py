"""Queries about conversations: messages, one-time codes, the outbox, retention."""
