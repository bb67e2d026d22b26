"""Sample events of every name, with data as the chatbot gives it, to walk through the whole dialogue."""

from typing import Any

from flows.effects import (
    CheckCode,
    FindAccounts,
    KnowContact,
    LeaveMessage,
    MakeLink,
    ReadStatement,
    SendCode,
    SendReceipt,
)
from flows.events import EXTERNAL_EVENTS, GLOBAL_EVENTS, SMALL_TALK
from flows.states import PayBill, Person
from tests.flows.dialogue import COMPLETED_PAYMENT, EMAIL, GBP, HOME, LATE, LINK, MOBILE, PAYMENT, SHOP, SOON, statement

DEBIT = {"next_on": "2026-12-01", "next_minor": 3820, **GBP}
UNPLANNED = {"next_on": None, "next_minor": None, **GBP}

STATEMENTS: list[dict[str, Any]] = [
    statement(),
    statement(balance_minor=2250, invoices=[SOON]),
    statement(balance_minor=0, invoices=[]),
    statement(balance_minor=-500, invoices=[]),
    statement(balance_minor=1500, invoices=[]),
    statement(pending_minor=4250, invoices=[], in_progress=[LATE, SOON]),
    statement(pending_minor=2000, invoices=[SOON], in_progress=[LATE]),
    statement(mandate=DEBIT),
    statement(mandate=DEBIT, invoices=[SOON], balance_minor=2250),
    statement(mandate=UNPLANNED),
    statement(mandate=UNPLANNED, invoices=[], balance_minor=0),
    statement(invoices=[LATE, SOON, SOON, SOON, SOON]),
    statement(other_ways="By bank transfer"),
    statement(other_ways="", mandate=DEBIT),
]

SAMPLE_ANSWERS: dict[type, list[tuple[str, dict[str, Any]]]] = {
    SendCode: [
        ("code_sent", {"wait_s": 30, "life_s": 600}),
        ("code_refused", {"wait_s": 30}),
        ("code_refused", {"wait_s": 86400}),
    ],
    CheckCode: [
        ("code_right", {}),
        ("code_wrong", {}),
        ("code_superseded", {}),
        ("code_expired", {}),
        ("code_used_up", {}),
    ],
    FindAccounts: [
        ("accounts", {"accounts": []}),
        ("accounts", {"accounts": [HOME]}),
        ("accounts", {"accounts": [HOME, SHOP]}),
        ("not_verified", {"expired": False}),
        ("not_verified", {"expired": True}),
    ],
    ReadStatement: [*(("statement", one) for one in STATEMENTS), ("not_verified", {"expired": True})],
    MakeLink: [
        ("link_made", LINK),
        ("nothing_to_pay", {}),
        ("pay_otherwise", {"other_ways": "By bank transfer"}),
        ("pay_otherwise", {"other_ways": ""}),
        ("not_verified", {"expired": True}),
        ("not_verified", {"expired": False}),
    ],
    SendReceipt: [("receipt_sent", {}), ("receipt_impossible", {})],
    LeaveMessage: [("message_left", {}), ("message_refused", {"wait_s": 1200})],
    KnowContact: [("contact_known", {}), ("contact_unknown", {})],
}
"""Effect → the events that may answer it."""

AWAITED_EFFECTS = {
    PayBill.finding: FindAccounts,
    PayBill.sending: SendCode,
    PayBill.checking: CheckCode,
    PayBill.reading: ReadStatement,
    PayBill.listing: ReadStatement,
    PayBill.linking: MakeLink,
    Person.knowing: KnowContact,
    Person.leaving: LeaveMessage,
}
"""Waiting state → the effect whose answer it waits for."""

TYPED_EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("identifier_typed", EMAIL),
    ("identifier_typed", MOBILE),
    ("identifiers_typed", {"options": [EMAIL, MOBILE]}),
    ("identifiers_typed", {"options": [MOBILE, EMAIL], "guessed": True}),
    ("landline_typed", {}),
    ("foreign_typed", {}),
    ("texts_not_sent", {}),
    ("email_misspelt", {}),
    ("email_unsendable", {}),
    ("number_misspelt", {}),
    ("identifier_missing", {}),
    ("code_typed", {"digits": "123456"}),
    ("code_misshapen", {}),
    ("message_typed", {"text": "My meter is upside down"}),
    ("message_typed", {"text": "x" * 3000}),
    ("message_done", {}),
    ("add_more", {}),
    ("other_reply", {}),
    ("send_message", {}),
    ("discard_message", {}),
    ("card_typed", {"text": "My card is •••• 4242"}),
    ("pay_bill", {}),
    ("see_balance", {}),
    ("pay_all", {}),
    ("pay_picked", {}),
    ("pay_overdue", {}),
    ("pick", {}),
    ("new_link", {}),
    ("resend", {}),
    ("other_identifier", {}),
    ("other_account", {}),
    ("known_identifier", {}),
    ("email_receipt", {}),
    ("choose_account", {"account": "home"}),
    ("choose_account", {"account": "stranger"}),
    ("choose_identifier", {"identifier": "0"}),
    ("choose_identifier", {"identifier": "9"}),
    ("toggle_invoice", {"invoices": ["late"]}),
    ("toggle_invoice", {"invoices": ["late", "soon", "stranger"]}),
    ("started", {"action": None}),
    *((name, {}) for name in (*GLOBAL_EVENTS, *SMALL_TALK)),
]

REPORTED_EVENTS: list[tuple[str, dict[str, Any]]] = [
    *((name, PAYMENT) for name in EXTERNAL_EVENTS if name != "payment_completed"),
    ("payment_completed", COMPLETED_PAYMENT),
    ("payment_completed", {**COMPLETED_PAYMENT, "left_minor": 1000}),
]

SAMPLE_EVENTS = [*TYPED_EVENTS, *REPORTED_EVENTS]
