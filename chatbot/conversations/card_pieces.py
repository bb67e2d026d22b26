"""Card numbers sent piece by piece, over several messages of a conversation.

No buffer of digits is stored. Each message with digits is examined together with the customer's newest messages; when
it completes a card number, the earlier messages with pieces are redacted too.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, takewhile

from msgspec import Struct

from chatbot.conversations.card_numbers import (
    GROUP,
    LONGEST,
    SHORTEST,
    DigitGroups,
    GapAndGroup,
    groups_in,
    without_masked,
)
from chatbot.conversations.plain_digits import has_digits, plain, spread
from flows.understanding.vocabulary import VOCABULARY

_NO_WORD = r"[^\w£$€¥%]"
_FIGURES = rf"[0-9]+(?:{_NO_WORD}{{1,8}}[0-9]+)*"
_LEADING = re.compile(rf"{_NO_WORD}*(?P<found>{_FIGURES})")
_ONLY = re.compile(rf"(?:{_NO_WORD}|[0-9])+")
_CARD_WORD = re.compile(rf"\b(?:{'|'.join(VOCABULARY.redaction.card_words)})\b", re.IGNORECASE)
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
# Numbers that are no piece: telephone numbers, dates, times, amounts.
_OTHER_NUMBER = re.compile(
    rf"""\W*(?: \+(?:[^\w]*[0-9]){{8,}} | 0[^\w]?[1-37](?:[^\w]?[0-9]){{8,9}}
    | (?: [0-9]{{1,2}}([/.\-])[0-9]{{1,2}}\1[0-9]{{2,4}} | [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} )(?: \W+{_TIME})? | {_TIME}
    | [0-9]{{1,3}}(?:[,.]?[0-9]{{3}})*[.,][0-9]{{2}} )\W*""",
    re.VERBOSE,
)
# Characters at a message's end, or at the last one's beginning, in which a piece is looked for.
_NEAR = 160
# Messages without a piece between two pieces.
_BETWEEN = 3
_EXPIRY_DIGITS = 10
"""Digits of an expiry date and a security code after the number: 12/2027 and 1234."""
_PRINTED = {4, 6}
"""Digits of the groups on cards before the last group. Single digits among words are too common in any text."""
_WORDS = "and"
"""The gap between groups with words between them."""

Piece = tuple[int, list[GapAndGroup]]


class SplitCard(Struct, frozen=True):
    """A card number in pieces: its digits, the earlier messages that hold some, and how many digits follow it."""

    digits: str
    pieces: Sequence[int]
    rest: int


def split_card(earlier: Sequence[str], text: str, not_cards: Collection[str] = ()) -> SplitCard | None:
    """Return the card number that a text ends and that began in an earlier message; None where there is none.

    `earlier` are the customer's messages before it, oldest first. Messages of digits alone are pieces however long, and
    so are the figures at the end of a first message that speaks of a card, and at the beginning of the last. Among
    other words, the groups must be those printed on cards. Messages that are `not_cards` (digits only), such as the
    customer's mobile, are no pieces.
    """
    last = _readable(text[:_NEAR])
    candidates = [*_candidates(earlier, not_cards)]
    return (_of_figures(candidates, last) or _of_words(candidates, last)) if candidates else None


def _candidates(earlier: Sequence[str], not_cards: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield the messages that may hold a piece, the newest first, until they have more digits than a card."""
    alone = among_words = 0
    before = len(earlier)
    for number in range(len(earlier) - 1, -1, -1):
        if before - number > _BETWEEN + 1 or alone >= LONGEST:
            return
        each = earlier[number][-_NEAR:]
        if not has_digits(each):
            continue
        each = _readable(each)
        digits = _digits(each)
        if not digits or digits in not_cards or _OTHER_NUMBER.fullmatch(each):
            continue
        yield number, each
        if _ONLY.fullmatch(each):
            alone += len(digits)
        elif among_words >= LONGEST:
            continue
        among_words += len(digits)
        before = number


def _of_figures(candidates: Sequence[tuple[int, str]], last: str) -> SplitCard | None:
    """Find a number whose pieces are messages of digits alone, apart from words before and after all of it."""
    leading = _LEADING.match(last)
    if leading is None or _OTHER_NUMBER.fullmatch(leading[0]):
        return None
    ending = groups_in(leading["found"])
    pieces: list[Piece] = []
    for number, each in candidates:
        if _ONLY.fullmatch(each):
            pieces.insert(0, (number, groups_in(each)))
        elif _CARD_WORD.search(each) and (trailing := _LEADING.match(each[::-1])):
            found = _whole([(number, groups_in(trailing["found"][::-1])), *pieces], ending)
            if found:
                return found
    return _whole(pieces, ending)


def _of_words(candidates: Sequence[tuple[int, str]], last: str) -> SplitCard | None:
    """Find a number in the groups that are printed on cards, whatever words stand between them."""
    pieces: list[Piece] = []
    length = 0
    for number, each in candidates:
        groups = groups_in(each)
        printed = [*takewhile(lambda group: len(group[1]) in _PRINTED, reversed(groups))]
        pieces.insert(0, (number, [(_WORDS, group) for _, group in reversed(printed)]))
        length += sum([len(group) for _, group in printed])
        if len(printed) < len(groups) or length >= LONGEST:
            break
    ending = [(_WORDS, group) for _, group in groups_in(last)]
    return _ends_with(pieces, ending, range(sum([len(groups) for _, groups in pieces])))


def _whole(pieces: Sequence[Piece], ending: Sequence[GapAndGroup]) -> SplitCard | None:
    """Find a card number that begins with one of the messages, and ends with the last but for an expiry date."""
    starts = accumulate([len(groups) for _, groups in pieces[:-1]], initial=0)
    found = _ends_with(pieces, [(" ", group) for _, group in ending], list(starts))
    rest = 0 if found is None else found.rest
    return found if rest <= _EXPIRY_DIGITS else None


def _ends_with(pieces: Sequence[Piece], ending: Sequence[GapAndGroup], starts: Sequence[int]) -> SplitCard | None:
    """Find a card number that begins with one of the groups at `starts` and ends with one of the last groups."""
    before = [(gap if gap == _WORDS else " ", group) for _, groups in pieces for gap, group in groups]
    if not before or sum([len(group) for _, group in (*before, *ending)]) < SHORTEST:
        return None
    groups = DigitGroups([*before, *ending], in_pieces=True)
    begun = groups.ends[len(before) - 1]
    for first in starts:
        end = groups.card_end(first)
        if end > begun:
            digits = groups.digits[groups.starts[first] : end]
            return SplitCard(digits, [*_from(pieces, first)], len(groups.digits) - end)
    return None


def _from(pieces: Sequence[Piece], first: int) -> Iterator[int]:
    """Yield the messages of the pieces from the group `first` on."""
    for number, groups in pieces:
        first -= len(groups)
        if first < 0:
            yield number


def _digits(text: str) -> str:
    return "".join(GROUP.findall(text))


def _readable(text: str) -> str:
    return without_masked(plain(spread(text)))
