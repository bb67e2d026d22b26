"""Pay my bill: who is it, what is owed, a payment link, paid."""

from datetime import datetime
from typing import Any

from flows.effects import PAY_URL, Choice, Effect, FindAccounts, MakeLink, Money, ReadStatement, Say
from flows.identify import (
    ask_identifier,
    ask_other_identifier,
    check_code,
    code_was_sent,
    find_accounts,
    is_a_candidate,
    keep_candidates,
    say_cannot_send,
    say_code_sent,
    say_wait,
    send_after_a_while,
    send_again,
    send_code,
    send_to_candidate,
    was_verified,
)
from flows.payments import has_account
from flows.prompts import PERSON, TO_MENU, ask, elsewhere, saying
from flows.rules import STAY, Row, Step, from_any
from flows.statement import (
    debit_is_planned,
    debit_leaves_overdue,
    has_pending,
    in_credit,
    owes,
    owes_beside_pending,
    pays_by_debit,
    show_credit,
    show_debit,
    show_debit_and_overdue,
    show_nothing_due,
    show_owed,
    show_owed_beside_pending,
    show_pending,
    show_picks,
    show_planned_debit,
    something_to_pick,
)
from flows.states import MENU, PayBill, Person

# ── accounts ────────────────────────────────────────────────────────────────────────────────────────────────────


def _ids(step: Step) -> list[str]:
    return [account["id"] for account in step.event.data["accounts"]]


def knows_which(step: Step) -> bool:
    """The customer was already looking at one of these accounts."""
    return step.facts.get("account") in _ids(step)


def has_none(step: Step) -> bool:
    """The code was right, but no account belongs to the email or mobile any more."""
    return not step.event.data["accounts"]


def has_one(step: Step) -> bool:
    """Nothing to choose."""
    return len(step.event.data["accounts"]) == 1


def learn_accounts(step: Step) -> list[dict[str, Any]]:
    """Keep which accounts there are, without what is owed on them."""
    found: list[dict[str, Any]] = step.event.data["accounts"]
    step.facts["accounts"] = [[a["id"], a["number"]] for a in found]
    step.facts["several"] = len(found) > 1
    return found


def read_known(step: Step) -> Effect:
    """On with the account from before."""
    learn_accounts(step)
    return ReadStatement(step.facts["account"])


def read_only_one(step: Step) -> Effect:
    """The one account there is."""
    step.facts["account"] = learn_accounts(step)[0]["id"]
    return ReadStatement(step.facts["account"])


def ask_account(step: Step) -> Effect:
    """Each account with its name, its number and what is owed on it."""
    step.facts.pop("account", None)
    choices = tuple(_account_choice(a) for a in learn_accounts(step))
    return Say("which-account", choices=(*choices, PERSON, TO_MENU))


def _account_choice(account: dict[str, Any]) -> Choice:
    owing = account["balance_minor"] > 0
    args = {
        "name": account["name"],
        "number": account["number"],
        "amount": Money(max(0, account["balance_minor"]), account["currency"]),
    }
    return Choice(f"account:{account['id']}", "choice-account-owing" if owing else "choice-account", args)


def is_an_account(step: Step) -> bool:
    """The choice is one of the customer's accounts."""
    return any(id_ == step.event.data.get("account") for id_, _ in step.facts.get("accounts", ()))


def read_chosen(step: Step) -> Effect:
    """The account that was chosen."""
    step.facts["account"] = step.event.data["account"]
    return ReadStatement(step.facts["account"])


def read(step: Step) -> Effect:
    """The statement as it is now."""
    return ReadStatement(step.facts["account"])


def leave_account(step: Step) -> Effect:
    """Back to the accounts."""
    step.facts.pop("account", None)
    return FindAccounts()


def has_several(step: Step) -> bool:
    """There is another account to go back to."""
    return bool(step.facts.get("several"))


# ── invoices and links ──────────────────────────────────────────────────────────────────────────────────────────


def start_picking(step: Step) -> Effect:
    """No invoice is chosen yet."""
    step.facts["picked"] = []
    return ReadStatement(step.facts["account"])


def toggle(step: Step) -> Effect:
    """Choose invoices, or take back the choice; amounts are read anew."""
    tapped = step.event.data["invoices"]
    picked = step.facts.get("picked", [])
    step.facts["picked"] = [i for i in picked if i not in tapped] + [i for i in tapped if i not in picked]
    return ReadStatement(step.facts["account"])


