"""Intents of free sentences: whole-message commands, and ordered rules over the topics of the words."""

from collections.abc import Iterator

from flows.understanding.normalise import MAX_WORDS
from flows.understanding.typos import TypoIndex
from flows.understanding.vocabulary import VOCABULARY

MAX_COMMAND_WORDS = 8

MIN_TYPO_LETTERS = 5
"""Letters from which a word may have a typo; shorter ones are too often another word."""

_COMMANDS = VOCABULARY.commands
_POLITE = VOCABULARY.polite
_TOPICS = VOCABULARY.topics
_NO_TOPIC: frozenset[str] = frozenset()
_LONG_WORDS = TypoIndex(word for word in _TOPICS if len(word) >= MIN_TYPO_LETTERS and " " not in word)


def _phrase_lengths() -> dict[str, set[int]]:
    """Return the lengths in words of the known phrases, by their first word."""
    lengths: dict[str, set[int]] = {}
    for phrase in _TOPICS:
        first, *more = phrase.split()
        if more:
            lengths.setdefault(first, set()).add(1 + len(more))
    return lengths


_PHRASE_LENGTHS = _phrase_lengths()


def command(words: list[str]) -> str | None:
    """Return the event that the whole message is a usual way of asking for."""
    if len(words) > MAX_COMMAND_WORDS:
        return None
    message = " ".join(words).replace("'", "")
    if message in _COMMANDS:
        return _COMMANDS[message]
    return _COMMANDS.get(" ".join(word for word in words if word not in _POLITE).replace("'", ""))


def topics(words: list[str]) -> set[str]:
    """Return the topics of words and of the phrases among them; typos are forgiven."""
    found: set[str] = set()
    for start, word in enumerate(words):
        for length in _PHRASE_LENGTHS.get(word, ()):
            found |= _TOPICS.get(" ".join(words[start : start + length]), _NO_TOPIC)
        found |= _TOPICS.get(word) or _typo_topics(word)
    return found


def _typo_topics(word: str) -> frozenset[str]:
    """Return the topics of the known word that a mistyped one probably stands for."""
    if len(word) < MIN_TYPO_LETTERS:
        return _NO_TOPIC
    # Hardly anybody mistypes the first letter.
    return next((_TOPICS[meant] for meant in _LONG_WORDS.near(word) if word[0] in meant[:2]), _NO_TOPIC)


ANY = MAX_WORDS

# A rule holds for a sentence of at most `max words` that has all the topics ("A|B": one of them) and none of `without`.
# fmt: off
_TABLE: list[tuple[str, str, str, int]] = [
    # event            topics                        without                    max words
    ("resend",         "CODE NEW",                   "IDENTIFIER",              ANY),
    ("resend",         "NOT_RECEIVED",               "",                        ANY),
    ("other_identifier", "IDENTIFIER WRONG|NEW",     "",                        ANY),
    ("new_link",       "LINK NEW|WRONG|NOT_RECEIVED", "",                       ANY),
    ("resend",         "NEW",                        "IDENTIFIER ACCOUNT LINK", 5),
    ("email_receipt",  "RECEIPT",                    "",                        ANY),
    ("email_receipt",  "COPY SEE",                   "BILL",                    6),
    ("other_account",  "ACCOUNT NEW",                "",                        ANY),
    ("pay_all",        "EVERYTHING",                 "",                        6),
    ("pick",           "SOME",                       "",                        6),

    ("sign_out",       "SIGN_OUT",                   "NOT_RECEIVED TROUBLE",    8),
    ("start_over",     "OVER",                       "",                        ANY),
    ("are_you_a_bot",  "YOU BOT",                    "GREET SUBJECT ABLE CANCEL", ANY),
    ("are_you_a_bot",  "YOU REAL",                   "BILL TROUBLE",            ANY),
    ("are_you_a_bot",  "YOU PERSON BOT|REAL",        "",                        ANY),
    ("person",         "TALK PERSON",                "YOU BYE REAL",            ANY),
    ("person",         "TALK PERSON HELP|WANT",      "",                        ANY),
    ("person",         "TALK PERSON",                "BYE",                     ANY),
    ("person",         "SERVICE|LEAVE_MESSAGE",      "",                        ANY),
    ("person",         "NOT_HELPFUL",                "",                        ANY),
    ("person",         "PAY|BILL TROUBLE",           "METHOD",                  ANY),
    ("person",         "DISPUTE",                    "",                        12),
    ("person",         "CANCEL CONTRACT",            "",                        ANY),
    ("payment_methods", "METHOD",                    "",                        3),
    ("payment_methods", "PAY METHOD",                "",                        ANY),
    ("payment_methods", "HOW_PAY",                   "BILL",                    ANY),
    ("see_balance",    "BILL WHEN",                  "LOAN",                    ANY),
    ("see_balance",    "PAY WHEN",                   "LOAN",                    12),
    ("see_balance",    "HOW_MUCH BILL|OWE",          "LOAN",                    ANY),
    ("see_balance",    "HOW_MUCH PAY",               "LOAN",                    ANY),
    ("pay_bill",       "PAY BILL",                   "",                        ANY),
    ("see_balance",    "BILL OWE",                   "",                        ANY),
    ("see_balance",    "BILL SEE",                   "",                        ANY),
    ("see_balance",    "BILL WHAT",                  "",                        8),
    ("see_balance",    "OWE MINE",                   "THANK",                   8),
    ("see_balance",    "OWE ACCOUNT|STATEMENT",      "",                        8),
    ("pay_bill",       "BILL HELP",                  "",                        ANY),
    ("pay_bill",       "PAY MINE",                   "LOAN",                    8),
    ("pay_bill",       "PAY",                        "LOAN",                    4),
    ("see_balance",    "BILL",                       "",                        4),

    ("change_language", "LANGUAGE",                  "",                        10),
    ("change_language", "TONGUE SPEAK",              "",                        8),
    ("repeat",         "REPEAT",                     "CANCEL",                  10),
    ("goodbye",        "BYE",                        "BILL PAY",                12),
    ("thanks",         "THANK",                      "BILL PAY",                12),
    ("help",           "ABLE SUBJECT|WHAT",          "",                        12),
    ("back",           "BACK",                       "",                        6),
    ("menu",           "MENU",                       "",                        6),
    ("menu",           "CANCEL",                     "BILL",                    6),
    ("greeting",       "GREET",                      "BILL PAY OWE",            6),
]
# fmt: on


def _read(needed: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(topic.split("|")) for topic in needed.split())


INTENT_RULES = [(event, _read(needed), frozenset(without.split()), most) for event, needed, without, most in _TABLE]
"""Event, topics (one of each set), excluded topics, most words; in the order in which they are tried."""


def intents(words: list[str]) -> Iterator[str]:
    """Yield the events that a sentence may ask for, the likeliest first."""
    found = topics(words)
    if not found:
        return
    for event, needed, without, most in INTENT_RULES:
        if len(words) <= most and found.isdisjoint(without) and not any(found.isdisjoint(one) for one in needed):
            yield event
