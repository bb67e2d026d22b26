"""Typed messages and tapped choices as events. Any text gives an event; nothing here raises for a customer's input."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flows.dialogues.team_message import lines
from flows.engine import TABLE
from flows.events import Event
from flows.states import MENU, PayBill, Person
from flows.understanding.codes import find_code
from flows.understanding.identifiers import FoundIdentifiers, Identifier, find_identifiers, likely_meant
from flows.understanding.intents import MAX_COMMAND_WORDS, command, intents
from flows.understanding.normalise import normalise, normalise_start, plain, tokens
from flows.understanding.reply_addresses import find_reply_addresses
from flows.understanding.vocabulary import VOCABULARY
from flows.wording.visible_text import visible_text

Offered = Sequence[Mapping[str, str]]
"""The choices on the customer's screen, in order: {id, label}."""

MAX_CHARACTERS = 2000
"""Characters of a message that are read: the most that a message may have."""

MIN_REQUEST_WORDS = 3
"""Shortest message, in words, that is answered with the list of services if it is not understood."""

MAX_IDENTIFYING_CHARACTERS = 60
"""Longest message at the menu in which an email is read as the customer's identifier."""

MAY_IDENTIFY = re.compile(rf"[@\d]|{VOCABULARY.spoken_at}", re.IGNORECASE)

PROBLEM_EVENTS = {
    "misspelt_email": "email_misspelt",
    "misspelt_number": "number_misspelt",
    "landline": "landline_typed",
    "foreign": "foreign_typed",
    "no_texts": "texts_not_sent",
}

PARAMETERS = {
    "account": ("choose_account", "account"),
    "identifier": ("choose_identifier", "identifier"),
}
"""Prefix of a choice's id → event and the name of its datum."""

PROPOSALS = {
    PayBill.owes: frozenset({"pay_all", "pay_overdue"}),
    PayBill.picking: frozenset({"pay_picked"}),
}
"""Choices that "yes" takes in a state; "no" leads to the menu."""

_REVIEW_EVENTS = {
    **dict.fromkeys(("message_done", "yes"), "send_message"),
    **dict.fromkeys(("add_more", "no"), "add_more"),
    **{event: event for event in ("discard_message", "back", "repeat", "help")},
}
"""Whole messages that are obeyed where a message to the team was just shown; any other adds a line to it."""

_COMMANDS = VOCABULARY.commands
_MESSAGE_COMMANDS = VOCABULARY.message_commands
_FILLERS = VOCABULARY.choice_fillers
_ORDINALS = VOCABULARY.ordinals
_KINDS = VOCABULARY.identifier_kinds


def _handled() -> frozenset[tuple[str, str]]:
    rules = ((event, (source,) if isinstance(source, str) else source) for event, source, *_ in TABLE)
    return frozenset((event, state) for event, sources in rules for state in sources)


HANDLED = _handled()
"""Each event with each state that has a rule for it."""


def chosen(choice: str, state: str, facts: Mapping[str, Any], offered: Offered) -> Event:
    """Return the event of a tapped choice; stale_choice if it is no longer offered."""
    if choice not in [option["id"] for option in offered]:
        return Event("stale_choice")
    kind, _, parameter = choice.partition(":")
    if not parameter:
        return Event(choice)
    if kind == "invoice":
        return Event("toggle_invoice", {"invoices": [parameter]})
    if kind not in PARAMETERS:
        return Event("stale_choice")
    event, name = PARAMETERS[kind]
    return Event(event, {name: parameter})


def understand(text: str, clean: str, state: str, facts: Mapping[str, Any], offered: Offered) -> Event:
    """Return the event of a typed message.

    `text` has no card numbers any more; `clean` has no codes either and is the only form that a message to the team
    may hold.
    """
    message = normalise_start(text, MAX_CHARACTERS)
    words = tokens(plain(message))
    # A number alone is a line of a message that is being written, such as a house number.
    by_number = None if state == Person.message and lines(facts) else _by_number(words, offered)
    choice = by_number or _by_label(words, offered)
    if choice is not None:
        return chosen(choice, state, facts, offered)
    if state in {Person.message, Person.review}:
        return _message(words, clean, state)
    return (
        _identification(message, state, facts)
        or _several_by_number(words, offered)
        or _by_words(words, state, facts, [option for option in offered if ":" in option["id"]])
        or _command(words, state, offered)
        or _by_words(words, state, facts, offered)
        or _intent(words, state)
        or _fallback(words, state)
    )


# ── choices in words ────────────────────────────────────────────────────────────────────────────────────────────


def _by_number(words: list[str], offered: Offered) -> str | None:
    """ "2", "option 2": the choice at that place in the list."""
    rest = [word for word in words if word not in _FILLERS]
    if len(rest) != 1 or not rest[0].isdecimal() or len(rest[0]) > 2:
        return None
    place = int(rest[0])
    return offered[place - 1]["id"] if 1 <= place <= len(offered) else None