def has_picked(step: Step) -> bool:
    """At least one invoice is chosen."""
    return bool(step.facts.get("picked"))


def has_overdue(step: Step) -> bool:
    """Something is overdue beside the direct debit."""
    return bool(step.facts.get("overdue"))


def is_debited(step: Step) -> bool:
    """A direct debit pays the rest: only what is overdue is paid by hand."""
    return bool(step.facts.get("debited")) and has_overdue(step)


def pay_all(step: Step) -> Effect:
    """A link for everything owed."""
    return _link(step, [])


def pay_picked(step: Step) -> Effect:
    """A link for the chosen invoices."""
    return _link(step, step.facts["picked"])


def pay_overdue(step: Step) -> Effect:
    """A link for what is overdue."""
    return _link(step, step.facts["overdue"])


def link_again(step: Step) -> Effect:
    """The same link again, or a new one in its place: the chatbot knows whether it still works."""
    return _link(step, step.facts.get("linked", []))


def _link(step: Step, invoices: list[str]) -> Effect:
    step.facts["linked"] = invoices
    return MakeLink(step.facts["account"], tuple(invoices))


def show_link(step: Step) -> Effect:
    """The link, its amount and how long it works."""
    data = step.event.data
    card = {
        "kind": "payment_link",
        "link": data["link"],
        "url": PAY_URL,
        "amount_minor": data["amount_minor"],
        "currency": data["currency"],
        "expires_at": data["expires_at"],
    }
    args = {
        "amount": Money(data["amount_minor"], data["currency"]),
        "expires": datetime.fromisoformat(data["expires_at"]),
        "url": PAY_URL,
    }
    return Say("link", args, ask(step).choices, card=card)


def say_nothing_to_pay(step: Step) -> Effect:
    """It was paid, or is being paid, in the meantime."""
    return Say("nothing-to-pay", choices=elsewhere(step.facts))


P = PayBill
ASKING = (P.identifier, P.which, P.code)
ACCOUNT = (P.owes, P.settled, P.picking, P.paying, P.paid)
LOOKING = (P.reading, P.listing)

