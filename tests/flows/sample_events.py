"""Everything that can happen to a dialogue, with data as the chatbot gives it, for walking through all of it."""

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
from flows.events import EVERYWHERE, OUTSIDE, SMALL_TALK
from flows.states import PayBill, Person
from tests.flows.talk import EMAIL, FORTY_TWO_FIFTY, GBP, HOME, LATE, LINK, MOBILE, PAID, SHOP, SOON, statement

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
]

ANSWERED: dict[type, list[tuple[str, dict[str, Any]]]] = {
    SendCode: [
        ("code_sent", {"wait_s": 30, "life_s": 600}),
        ("code_refused", {"wait_s": 30}),
        ("code_refused", {"wait_s": 86400}),
    ],
    CheckCode: [("code_right", {}), ("code_wrong", {}), ("code_expired", {}), ("code_used_up", {})],
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
        ("not_verified", {"expired": True}),
        ("not_verified", {"expired": False}),
    ],
    SendReceipt: [("receipt_sent", {}), ("receipt_impossible", {})],
    LeaveMessage: [("message_left", {})],
    KnowContact: [("contact_known", {}), ("contact_unknown", {})],
}
"""Effect → the events that may answer it."""

WAITS_FOR = {
    PayBill.finding: FindAccounts,
    PayBill.sending: SendCode,
    PayBill.checking: CheckCode,
    PayBill.reading: ReadStatement,
    PayBill.listing: ReadStatement,
    PayBill.linking: MakeLink,
    Person.knowing: KnowContact,
    Person.leaving: LeaveMessage,
}
"""Passing state → the effect whose answer it waits for."""

TYPED: list[tuple[str, dict[str, Any]]] = [
    ("identifier_typed", EMAIL),
    ("identifier_typed", MOBILE),
    ("identifiers_typed", {"options": [EMAIL, MOBILE]}),
    ("identifiers_typed", {"options": [MOBILE, EMAIL], "guessed": True}),
    ("landline_typed", {}),
    ("foreign_typed", {}),
    ("texts_not_sent", {}),
    ("email_misspelt", {}),
    ("number_misspelt", {}),
    ("identifier_missing", {}),
    ("code_typed", {"digits": "123456"}),
    ("code_misshapen", {}),
    ("message_typed", {"text": "My meter is upside down"}),
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
    *((name, {}) for name in (*EVERYWHERE, *SMALL_TALK)),
]

REPORTED: list[tuple[str, dict[str, Any]]] = [
    *((name, FORTY_TWO_FIFTY) for name in OUTSIDE if name != "payment_completed"),
    ("payment_completed", PAID),
    ("payment_completed", {**PAID, "balance_minor": 1000}),
]

HAPPENINGS = [*TYPED, *REPORTED]
