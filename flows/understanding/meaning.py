"""What a free sentence is about: known words and phrases, slips forgiven, and ordered rules over them."""

import re
import unicodedata
from collections.abc import Iterator

from flows.understanding.phrases import COMMANDS, POLITE, WORDS
from flows.understanding.typos import TypoIndex

LONGEST_LOOK = 60
"""Words of a message that are looked at; what somebody wants is said before that."""

FORGIVEN_FROM = 5
"""Letters from which a word may have a slip; shorter ones are too often another word."""

NO_TOPIC: frozenset[str] = frozenset()

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def one_width(text: str) -> str:
    """Full-width and other forms of letters and digits as the plain ones; accents stay."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text.replace("’", "'"))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def plain(text: str) -> str:
    """Lower case without accents, of a text of one width."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold()


def tokens(text: str) -> list[str]:
    """The words of a message that is plain already."""
    return TOKEN.findall(text)[:LONGEST_LOOK]


def command(words: list[str]) -> str | None:
    """The event that the whole message is a usual way of asking for."""
    if len(words) > 8:
        return None
    said = " ".join(words).replace("'", "")
    if said in COMMANDS:
        return COMMANDS[said]
    return COMMANDS.get(" ".join(word for word in words if word not in POLITE).replace("'", ""))


def _lengths() -> dict[str, set[int]]:
    """How many words the phrases have that begin with a word."""
    lengths: dict[str, set[int]] = {}
    for phrase in WORDS:
        first, *more = phrase.split()
        if more:
            lengths.setdefault(first, set()).add(1 + len(more))
    return lengths


LENGTHS = _lengths()


def topics(words: list[str]) -> set[str]:
    """What the words are about."""
    found: set[str] = set()
    for start, word in enumerate(words):
        for length in LENGTHS.get(word, ()):
            found |= WORDS.get(" ".join(words[start : start + length]), NO_TOPIC)
        found |= WORDS.get(word) or _forgiven(word)
    return found


_LONG_WORDS = TypoIndex(word for word in WORDS if len(word) >= FORGIVEN_FROM and " " not in word)


def _forgiven(word: str) -> frozenset[str]:
    """What a mistyped word is probably about."""
    if len(word) < FORGIVEN_FROM:
        return NO_TOPIC
    # Hardly anybody mistypes the first letter.
    return next((WORDS[meant] for meant in _LONG_WORDS.near(word) if word[0] in meant[:2]), NO_TOPIC)


# Event, the topics that must all be there ("A|B": one of them), those that must not, and the most words it may have.
_Meant = tuple[str, str, str, int]
ANY = LONGEST_LOOK

# fmt: off
_RULES: list[_Meant] = [
    # event            needs                         not                        words at most
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


def _read(needs: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(need.split("|")) for need in needs.split())


RULES = [(event, _read(needs), frozenset(bars.split()), most) for event, needs, bars, most in _RULES]


def meanings(words: list[str]) -> Iterator[str]:
    """The events that a sentence may mean, the likeliest first."""
    found = topics(words)
    if not found:
        return
    for event, needs, bars, most in RULES:
        if len(words) <= most and found.isdisjoint(bars) and not any(found.isdisjoint(need) for need in needs):
            yield event
