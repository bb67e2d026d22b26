"""What was typed or tapped, as an event. Any text gives an event; nothing here raises for what a customer may write."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flows.engine import TABLE
from flows.events import Event
from flows.states import MENU, PayBill, Person
from flows.understanding.identifiers import FoundIdentifiers, Identifier, find_identifiers, likely_meant
from flows.understanding.meaning import command, meanings, one_width, plain, tokens
from flows.understanding.phrases import COMMANDS, IN_A_MESSAGE, POLITE

Offered = Sequence[Mapping[str, str]]

LONGEST = 2000
"""Characters that are looked at: the most that a message may have."""

CODE = re.compile(r"(?<!\d)\d(?:[ \-.]?\d){5}(?!\d)(?![ \-.]\d)")
BETWEEN_DIGITS = str.maketrans("", "", " -.")
LOOKS_LIKE_IDENTITY = re.compile(r"[@\d]|\(at\)|\[at\]| arroba ", re.IGNORECASE)

FEW = 3
"""Words from which something not understood is a request of its own, and is answered with what can be done here."""

SHORT = 60
"""Characters up to which a message at the menu with an email in it is taken as saying who somebody is."""

ORDINALS = {
    "first": 0, "1st": 0, "primera": 0, "primero": 0,
    "second": 1, "2nd": 1, "segunda": 1, "segundo": 1,
    "third": 2, "3rd": 2, "tercera": 2, "tercero": 2,
    "fourth": 3, "4th": 3, "cuarta": 3, "cuarto": 3,
    "last": -1, "ultima": -1, "ultimo": -1,
}  # fmt: skip
BESIDE_ORDINALS = POLITE | set("one choose pick option number opcion numero elijo take ill i'll".split())  # noqa: SIM905

PROBLEMS = {
    "misspelt_email": "email_misspelt",
    "misspelt_number": "number_misspelt",
    "landline": "landline_typed",
    "foreign": "foreign_typed",
    "no_texts": "texts_not_sent",
}

WITH_ID = {
    "account": ("choose_account", "account"),
    "identifier": ("choose_identifier", "identifier"),
}

AGREED = {
    PayBill.owes: frozenset({"pay_all", "pay_overdue"}),
    PayBill.picking: frozenset({"pay_picked"}),
}
"""What "yes" means where something was proposed; "no" leads to the menu there."""

KINDS = {
    "email": "email", "mail": "email", "correo": "email",
    "mobile": "mobile", "phone": "mobile", "text": "mobile", "sms": "mobile", "movil": "mobile", "celular": "mobile",
}  # fmt: skip


def _handled() -> frozenset[tuple[str, str]]:
    """Each event with each state that has a row for it."""
    rows = ((event, (source,) if isinstance(source, str) else source) for event, source, *_ in TABLE)
    return frozenset((event, state) for event, sources in rows for state in sources)


HANDLED = _handled()


def chosen(choice: str, state: str, facts: Mapping[str, Any], offered: Offered) -> Event:
    """A tapped choice. One that is no longer offered is a stale_choice."""
    if choice not in [option["id"] for option in offered]:
        return Event("stale_choice")
    kind, _, of = choice.partition(":")
    if not of:
        return Event(choice)
    if kind == "invoice":
        return Event("toggle_invoice", {"invoices": [of]})
    if kind not in WITH_ID:
        return Event("stale_choice")
    event, name = WITH_ID[kind]
    return Event(event, {name: of})


def understand(text: str, clean: str, state: str, facts: Mapping[str, Any], offered: Offered) -> Event:
    """A typed message.

    `text` has no card numbers any more; `clean` has no codes either and is all that a message to the team may hold.
    """
    said = one_width(text[:LONGEST])
    words = tokens(plain(said))
    choice = _by_number(words, offered) or _by_label(words, offered)
    if choice is not None:
        return chosen(choice, state, facts, offered)
    if state == Person.message:
        return _message(words, clean)
    return (
        _identity(said, state, facts)
        or _several_by_number(words, offered)
        or _by_words(words, state, facts, [option for option in offered if ":" in option["id"]])
        or _command(words, state, offered)
        or _by_words(words, state, facts, offered)
        or _meaning(words, state)
        or _otherwise(words, state)
    )


# ── choices in words ────────────────────────────────────────────────────────────────────────────────────────────


def _by_number(words: list[str], offered: Offered) -> str | None:
    """ "2", "option 2": the choice with that place in the list."""
    rest = [word for word in words if word not in BESIDE_ORDINALS]
    if len(rest) != 1 or not rest[0].isdecimal() or len(rest[0]) > 2:
        return None
    place = int(rest[0])
    return offered[place - 1]["id"] if 1 <= place <= len(offered) else None


def _by_label(words: list[str], offered: Offered) -> str | None:
    """The label itself, typed."""
    if not words:
        return None
    labels = [(option["id"], plain(option["label"])) for option in offered]
    # Taking a label apart costs more than seeing that a word is not in it.
    matching = [id_ for id_, label in labels if words[0] in label and tokens(label) == words]
    return matching[0] if len(matching) == 1 else None


def _several_by_number(words: list[str], offered: Offered) -> Event | None:
    """ "1 and 3" where invoices are listed."""
    places = [int(word) for word in words if word.isdecimal() and len(word) <= 2]
    if len(places) < 2 or not all(1 <= place <= len(offered) for place in places):
        return None
    ids = [offered[place - 1]["id"] for place in dict.fromkeys(places)]
    if not all(id_.startswith("invoice:") for id_ in ids):
        return None
    return Event("toggle_invoice", {"invoices": [id_.partition(":")[2] for id_ in ids]})


def _by_words(words: list[str], state: str, facts: Mapping[str, Any], offered: Offered) -> Event | None:
    """ "The second one", "the email", or words that stand in one label only."""
    if not offered:
        return None
    choice = _by_ordinal(words, offered) or _by_kind(words, state, facts) or _by_part_of_label(words, offered)
    return None if choice is None else chosen(choice, state, facts, offered)


def _by_ordinal(words: list[str], offered: Offered) -> str | None:
    """ "The second one": of the things listed, where things are listed."""
    places = [ORDINALS[word] for word in words if word in ORDINALS]
    if len(places) != 1 or not all(word in ORDINALS or word in BESIDE_ORDINALS for word in words):
        return None
    return offered[places[0]]["id"] if places[0] < len(offered) else None


def _by_kind(words: list[str], state: str, facts: Mapping[str, Any]) -> str | None:
    if state != PayBill.which:
        return None
    kinds = {KINDS[word] for word in words if word in KINDS}
    fitting = [n for n, one in enumerate(facts.get("candidates", ())) if one["kind"] in kinds]
    return f"identifier:{fitting[0]}" if len(fitting) == 1 else None


def _by_part_of_label(words: list[str], offered: Offered) -> str | None:
    wanted = set(words) - BESIDE_ORDINALS
    if not wanted:
        return None
    fitting = [option["id"] for option in offered if wanted <= set(tokens(plain(option["label"])))]
    return fitting[0] if len(fitting) == 1 else None


# ── who somebody says they are ──────────────────────────────────────────────────────────────────────────────────


def _identity(said: str, state: str, facts: Mapping[str, Any]) -> Event | None:
    """An email, a mobile or a code, where one is asked for. The code is read from what was typed and kept nowhere."""
    if ("identifier_typed", state) not in HANDLED or (state == MENU and len(said) > SHORT):
        return None
    if not LOOKS_LIKE_IDENTITY.search(said):
        return None
    region = str(facts.get("region") or "GB")
    found = find_identifiers(said, region, facts.get("countries", (region,)))
    if found.identifiers:
        return _identifiers(found)
    if state == PayBill.code and (code := _code(said)):
        return code
    return None if found.problem is None else _only_if_handled(Event(PROBLEMS[found.problem]), state)


def _identifiers(found: FoundIdentifiers) -> Event:
    first = found.identifiers[0]
    if len(found.identifiers) > 1:
        return Event("identifiers_typed", {"options": [_as_data(one) for one in found.identifiers]})
    meant = likely_meant(first)
    if meant is not None:
        return Event("identifiers_typed", {"options": [_as_data(meant), _as_data(first)], "guessed": True})
    return Event("identifier_typed", _as_data(first))


def _as_data(identifier: Identifier) -> dict[str, str]:
    return {"kind": identifier.kind, "value": identifier.value}


def _code(said: str) -> Event | None:
    code = CODE.search(said)
    if code is not None:
        return Event("code_typed", {"digits": code.group().translate(BETWEEN_DIGITS)})
    digits = sum(c.isdecimal() for c in said)
    return Event("code_misshapen") if 0 < digits < 10 and "@" not in said else None


# ── everything else ─────────────────────────────────────────────────────────────────────────────────────────────


def _message(words: list[str], clean: str) -> Event:
    """Nearly everything is part of what the customer tells the team."""
    said = " ".join(words)
    if said in IN_A_MESSAGE:
        return Event(COMMANDS[said])
    return Event("message_typed", {"text": clean.strip()}) if clean.strip() else Event("not_understood")


def _command(words: list[str], state: str, offered: Offered) -> Event | None:
    event = command(words)
    if event in {"yes", "no"}:
        proposed = {option["id"] for option in offered} & AGREED.get(state, frozenset())
        if not proposed:
            return None
        return Event(min(proposed) if event == "yes" else "menu")
    return None if event is None else _only_if_handled(Event(event), state)


def _meaning(words: list[str], state: str) -> Event | None:
    return next((Event(event) for event in meanings(words) if (event, state) in HANDLED), None)


def _otherwise(words: list[str], state: str) -> Event:
    if ("identifier_missing", state) in HANDLED:
        return Event("identifier_missing")
    return Event("out_of_scope" if len(words) >= FEW else "not_understood")


def _only_if_handled(event: Event, state: str) -> Event | None:
    return event if (event.name, state) in HANDLED else None
