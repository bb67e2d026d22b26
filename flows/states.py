"""The states of the dialogue. A conversation stores one of these names."""

MENU = "menu"


class PayBill:
    """From "I want to pay my bill" to a paid bill."""

    finding = "pay_bill.finding"
    identifier = "pay_bill.identifier"
    which = "pay_bill.which"
    sending = "pay_bill.sending"
    code = "pay_bill.code"
    checking = "pay_bill.checking"
    accounts = "pay_bill.accounts"
    reading = "pay_bill.reading"
    owes = "pay_bill.owes"
    settled = "pay_bill.settled"
    listing = "pay_bill.listing"
    picking = "pay_bill.picking"
    linking = "pay_bill.linking"
    paying = "pay_bill.paying"
    paid = "pay_bill.paid"


class Person:
    """A message for the team."""

    message = "person.message"
    knowing = "person.knowing"
    reach = "person.reach"
    leaving = "person.leaving"
    review = "person.review"


WAITING = {
    PayBill.finding: MENU,
    PayBill.sending: PayBill.identifier,
    PayBill.checking: PayBill.code,
    PayBill.reading: MENU,
    PayBill.listing: MENU,
    PayBill.linking: MENU,
    Person.knowing: Person.message,
    Person.leaving: Person.message,
}
"""States that wait for an effect's answer, which comes in the same turn → the prompting state to fall back to."""

PROMPTING = (
    MENU,
    PayBill.identifier,
    PayBill.which,
    PayBill.code,
    PayBill.accounts,
    PayBill.owes,
    PayBill.settled,
    PayBill.picking,
    PayBill.paying,
    PayBill.paid,
    Person.message,
    Person.reach,
    Person.review,
)
"""States that prompt the customer and end a turn."""

STATES = (*PROMPTING, *WAITING)

WRITING = (Person.message, Person.reach, Person.review)
"""States in which a message for the team is being written and not sent yet."""

ACCOUNT_STATES = (PayBill.owes, PayBill.settled, PayBill.picking, PayBill.paying, PayBill.paid)
"""States that show one account."""
