"""Effects that read the books: the customer's accounts and their statements."""

from chatbot.conversations.payment_links import other_ways
from chatbot.conversations.turn import Turn
from chatbot.conversations.verification import not_verified
from flows.effects import FindAccounts, ReadStatement
from flows.events import Event
from store.billing import statements


def find_accounts(turn: Turn, _: FindAccounts) -> Event:
    """Read the customer's accounts with their payable amounts, the largest debt first. Answer: `accounts`."""
    assert turn.conversation.contact is not None
    found = statements.statements_of(turn.tx, turn.conversation.contact, turn.today)
    turn.statements = {statement.account.id: statement for statement in found}
    return Event(
        "accounts",
        {
            "accounts": [
                {
                    "id": statement.account.id,
                    "number": statement.account.number,
                    "name": statement.account.name,
                    "currency": statement.account.currency,
                    "payable_minor": statement.payable_minor,
                }
                for statement in found
            ]
        },
    )


def read_statement(turn: Turn, effect: ReadStatement) -> Event:
    """Read an account's statement. Answers: `statement`, or `not_verified` for another customer's account."""
    assert turn.conversation.contact is not None
    statement = turn.statements.get(effect.account) or statements.statement_for(
        turn.tx, turn.conversation.contact, effect.account, turn.today
    )
    if statement is None:
        return not_verified(turn)
    facts = statement.as_facts()
    return Event("statement", facts if turn.service.has_gateway else {**facts, "other_ways": other_ways(turn)})
