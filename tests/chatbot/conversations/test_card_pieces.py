"""A card number sent piece by piece is noticed with its last piece, however it was split."""

import random
from itertools import accumulate, pairwise

import pytest

from chatbot.conversations.card_pieces import split_card
from chatbot.conversations.redaction import CODE_MASK
from tests.chatbot.conversations.test_card_numbers import CARDS, random_number


def split(number: str, sizes: list[int]) -> list[str]:
    ends = [0, *accumulate(sizes), len(number)]
    return [number[start:end] for start, end in pairwise(ends) if number[start:end]]


def pieces(earlier: list[str], text: str) -> list[int]:
    card = split_card(earlier, text)
    return [] if card is None else list(card.pieces)


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
@pytest.mark.parametrize(
    "sizes",
    [[4, 4, 4, 4, 4], [8], [6], [-1], [-2], [1] * 19, [2] * 9, [1, 2] * 6, [2, 1] * 6, [3, 3, 3, 3, 3, 3]],
    ids=str,
)
def test_every_way_to_split_a_card_number_is_noticed(number: str, sizes: list[int]) -> None:
    if sizes[0] < 0:
        sizes = [len(number) + sizes[0]]
    *earlier, last = split(number, sizes)
    assert pieces(earlier, last) == list(range(len(earlier)))


def test_random_pieces_of_a_card_number_are_noticed() -> None:
    chance = random.Random(20261123)
    for _ in range(500):
        number = chance.choice(["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"])
        *earlier, last = split(number, [chance.randint(1, 7) for _ in range(19)])
        assert pieces(["hello", *earlier], last) == list(range(1, len(earlier) + 1)), earlier


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        (["4111 1111", "1111"], "1111"),
        (["hello", "4111", "1111", "1111"], "1111"),
        (["41111111"], " 11111111 "),
        (["４１１１", "１１１１１１１１"], "1111"),
        (["㊶⑪", "①①①①①①①①①"], "111"),
        (["4111", "1111", "and then", "1111"], "1111"),
        (["4111", "hold on", "1111", "one moment", "1111", "🦊"], "1111"),
        (["4111 1111", "wait 2 minutes", "1111"], "1111"),
        (["41111111111111"], "11 12/27"),
        (["41111111111111"], "11, exp 12/2027 and the code 123"),
        (["4111", "1111", "1111"], "1111 please"),
        (["my card is 41111111111111"], "11"),
        (["la tarjeta es 4111 1111 1111"], "1111"),
        (["it begins with 4111", "then 1111", "1111 again"], "and 1111 at the end"),
        (["4111-1111-", "1111-111"], "1"),
        (["•••• 1111", "4111", "1111", "1111"], "1111"),
    ],
)
def test_messages_and_words_in_between_hide_no_card_number(earlier: list[str], last: str) -> None:
    assert pieces(earlier, last) != []


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        ([], "1111"),
        (["4111", "1111", "1111"], "1112"),
        ([CODE_MASK, "1111", "1111"], "1111"),
        (["1", "2"], ""),
        (["•••• 4111", "1111", "1111"], "1111"),
        (["5"], "07700 900001"),
        (["4"], "447700900001"),
        (["4", "1", "1", "1"], "+44 7700 900001"),
        (["I paid 41111111"], "11111111 on Monday"),
        (["order 4111111111"], "111111"),
        (["4111 1111"], "11/11/2026 11:11"),
        (["41111111"], "1,111.11"),
    ],
)
def test_other_numbers_one_after_the_other_are_no_card(earlier: list[str], last: str) -> None:
    assert pieces(earlier, last) == []


def test_the_customers_own_mobile_is_no_piece() -> None:
    assert pieces(["4915112345679"], "004") != []
    assert split_card(["4915112345679"], "004", not_cards={"4915112345679"}) is None


def test_few_conversations_full_of_other_numbers_are_taken_for_cards() -> None:
    chance = random.Random(20261123)
    taken = said = 0
    for _ in range(400):
        earlier: list[str] = []
        for _ in range(15):
            text = chance.choice(
                [random_number(chance), str(chance.randint(1, 6)), "yes", f"my {random_number(chance)}"]
            )
            taken += bool(pieces(earlier, text))
            said += 1
            earlier.append(text)
    assert taken / said <= 0.002
