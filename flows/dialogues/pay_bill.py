"""Pay my bill: the identifier and its code, the balance, a payment link, the receipt.

Nothing about an account is said before a right code. Amounts are read again each time they are shown, so that an
expired verification is noticed.
"""

from flows.dialogues.accounts import (
    account_is_known,
    ask_account,
    close_account,
    has_no_account,
    has_one_account,
    has_several_accounts,
    is_own_account,
    read_account,
    read_chosen_account,
    read_known_account,
    read_only_account,
)
from flows.dialogues.identify import (
    ask_candidate,
    ask_identifier,
    ask_other_identifier,
    check_code,
    code_was_sent,
    find_accounts,
    is_candidate,
    renew_verification,
    resend_code,
    say_cannot_send,
    say_code_sent,
    say_wait,
    send_code,
    send_to_candidate,
    verification_expired,
)
from flows.dialogues.other_ways import say_other_ways
from flows.dialogues.payment_link import (
    debit_covers_rest,
    has_overdue,
    has_picked,
    pay_all,
    pay_overdue,
    pay_picked,
    renew_link,
    show_link,
    start_picking,
    toggle_invoices,
)
from flows.dialogues.payment_updates import has_account
from flows.dialogues.person import leaving
from flows.dialogues.prompts import ask, say
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
from flows.states import ACCOUNT_STATES, MENU, WRITING, PayBill

P = PayBill
IDENTIFYING = (P.identifier, P.which, P.code)
READING = (P.reading, P.listing)

