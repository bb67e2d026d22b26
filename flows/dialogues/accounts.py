"""Choice of an account, for customers who have several."""

from typing import Any

from flows.dialogues.prompts import PERSON, SIGN_OUT, TO_MENU
from flows.effects import Choice, Effect, FindAccounts, Money, ReadStatement, Say
from flows.rules import Step


def _ids(step: Step) -> list[str]:
    return [account["id"] for account in step.event.data["accounts"]]


def account_is_known(step: Step) -> bool:
    """The customer was already looking at one of these accounts."""
    return step.facts.get("account") in _ids(step)


def has_no_account(step: Step) -> bool:
    """The code was right, but no account belongs to the email or mobile any more."""
    return not step.event.data["accounts"]


def has_one_account(step: Step) -> bool:
    """There is nothing to choose."""
    return len(step.event.data["accounts"]) == 1


def has_several_accounts(step: Step) -> bool:
    """There is another account to go back to."""
    return bool(step.facts.get("several"))


def is_own_account(step: Step) -> bool:
    """The choice is one of the customer's accounts."""
    return step.event.data.get("account") in step.facts.get("accounts", ())


def store_accounts(step: Step) -> list[dict[str, Any]]:
    """Store the ids of the accounts, and nothing else about them, in the facts. Return the accounts."""
    found: list[dict[str, Any]] = step.event.data["accounts"]
    step.facts["accounts"] = [a["id"] for a in found]
    step.facts["several"] = len(found) > 1
    return found


def read_account(step: Step) -> Effect:
    """Read the current statement of the account."""
    return ReadStatement(step.facts["account"])


def read_known_account(step: Step) -> Effect:
    """Go on with the account from before."""
    store_accounts(step)
    return read_account(step)


def read_only_account(step: Step) -> Effect:
    """Open the only account."""
    step.facts["account"] = store_accounts(step)[0]["id"]
    return read_account(step)


def read_chosen_account(step: Step) -> Effect:
    """Open the account that was chosen."""
    step.facts["account"] = step.event.data["account"]
    return read_account(step)


def close_account(step: Step) -> Effect:
    """Go back to the list of accounts."""
    step.facts.pop("account", None)
    return FindAccounts()


def ask_account(step: Step) -> Effect:
    """Offer each account with its name, its number and the amount to pay by hand."""
    step.facts.pop("account", None)
    choices = tuple(_account_choice(a) for a in store_accounts(step))
    return Say("which-account", choices=(*choices, PERSON, TO_MENU, SIGN_OUT))


def _account_choice(account: dict[str, Any]) -> Choice:
    owing = account["payable_minor"] > 0
    args = {
        "name": account["name"],
        "number": account["number"],
        "amount": Money(account["payable_minor"], account["currency"]),
    }
    return Choice(f"account:{account['id']}", "choice-account-owing" if owing else "choice-account", args)
