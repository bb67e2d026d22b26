"""Card numbers in a text: 12 to 19 digits with a brand's prefix and a valid check digit (ISO/IEC 7812-1).

Of random digits of that length about one in thirty passes. The tables follow the brands' published ranges (Visa,
Mastercard, American Express, Discover, Diners Club, JCB, UnionPay, Maestro, Mir, UATP).

A number is read group by group: it begins and ends where a group of digits does, since searching inside groups would
find a card number in one of eight random references. Any few characters without a letter separate groups. Where words
or currencies stand between them, the groups must be those that are printed on cards.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

Span = tuple[int, int]
GapAndGroup = tuple[str, str]

SHORTEST, LONGEST = 12, 19
_TIGHT_GAP, _LOOSE_GAP = 8, 24
_SHORT = 3
"""Digits of a group that may be a place in a list, a part of an expiry date or a security code."""

GROUP = re.compile(r"[0-9]+")
_GAP_AND_GROUP = re.compile(r"([^0-9]*)([0-9]+)")
_RUN = re.compile(rf"[0-9]+(?:[^0-9]{{1,{_LOOSE_GAP}}}[0-9]+)*")
_WORDY = re.compile(r"[^\W_]|[£$€¥%]")
# The last four digits of a card number that is masked already; they belong to no other.
_MASKED = re.compile(r"(?<!•)•{4} [0-9]{4}(?![0-9])")

_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?(?![^\W_])")
_PHONE_DIGITS = 13
"""Digits up to which a number with a plus before it is a telephone number."""

_PLAIN_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED_VALUES = bytes.maketrans(b"0123456789", bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))


class DigitGroups:
    """Groups of digits in a row, each with the gap before it.

    `starts` and `ends` are their places among the digits; `in_pieces`: the groups come from several messages.
    """

    def __init__(self, groups: Sequence[GapAndGroup], *, in_pieces: bool = False) -> None:
        self._in_pieces = in_pieces
        self._gaps = [gap.strip() for gap, _ in groups]
        self.digits = "".join([group for _, group in groups])
        self._sizes = [len(group) for _, group in groups]
        self.ends = list(accumulate(self._sizes))
        self.starts = [0, *self.ends[:-1]]
        is_loose = {gap: len(gap) > _TIGHT_GAP or bool(_WORDY.search(gap)) for gap, _ in groups}
        self._loose = list(accumulate([is_loose[gap] for gap, _ in groups]))
        self._index = {end: number for number, end in enumerate(self.ends)}
        # Sums for the check digit, so that it costs the same for a number of any length.
        plain, doubled = (self.digits.encode().translate(table) for table in (_PLAIN_VALUES, _DOUBLED_VALUES))
        even, odd = bytearray(plain), bytearray(doubled)
        even[1::2], odd[1::2] = doubled[1::2], plain[1::2]
        self._sums = (list(accumulate(odd, initial=0)), list(accumulate(even, initial=0)))

    def cards(self) -> Iterator[Span]:
        """Yield the card numbers as spans of digits; of two that overlap, the one that begins first."""
        ends = self.ends
        only_end = ends[-1] if len(ends) == ends[-1] <= LONGEST else 0  # typed digit by digit: all of it or nothing
        taken, last = 0, ends[-1] - SHORTEST
        for number, start in enumerate(self.starts):
            if start > last:
                return
            if start >= taken:
                end = self.card_end(number, only_end)
                if end:
                    taken = end
                    yield start, end

    def card_end(self, first: int, only_end: int = 0) -> int:
        """Return the end of the card number that begins with a group, the longest; 0 where none begins."""
        start = self.starts[first]
        strong, weak = _lengths(self.digits[start : start + 4])
        glued = self.ends[first] - start > LONGEST  # a card number with its expiry date and security code in one go
        for lengths, is_weak in ((strong, False), (weak, True)):
            for length in lengths:
                end = start + length
                if end > len(self.digits) or (self._sums[end & 1][end] - self._sums[end & 1][start]) % 10:
                    continue
                if glued:
                    if not is_weak:
                        return end
                elif (
                    (not only_end or end == only_end)
                    and end in self._index
                    and self._looks_like_card(first, self._index[end], is_weak)
                ):
                    return end
        return 0

    def _looks_like_card(self, first: int, last: int, is_weak: bool) -> bool:
        is_tight = self._loose[first] == self._loose[last]
        if not is_tight and self._sizes[first] not in {1, 4}:
            return False
        sizes = self._sizes[first : last + 1]
        if not is_tight:
            return _is_printed(sizes)
        if self._in_pieces:
            return not is_weak or sizes[0] > 2 or max(sizes) <= 2
        if is_weak and not (_is_regular(sizes) and self._stands_alone(first, last)):
            return False
        # The groups of dates, times, telephone numbers and amounts in a row differ, and so do the signs between them.
        return _may_be_printed(sizes) or len(set(self._gaps[first + 1 : last + 1])) <= 1

    def _stands_alone(self, first: int, last: int) -> bool:
        """Tell whether no long group stands right beside; it may be the rest of a longer number."""
        before = first == 0 or self._loose[first - 1] < self._loose[first] or self._sizes[first - 1] <= _SHORT
        after = last + 1 == len(self.ends) or self._loose[last] < self._loose[last + 1]
        return before and (after or self._sizes[last + 1] <= _SHORT)


def _is_regular(sizes: Sequence[int]) -> bool:
    """Tell whether groups are of one kind, unlike a date with its time, a telephone number or a list of numbers."""
    return all(size >= 3 for size in sizes[:-1]) or _is_small_and_even(sizes)


def _is_printed(sizes: Sequence[int]) -> bool:
    """Tell whether the groups are those printed on cards, or single digits."""
    if sizes[0] == 1:
        return {*sizes} == {1}
    if len(sizes) == 3:
        return tuple(sizes) in {(4, 6, 5), (4, 6, 4)}
    return sizes[0] == 4 and len(sizes) > 3 and {*sizes[:-1]} == {4} and sizes[-1] <= 4


def _may_be_printed(sizes: Sequence[int]) -> bool:
    """Tell whether the groups are fours, some of them run together, or groups of one kind."""
    if sizes[0] <= 2:
        return _is_small_and_even(sizes)
    return not any(size % 4 for size in sizes[:-1]) or _is_printed(sizes)


def _is_small_and_even(sizes: Sequence[int]) -> bool:
    """Tell whether the digits come one by one or two by two; one may be left over."""
    return sizes[-1] <= sizes[0] <= 2 and len({*sizes[:-1]}) <= 1


@cache
def _lengths(prefix: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return the lengths of a brand's numbers with this prefix of four digits, the longest first.

    The second ones are rare, or as likely to be a date or a telephone number.
    """
    if len(prefix) < 4:
        return (), ()
    one, two, three, four = prefix[0], int(prefix[:2]), int(prefix[:3]), int(prefix)
    if one == "4":
        return (19, 16), (13,)
    if 51 <= two <= 55 or 2200 <= four <= 2204 or 2221 <= four <= 2720:
        return (16,), ()
    if two in {34, 37}:
        return (15,), ()
    if two in {36, 38, 39} or 300 <= three <= 305:
        return (), range(LONGEST, 13, -1)
    if 3528 <= four <= 3589 or four == 6011 or 644 <= three <= 649 or two in {62, 65}:
        return range(LONGEST, 15, -1), ()
    if one == "1" or four == 2131:
        return (), (15,)
    return (range(LONGEST, 15, -1), range(15, SHORTEST - 1, -1)) if two in {50, 56, 57, 58, 63, 67} else ((), ())