# fmt: off
RULES: list[Rule] = [
    # event                source                  target         guard                  action
    # The identifier
    ("identifier_typed",   (MENU, *IDENTIFYING),   P.sending,     None,                  send_code),
    ("identifiers_typed",  (MENU, *IDENTIFYING),   P.which,       None,                  ask_candidate),
    ("choose_identifier",  P.which,                P.sending,     is_candidate,          send_to_candidate),
    ("landline_typed",     IDENTIFYING,            P.identifier,  None,                  say("identifier-landline")),
    ("foreign_typed",      IDENTIFYING,            P.identifier,  None,                  say("identifier-foreign")),
    ("texts_not_sent",     IDENTIFYING,            P.identifier,  None,                  say("identifier-no-texts")),
    ("email_misspelt",     IDENTIFYING,            P.identifier,  None,                  say("identifier-bad-email")),
    ("email_unsendable",   (MENU, *IDENTIFYING),   P.identifier,  None,                  say("identifier-unsendable")),
    ("number_misspelt",    IDENTIFYING,            P.identifier,  None,                  say("identifier-bad-number")),
    ("identifier_missing", P.identifier,           STAY,          None,                  say("identifier-missing")),
    ("identifier_missing", P.which,                STAY,          None,                  ask),
    ("other_identifier",   (*IDENTIFYING, P.accounts, *ACCOUNT_STATES), P.identifier, None, ask_other_identifier),

    # The code
    ("code_sent",          P.sending,              P.code,        None,                  say_code_sent),
    ("code_refused",       P.sending,              P.code,        code_was_sent,         say_wait),
    ("code_refused",       P.sending,              P.identifier,  None,                  say_cannot_send),
    ("resend",             P.code,                 P.sending,     None,                  resend_code),
    ("code_typed",         P.code,                 P.checking,    None,                  check_code),
    ("code_misshapen",     P.code,                 STAY,          None,                  say("code-misshapen")),
    ("code_right",         P.checking,             P.finding,     None,                  find_accounts),
    ("code_wrong",         P.checking,             P.code,        None,                  say("code-wrong")),
    ("code_superseded",    P.checking,             P.code,        None,                  say("code-superseded")),
    ("code_expired",       P.checking,             P.code,        None,                  say("code-expired")),
    ("code_used_up",       P.checking,             P.code,        None,                  say("code-used-up")),

    # The account
    ("accounts",           P.finding,              P.reading,     account_is_known,      read_known_account),
    ("accounts",           P.finding,              P.identifier,  has_no_account,        say("no-account")),
    ("accounts",           P.finding,              P.reading,     has_one_account,       read_only_account),
    ("accounts",           P.finding,              P.accounts,    None,                  ask_account),
    ("choose_account",     P.accounts,             P.reading,     is_own_account,        read_chosen_account),
    ("other_account",      ACCOUNT_STATES,         P.finding,     None,                  close_account),

    # The statement
    ("statement",          P.listing,              P.picking,     something_to_pick,     show_picks),
    ("statement",          READING,                P.owes,        debit_leaves_overdue,  show_debit_and_overdue),
    ("statement",          READING,                P.settled,     debit_is_planned,      show_planned_debit),
    ("statement",          READING,                P.settled,     pays_by_debit,         show_debit),
    ("statement",          READING,                P.owes,        owes_beside_pending,   show_owed_beside_pending),
    ("statement",          READING,                P.owes,        owes,                  show_owed),
    ("statement",          READING,                P.settled,     has_pending,           show_pending),
    ("statement",          READING,                P.settled,     in_credit,             show_credit),
    ("statement",          READING,                P.settled,     None,                  show_nothing_due),

    # Everything, or some invoices
    ("pick",               P.owes,                 P.listing,     None,                  start_picking),
    ("toggle_invoice",     P.picking,              P.listing,     None,                  toggle_invoices),
    ("pay_picked",         P.picking,              P.linking,     has_picked,            pay_picked),
    ("pay_picked",         P.picking,              STAY,          None,                  say("picking-none")),
    ("pay_overdue",        P.owes,                 P.linking,     has_overdue,           pay_overdue),
    ("pay_all",            P.owes,                 P.linking,     debit_covers_rest,     pay_overdue),
    ("pay_all",            (P.owes, P.picking),    P.linking,     None,                  pay_all),

    # The link
    ("link_made",          P.linking,              P.paying,      None,                  show_link),
    # Paid, being paid, or collected by direct debit: the statement says which
    ("nothing_to_pay",     P.linking,              P.reading,     None,                  read_account),
    ("pay_otherwise",      P.linking,              P.owes,        None,                  say_other_ways),
    *from_any("new_link",                          P.linking,     has_account,           leaving(renew_link)),

    # The verification has expired: a fresh code before anything about the account is said
    ("not_verified",       (P.finding, *READING, P.linking), P.sending, verification_expired, renew_verification),
    ("not_verified",       (P.finding, *READING, P.linking), P.identifier, None,         ask_identifier),

    # "Pay my bill" and "how much do I owe" in other states
    ("pay_bill",           P.owes,                 P.linking,     debit_covers_rest,     pay_overdue),
    ("pay_bill",           P.owes,                 P.linking,     None,                  pay_all),
    ("pay_bill",           P.picking,              P.linking,     has_picked,            pay_picked),
    ("pay_bill",           P.picking,              STAY,          None,                  say("picking-none")),
    ("pay_bill",           P.paying,               P.linking,     None,                  renew_link),
    ("pay_bill",           (P.settled, P.paid),    P.reading,     None,                  read_account),
    ("see_balance",        ACCOUNT_STATES,         P.reading,     has_account,           read_account),
    *from_any("pay_bill",                          STAY,          None,                  ask,
              but=[MENU, P.settled, P.paid, P.owes, P.picking, P.paying, *WRITING]),
    *from_any("see_balance",                       STAY,          None,                  ask,
              but=[MENU, *ACCOUNT_STATES, *WRITING]),
    ("pay_bill",           WRITING,                P.finding,     None,                  leaving(find_accounts)),
    ("see_balance",        (MENU, *WRITING),       P.finding,     None,                  leaving(find_accounts)),

    # The way back
    ("back",               P.identifier,           MENU,          None,                  ask),
    ("back",               (P.which, P.code),      P.identifier,  None,                  ask),
    ("back",               P.accounts,             MENU,          None,                  ask),
    ("back",               (P.owes, P.settled),    P.finding,     has_several_accounts,  close_account),
    ("back",               (P.owes, P.settled),    MENU,          None,                  ask),
    ("back",               (P.picking, P.paying),  P.reading,     None,                  read_account),
    ("back",               P.paid,                 MENU,          None,                  ask),

    # Repeated: amounts are read again
    ("repeat",             P.accounts,             P.finding,     None,                  close_account),
    ("repeat",             (P.owes, P.settled),    P.reading,     None,                  read_account),
    ("repeat",             P.picking,              P.listing,     None,                  read_account),
    ("repeat",             P.paying,               P.linking,     None,                  renew_link),
]
# fmt: on
