"""Paying: links, the payment page, gateways and their reports."""
