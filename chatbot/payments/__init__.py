"""Payments: hand-offs to gateways, their reports, the work due by the clock, and the pages and webhooks."""
