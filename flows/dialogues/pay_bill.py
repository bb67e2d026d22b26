"""Pay my bill: who is it, what is owed, a payment link, paid."""

from flows.dialogues.accounts import (
    ask_account,
    has_none,
    has_one,
    has_several,
    is_an_account,
    knows_which,
    leave_account,
    read,
    read_chosen,
    read_known,
    read_only_one,
)
from flows.dialogues.identify import (
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
from flows.dialogues.payment_link import (
    has_overdue,
    has_picked,
    is_debited,
    link_again,
    pay_all,
    pay_overdue,
    pay_picked,
    say_nothing_to_pay,
    show_link,
    start_picking,
    toggle,
)
from flows.dialogues.payment_updates import has_account
from flows.dialogues.prompts import ask, saying
from flows.dialogues.statement import (
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
from flows.rules import STAY, Rule, from_any
from flows.states import MENU, PayBill, Person

P = PayBill
ASKING = (P.identifier, P.which, P.code)
ACCOUNT = (P.owes, P.settled, P.picking, P.paying, P.paid)
LOOKING = (P.reading, P.listing)

# fmt: off
RULES: list[Rule] = [
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