def find_cards(text: str) -> list[tuple[Span, str]]:
    """Return the span and the digits of each card number in a text of plain digits."""
    text = without_masked(text)
    found = [card for run in _RUN.finditer(text) if len(run[0]) >= SHORTEST for card in _in_run(text, run)]
    if not found:
        return found
    ibans = [match.span() for match in _IBAN.finditer(text) if _is_iban(match[0])]
    return [card for card in found if not overlaps(card[0], ibans)]


def without_masked(text: str) -> str:
    """Return the text without the last four digits of cards that are masked already, of the same length."""
    return _MASKED.sub(lambda match: "x" * len(match[0]), text) if "•" in text else text


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Tell whether a span overlaps one of others, which are in order and do not overlap one another."""
    before = bisect_left(others, span[1], key=lambda other: other[0])
    return before > 0 and others[before - 1][1] > span[0]


def _is_iban(written: str) -> bool:
    """Check the two check digits of an international bank account number (ISO 13616)."""
    number = written.replace(" ", "")
    return int("".join([str(int(character, 36)) for character in number[4:] + number[:4]])) % 97 == 1


def _in_run(text: str, run: re.Match[str]) -> Iterator[tuple[Span, str]]:
    written = _GAP_AND_GROUP.findall(run[0])
    if sum([len(group) for _, group in written]) < SHORTEST:
        return
    groups = DigitGroups(written)
    gaps = [*accumulate([len(gap) for gap, _ in written])]
    for start, end in groups.cards():
        first, last = (bisect_right(groups.starts, place) - 1 for place in (start, end - 1))
        span = run.start() + start + gaps[first], run.start() + end + gaps[last]
        is_phone = text[span[0] - 1 : span[0]] == "+" and (end - start <= _PHONE_DIGITS or len(written[first][1]) < 4)
        if not is_phone:
            yield span, groups.digits[start:end]


def groups_in(text: str) -> list[GapAndGroup]:
    """Return the groups of digits in a text of plain digits, each with the gap before it."""
    end = max((match.end() for match in GROUP.finditer(text)), default=0)
    # Up to the last digit: behind it the pattern would look for a group from every character.
    return _GAP_AND_GROUP.findall(text, 0, end)
