"""Turns: one event of one conversation, one transaction."""