# fmt: off
RULES: list[Row] = [
    # event               from                to            guard                 effect
    # Who is it?
    ("identifier_typed",  (MENU, *ASKING),    P.sending,    None,                 send_code),
    ("identifiers_typed", (MENU, *ASKING),    P.which,      None,                 keep_candidates),
    ("choose_identifier", P.which,            P.sending,    is_a_candidate,       send_to_candidate),
    ("landline_typed",    ASKING,             P.identifier, None,                 saying("identifier-landline")),
    ("foreign_typed",     ASKING,             P.identifier, None,                 saying("identifier-foreign")),
    ("texts_not_sent",    ASKING,             P.identifier, None,                 saying("identifier-no-texts")),
    ("email_misspelt",    ASKING,             P.identifier, None,                 saying("identifier-bad-email")),
    ("number_misspelt",   ASKING,             P.identifier, None,                 saying("identifier-bad-number")),
    ("identifier_missing", P.identifier,      STAY,         None,                 saying("identifier-missing")),
    ("identifier_missing", P.which,           STAY,         None,                 ask),
    ("other_identifier",  (*ASKING, P.accounts, *ACCOUNT), P.identifier, None,    ask_other_identifier),

    # The code
    ("code_sent",         P.sending,          P.code,       None,                 say_code_sent),
    ("code_refused",      P.sending,          P.code,       code_was_sent,        say_wait),
    ("code_refused",      P.sending,          P.identifier, None,                 say_cannot_send),
    ("resend",            P.code,             P.sending,    None,                 send_again),
    ("code_typed",        P.code,             P.checking,   None,                 check_code),
    ("code_misshapen",    P.code,             STAY,         None,                 saying("code-misshapen")),
    ("code_right",        P.checking,         P.finding,    None,                 find_accounts),
    ("code_wrong",        P.checking,         P.code,       None,                 saying("code-wrong")),
    ("code_expired",      P.checking,         P.code,       None,                 saying("code-expired")),
    ("code_used_up",      P.checking,         P.code,       None,                 saying("code-used-up")),

    # Which account?
    ("accounts",          P.finding,          P.reading,    knows_which,          read_known),
    ("accounts",          P.finding,          P.identifier, has_none,             saying("no-account")),
    ("accounts",          P.finding,          P.reading,    has_one,              read_only_one),
    ("accounts",          P.finding,          P.accounts,   None,                 ask_account),
    ("choose_account",    P.accounts,         P.reading,    is_an_account,        read_chosen),
    ("other_account",     ACCOUNT,            P.finding,    None,                 leave_account),

    # What is owed
    ("statement",         P.listing,          P.picking,    something_to_pick,    show_picks),
    ("statement",         LOOKING,            P.owes,       debit_leaves_overdue, show_debit_and_overdue),
    ("statement",         LOOKING,            P.settled,    debit_is_planned,     show_planned_debit),
    ("statement",         LOOKING,            P.settled,    pays_by_debit,        show_debit),
    ("statement",         LOOKING,            P.owes,       owes_beside_pending,  show_owed_beside_pending),
    ("statement",         LOOKING,            P.owes,       owes,                 show_owed),
    ("statement",         LOOKING,            P.settled,    has_pending,          show_pending),
    ("statement",         LOOKING,            P.settled,    in_credit,            show_credit),
    ("statement",         LOOKING,            P.settled,    None,                 show_nothing_due),

    # All of it, or some invoices
    ("pick",              P.owes,             P.listing,    None,                 start_picking),
    ("toggle_invoice",    P.picking,          P.listing,    None,                 toggle),
    ("pay_picked",        P.picking,          P.linking,    has_picked,           pay_picked),
    ("pay_picked",        P.picking,          STAY,         None,                 saying("picking-none")),
    ("pay_overdue",       P.owes,             P.linking,    has_overdue,          pay_overdue),
    ("pay_all",           P.owes,             P.linking,    is_debited,           pay_overdue),
    ("pay_all",           (P.owes, P.picking), P.linking,   None,                 pay_all),

    # The link
    ("link_made",         P.linking,          P.paying,     None,                 show_link),
    ("nothing_to_pay",    P.linking,          P.settled,    None,                 say_nothing_to_pay),
    *from_any("new_link",                     P.linking,    has_account,          link_again),

    # Fifteen minutes later: a fresh code before anything is said
    ("not_verified",      (P.finding, *LOOKING, P.linking), P.sending,    was_verified, send_after_a_while),
    ("not_verified",      (P.finding, *LOOKING, P.linking), P.identifier, None,         ask_identifier),

    # "Pay my bill" and "what do I owe", wherever they are said
    ("pay_bill",          P.owes,             P.linking,    is_debited,           pay_overdue),
    ("pay_bill",          P.owes,             P.linking,    None,                 pay_all),
    ("pay_bill",          P.picking,          P.linking,    has_picked,           pay_picked),
    ("pay_bill",          P.picking,          STAY,         None,                 saying("picking-none")),
    ("pay_bill",          P.paying,           P.linking,    None,                 link_again),
    ("pay_bill",          (P.settled, P.paid), P.reading,   None,                 read),
    ("see_balance",       ACCOUNT,            P.reading,    has_account,          read),
    *from_any("pay_bill",                     STAY,         None,                 ask,
              but=[MENU, P.settled, P.paid, P.owes, P.picking, P.paying, Person.message, Person.reach]),
    *from_any("see_balance",                  STAY,         None,                 ask,
              but=[MENU, *ACCOUNT, Person.message, Person.reach]),
    ("pay_bill",          (Person.message, Person.reach), P.finding, None,        find_accounts),
    ("see_balance",       (MENU, Person.message, Person.reach), P.finding, None,  find_accounts),

    # The way back
    ("back",              P.identifier,       MENU,         None,                 ask),
    ("back",              (P.which, P.code),  P.identifier, None,                 ask),
    ("back",              P.accounts,         MENU,         None,                 ask),
    ("back",              (P.owes, P.settled), P.finding,   has_several,          leave_account),
    ("back",              (P.owes, P.settled), MENU,        None,                 ask),
    ("back",              (P.picking, P.paying), P.reading, None,                 read),
    ("back",              P.paid,             MENU,         None,                 ask),

    # Said again: what has amounts is read again
    ("repeat",            P.accounts,         P.finding,    None,                 leave_account),
    ("repeat",            (P.owes, P.settled), P.reading,   None,                 read),
    ("repeat",            P.picking,          P.listing,    None,                 read),
    ("repeat",            P.paying,           P.linking,    None,                 link_again),
]
# fmt: on
