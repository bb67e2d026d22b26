"""Which account a customer is asking about, when there are several."""

from typing import Any

from flows.dialogues.prompts import PERSON, TO_MENU
from flows.effects import Choice, Effect, FindAccounts, Money, ReadStatement, Say
from flows.rules import Step


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
    """Keep which accounts there are, by nothing but their ids."""
    found: list[dict[str, Any]] = step.event.data["accounts"]
    step.facts["accounts"] = [a["id"] for a in found]
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
    return step.event.data.get("account") in step.facts.get("accounts", ())


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
