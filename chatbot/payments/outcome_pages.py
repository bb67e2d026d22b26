"""The outcomes of a payment link, and the look of the page that shows each.

The texts of an outcome are `page-OUTCOME-title` and `page-OUTCOME-text`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """A page that asks for nothing: its mark, its colour, its HTTP status and the text of its button, if it has one."""

    mark: str
    tone: str
    status: int = 200
    action: str | None = None


OUTCOME_PAGES = {
    "paid": OutcomePage("check", "good"),
    "settled": OutcomePage("check", "good"),
    "confirming": OutcomePage("clock", "plain"),
    "declined": OutcomePage("cross", "bad", action="page-try-again"),
    "closed": OutcomePage("back", "plain", action="page-back-to-payment"),
    "returned": OutcomePage("back", "warn"),
    "changed": OutcomePage("info", "warn"),
    "debited": OutcomePage("info", "plain"),
    "revoked": OutcomePage("info", "warn", status=410),
    "expired": OutcomePage("clock", "warn", status=410),
    "unreachable": OutcomePage("cross", "warn", status=503, action="page-try-again"),
    "no-methods": OutcomePage("info", "warn", status=503),
    "unknown": OutcomePage("info", "warn", status=404),
}

# The outcome that the newest payment of an open link leads to, by its state.
OUTCOME_OF_STATE = {"created": "confirming", "failed": "declined", "cancelled": "closed"}