def _by_label(words: list[str], offered: Offered) -> str | None:
    """The choice whose whole label was typed."""
    if not words:
        return None
    labels = [(option["id"], plain(normalise(option["label"]))) for option in offered]
    # Splitting a label costs more than seeing that a word is not in it.
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
    """ "The second one", "the email", or words that occur in one label only."""
    if not offered:
        return None
    choice = _by_ordinal(words, offered) or _by_kind(words, state, facts) or _by_part_of_label(words, offered)
    return None if choice is None else chosen(choice, state, facts, offered)


def _by_ordinal(words: list[str], offered: Offered) -> str | None:
    """ "The second one": the choice at that place in the list."""
    places = [_ORDINALS[word] for word in words if word in _ORDINALS]
    if len(places) != 1 or not all(word in _ORDINALS or word in _FILLERS for word in words):
        return None
    return offered[places[0]]["id"] if places[0] < len(offered) else None


def _by_kind(words: list[str], state: str, facts: Mapping[str, Any]) -> str | None:
    """ "The email": the only candidate of that kind."""
    if state != PayBill.which:
        return None
    kinds = {_KINDS[word] for word in words if word in _KINDS}
    fitting = [n for n, one in enumerate(facts.get("candidates", ())) if one["kind"] in kinds]
    return f"identifier:{fitting[0]}" if len(fitting) == 1 else None


def _by_part_of_label(words: list[str], offered: Offered) -> str | None:
    wanted = set(words) - _FILLERS
    if not wanted:
        return None
    fitting = [option["id"] for option in offered if wanted <= set(tokens(plain(normalise(option["label"]))))]
    return fitting[0] if len(fitting) == 1 else None


# ── identifiers and codes ───────────────────────────────────────────────────────────────────────────────────────


def _identification(message: str, state: str, facts: Mapping[str, Any]) -> Event | None:
    """An email, a mobile or a code, in states that ask for one. The code is read from the text and kept nowhere."""
    if ("identifier_typed", state) not in HANDLED or (state == MENU and len(message) > MAX_IDENTIFYING_CHARACTERS):
        return None
    if not MAY_IDENTIFY.search(message):
        return None
    region = str(facts.get("region") or "GB")
    if state == Person.reach:
        found = find_reply_addresses(message, region)
    else:
        found = find_identifiers(message, region, facts.get("countries", (region,)))
    if found.identifiers:
        return _identifiers(found) if state == Person.reach else _sendable(found, state)
    if state == PayBill.code and (code := _code(message)):
        return code
    return None if found.problem is None else _if_handled(PROBLEM_EVENTS[found.problem], state)


def _sendable(found: FoundIdentifiers, state: str) -> Event | None:
    """The identifiers that a code can be sent to: many mail servers refuse special letters before the @."""
    sendable = tuple(one for one in found.identifiers if one.kind != "email" or _name_is_ascii(one))
    return _identifiers(FoundIdentifiers(sendable)) if sendable else _if_handled("email_unsendable", state)


def _name_is_ascii(email: Identifier) -> bool:
    return email.value.partition("@")[0].isascii()


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


def _code(message: str) -> Event | None:
    code = find_code(message)
    if code is not None:
        return Event("code_typed", {"digits": code})
    digits = sum(c.isdecimal() for c in message)
    return Event("code_misshapen") if 0 < digits < 10 and "@" not in message else None


# ── messages, commands and intents ──────────────────────────────────────────────────────────────────────────────


def _message(words: list[str], clean: str, state: str) -> Event:
    """A line of a message to the team, unless it is one of the few commands obeyed there."""
    message = " ".join(words)
    if message in _MESSAGE_COMMANDS:
        return Event(_COMMANDS[message])
    event = _about_message(words, state)
    if event is not None:
        return Event(event)
    text = visible_text(clean).strip("\n")
    return Event("message_typed", {"text": text}) if text.strip() else Event("not_understood")


def _about_message(words: list[str], state: str) -> str | None:
    """ "That's all", "don't send it"; "yes" and "no" where the whole message was just shown."""
    if len(words) > MAX_COMMAND_WORDS:
        return None
    whole = " ".join(words).replace("'", "")
    short = " ".join(word for word in words if word not in VOCABULARY.polite).replace("'", "")
    event = VOCABULARY.team_message.get(whole) or VOCABULARY.team_message.get(short)
    if state == Person.message:
        return event
    return _REVIEW_EVENTS.get(event or command(words) or "")


def _command(words: list[str], state: str, offered: Offered) -> Event | None:
    event = command(words)
    if event in {"yes", "no"}:
        proposed = {option["id"] for option in offered} & PROPOSALS.get(state, frozenset())
        if not proposed:
            return None
        return Event(min(proposed) if event == "yes" else "menu")
    return None if event is None else _if_handled(event, state)


def _intent(words: list[str], state: str) -> Event | None:
    return next((Event(event) for event in intents(words) if (event, state) in HANDLED), None)


def _fallback(words: list[str], state: str) -> Event:
    if ("identifier_missing", state) in HANDLED:
        return Event("identifier_missing")
    return Event("out_of_scope" if len(words) >= MIN_REQUEST_WORDS else "not_understood")


def _if_handled(event: str, state: str) -> Event | None:
    return Event(event) if (event, state) in HANDLED else None
