"""Identification: an email or mobile, and a one-time code that proves it.

Known and unknown identifiers get the same words, so that nobody can find out whether somebody is a customer.
"""

from typing import Any

from flows.dialogues.prompts import ask, reply
from flows.effects import CheckCode, Effect, EndVerification, FindAccounts, Say, SendCode, Wait
from flows.rules import Step

CUSTOMER_FACTS = (
    *("identifier", "candidates", "code_sent", "again"),
    *("accounts", "several", "account", "debited", "invoices", "overdue", "picked", "linked"),
    *("receipt", "left", "confirming"),
)
"""The facts about one customer."""


def forget_customer(step: Step) -> None:
    """Remove the facts about one customer."""
    for key in CUSTOMER_FACTS:
        step.facts.pop(key, None)


def find_accounts(step: Step) -> Effect:
    """Find the accounts; the answer says whether the customer is still verified."""
    step.facts.pop("again", None)
    return FindAccounts()


def ask_other_identifier(step: Step) -> tuple[Effect, ...]:
    """Begin anew with another email or mobile, perhaps another customer's."""
    forget_customer(step)
    return EndVerification(), ask(step)


# ── the identifier ──────────────────────────────────────────────────────────────────────────────────────────────


def send_code(step: Step) -> Effect:
    """Send a code to the identifier that was typed; another one than before means another customer."""
    return _send_to(step, {"kind": step.event.data["kind"], "value": step.event.data["value"]})


def ask_candidate(step: Step) -> Effect:
    """Store the identifiers of one message and ask for one of them."""
    step.facts["candidates"] = [{"kind": o["kind"], "value": o["value"]} for o in step.event.data["options"]]
    return reply(step, "which-did-you-mean" if step.event.data.get("guessed") else "which-identifier")


def is_candidate(step: Step) -> bool:
    """The choice is one of the identifiers that were typed."""
    number = step.event.data.get("identifier", "")
    return number.isdecimal() and int(number) < len(step.facts.get("candidates", ()))


def send_to_candidate(step: Step) -> Effect:
    """Send a code to the chosen identifier."""
    return _send_to(step, step.facts["candidates"][int(step.event.data["identifier"])])


def resend_code(step: Step) -> Effect:
    """Send another code to the same identifier."""
    return SendCode(**step.facts["identifier"])


def _send_to(step: Step, identifier: dict[str, Any]) -> Effect:
    if identifier != step.facts.get("identifier"):
        forget_customer(step)
        step.facts["identifier"] = identifier
    step.facts.pop("candidates", None)
    return SendCode(**identifier)


# ── the code ────────────────────────────────────────────────────────────────────────────────────────────────────


def code_was_sent(step: Step) -> bool:
    """This conversation has already asked for a code to this identifier."""
    return bool(step.facts.get("code_sent"))


def say_code_sent(step: Step) -> Effect:
    """Say that a code was sent, to a known and to an unknown identifier in the same words."""
    if step.facts.pop("again", False):
        key = "code-sent-again-after-a-while"
    elif step.facts.get("code_sent"):
        key = "code-sent-again"
    else:
        key = f"code-sent-{step.facts['identifier']['kind']}"
    step.facts["code_sent"] = True
    return reply(step, key, {"value": step.facts["identifier"]["value"], "life": Wait(step.event.data["life_s"])})


def say_wait(step: Step) -> Effect:
    """Refuse another code so soon; the newest may still be good."""
    return reply(step, "code-wait", {"wait": Wait(step.event.data["wait_s"])})


def say_cannot_send(step: Step) -> Effect:
    """Refuse a first code: too many were asked for in other conversations."""
    step.facts.pop("again", None)
    value = step.facts["identifier"]["value"]
    return reply(step, "code-not-sent", {"wait": Wait(step.event.data["wait_s"]), "value": value})


def check_code(step: Step) -> Effect:
    """Check the digits. They are stored nowhere."""
    return CheckCode(step.event.data["digits"])


# ── expired verification ────────────────────────────────────────────────────────────────────────────────────────


def verification_expired(step: Step) -> bool:
    """The customer was verified in this conversation and is no longer."""
    return bool(step.event.data.get("expired")) and "identifier" in step.facts


def renew_verification(step: Step) -> Effect:
    """Send a fresh code to the same identifier before anything about the account is said."""
    step.facts["again"] = True
    return SendCode(**step.facts["identifier"])


def ask_identifier(step: Step) -> Effect:
    """Ask an unverified customer for an email or mobile."""
    forget_customer(step)
    prompt = ask(step)
    key = "identifier-after-a-while" if step.event.data.get("expired") else prompt.key
    return Say(key, choices=prompt.choices, expects=prompt.expects)
