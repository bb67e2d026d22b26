"""Card numbers are found in whatever they are wrapped; other numbers are not taken for one."""

import random

import pytest

from chatbot.conversations.card_numbers import find_cards

# The brands' own test numbers, as their documentation publishes them; for the last four, numbers in the brand's range.
CARDS = {
    "visa": "4111111111111111",
    "visa, 13 digits": "4222222222222",
    "visa, 19 digits": "4000000000000000006",
    "mastercard": "5555555555554444",
    "mastercard, 2 series": "2223003122003222",
    "american express": "378282246310005",
    "discover": "6011111111111117",
    "diners club": "30569309025904",
    "diners club, 36": "36227206271667",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "maestro": "6759649826438453",
    "maestro, 12 digits": "501800000009",
    "maestro, 12 digits, 67": "676770000005",
    "jcb, 15 digits": "213112345678904",
    "uatp": "135412345678911",
}
SEPARATORS = [
    *("", " ", "-", ".", "\n", "/", "_", "\t", ":", ";", "#", "~", "=", "•", "&", "'", "…", ")(", "    ", " # ", "|"),
    *("*", "+", "!", "?", "^", '"', "<", ">", "\\", "🦊", " · ", "...", " -- ", "][", "\r\n", ",", ", "),
]


def grouped(digits: str, separator: str, size: int = 4) -> str:
    return separator.join(digits[at : at + size] for at in range(0, len(digits), size))


def digits_found(text: str) -> list[str]:
    return [digits for _, digits in find_cards(text)]


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
def test_any_short_run_of_signs_separates_the_groups_of_a_card_number(number: str) -> None:
    missed = [sign for sign in SEPARATORS if digits_found(f"take it from {grouped(number, sign)}, ok") != [number]]
    assert missed == []


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
@pytest.mark.parametrize("size", [1, 2, 3])
def test_groups_of_any_one_size_are_seen_through(number: str, size: int) -> None:
    assert digits_found(grouped(number, " ", size)) == [number]


@pytest.mark.parametrize("words", [" and ", " then ", "x", "£", " my next digits are "])
@pytest.mark.parametrize("number", ["4111111111111111", "5555555555554444", "6759649826438453"])
def test_words_between_the_groups_that_are_printed_on_cards_hide_nothing(number: str, words: str) -> None:
    assert digits_found(f"it is {grouped(number, words)} ok") == [number]


@pytest.mark.parametrize("expiry", [" 12/27", " exp 12/2027", ", 12 27 123", "\n12-27"])
@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
def test_an_expiry_date_behind_it_hides_no_card_number(number: str, expiry: str) -> None:
    assert digits_found(number + expiry) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "+44 7700 900001 and +44 7700 900002",
        "+34 679 848 497 +44 7719 871618",
        "+49 151 22433375",
        "+4915112345678",
        "30/12/2026 10:30:00",
        "30/12/2026 10:30 - 31/12/2026 11:30",
        "2026-11-23 10:30:45.123",
        "10:30 12:45 14:15 16:00 18:15",
        "£20.00, £30.00, £45.10, £17.99, £20.00",
        "20.00\n30.00\n15.50\n12.25\n",
        "from 12-34-56 12345678 to 65-43-21 87654321",
        "GB29 NWBK 6016 1331 9268 19",
        "ES9121000418450200051332",
        "ES91 2100 0418 4502 0005 1332",
        "DE89 3704 0044 0532 0130 00",
        "GB82 WEST 1234 5698 7654 32",
        "ref 4111-1111 and order 1111",
        "invoices 41111, 11111 and 111111",
        "meter 4111 1111, reading 11111111",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        "the years 4000, 1200 and 2026 and 2027",
    ],
)
def test_other_numbers_are_no_card(text: str) -> None:
    assert digits_found(text) == []


def test_an_iban_whose_digits_pass_for_a_card_is_none() -> None:
    assert digits_found("4111 1111 1111 1111") != []
    assert digits_found("ES51 4111 1111 1111 1111") != [], "its check digits are wrong"
    assert digits_found("ES65 4111 1111 1111 1111 0000") == []


def random_number(chance: random.Random) -> str:
    def digits(count: int) -> str:
        return "".join(chance.choices("0123456789", k=count))

    day, month = f"{chance.randint(1, 28):02}", f"{chance.randint(1, 12):02}"
    time = f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}"
    return chance.choice(
        [
            f"{day}/{month}/{chance.randint(2019, 2027)}",
            f"2026-{month}-{day} {time}:{chance.randint(10, 59)}",
            time,
            f"07{digits(3)} {digits(6)}",
            f"+44 (0)7{digits(3)} {digits(6)}",
            f"+34 6{digits(2)} {digits(3)} {digits(3)}",
            f"+49 151 {digits(8)}",
            f"£{chance.randint(1, 999)}.{digits(2)}",
            f"INV-{digits(6)}",
            f"order {digits(10)}",
            f"{digits(2)}-{digits(2)}-{digits(2)}",
            f"account {digits(8)}",
            f"ref {digits(4)}-{digits(4)}",
            f"meter {digits(6)}",
        ]
    )


def test_few_messages_full_of_other_numbers_are_taken_for_cards() -> None:
    chance = random.Random(20261123)
    for separator in (" ", ", ", "; ", "\n", ": "):
        texts = [separator.join(random_number(chance) for _ in range(4)) for _ in range(2_000)]
        taken = [text for text in texts if digits_found(text)]
        assert len(taken) / len(texts) <= 0.025, taken[:5]
