"""No card number and no code gets past the first step of a turn; what customers need to say does."""

import random
import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatbot.conversations.redaction import CODE_MASK, fragment_of, redact, splits_card
from flows.understanding.codes import find_code
from flows.understanding.normalise import normalise

# The brands' own test numbers, as their documentation publishes them.
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
}
SCRIPTS = {"full-width": 0xFF10, "arabic": 0x0660, "devanagari": 0x0966, "mathematical": 0x1D7CE}


def grouped(digits: str, separator: str, size: int = 4) -> str:
    return separator.join(digits[at : at + size] for at in range(0, len(digits), size))


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
@pytest.mark.parametrize("separator", ["", " ", "-", ".", "\u00a0", " - ", "\n", "\u200b", "–", "/", "_", "\t"])
def test_a_card_number_of_every_brand_goes_however_it_is_separated(number: str, separator: str) -> None:
    redacted = redact(f"take it from {grouped(number, separator)}, thanks")
    assert redacted.card
    assert redacted.text == redacted.clean == f"take it from •••• {number[-4:]}, thanks"


@pytest.mark.parametrize("zero", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_digits_of_every_script_are_digits(zero: int) -> None:
    def written(digits: str) -> str:
        return "".join(chr(zero + int(digit)) for digit in digits)

    assert redact(grouped(written(CARDS["visa"]), " ")).clean == "•••• 1111"
    assert redact(f"my code is {written('123456')}").clean == f"my code is {CODE_MASK}"


def test_keycap_emoji_hide_no_card() -> None:
    keycaps = "".join(f"{digit}\ufe0f\u20e3" for digit in CARDS["visa"])
    assert redact(keycaps).clean.startswith("•••• 1111")


def test_the_amex_grouping_and_single_digits_are_seen_through() -> None:
    assert redact("3782 822463 10005").clean == "•••• 0005"
    assert redact(" ".join(CARDS["mastercard"])).clean == "•••• 4444"


def test_two_cards_in_one_text_both_go() -> None:
    clean = redact(f"{CARDS['visa']} {CARDS['mastercard']}").clean
    assert clean == "•••• 1111 •••• 4444"


def test_what_stands_before_a_card_number_does_not_hide_it() -> None:
    assert redact("1. 4111 1111 1111 1111").clean == "1. •••• 1111"
    assert redact("07700900001 4111111111111111").clean == "07700900001 •••• 1111"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("4111 1111 1111 1111 12/27 123", "•••• 1111 ••• •••"),
        ("4111111111111111 exp 12-2027 cvv 9876", "•••• 1111 exp ••• cvv •••"),
        ("41111111111111111227123", "•••• 1111•••"),
        ("pay £42.50 with 4111111111111111", "pay £42.50 with •••• 1111"),
        ("the CVV is 123", "the CVV is •••"),
        ("security code: 1 2 3", "security code: •••"),
        ("código de seguridad 1234", "código de seguridad •••"),
        ("123 is the cvc on the back", "••• is the cvc on the back"),
    ],
)
def test_the_security_code_and_the_expiry_date_go_with_the_card(typed: str, kept: str) -> None:
    redacted = redact(typed)
    assert (redacted.text, redacted.card) == (kept, True)


def test_the_customers_own_account_number_is_no_card() -> None:
    assert redact(f"account {CARDS['visa']}", own={CARDS["visa"]}).card is False


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        "my code is 123456.",
        "123 456",
        "123-456",
        "123  456",
        "123.456",
        "12 34 56",
        "1 2 3 4 5 6",
        "1-2-3-4-5-6",
        "1234 56",
        "code:123456",
        "#123456",
        "code123456",
        "CODE-123456",
        "123456thanks",
        "１２３ ４５６",
        "1\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e34\ufe0f\u20e35\ufe0f\u20e36\ufe0f\u20e3",
        "security code 123456",
        "@chat.example.com #123456",
    ],
)
def test_a_code_is_masked_in_what_is_kept_and_left_to_be_checked(typed: str) -> None:
    redacted = redact(typed)
    assert CODE_MASK in redacted.clean
    assert not any(character.isdigit() for character in redacted.clean)
    assert (redacted.text, redacted.card) == (typed, False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("07700 900001 123456", f"07700 900001 {CODE_MASK}"),
        ("123456 07700 900001", f"{CODE_MASK} 07700 900001"),
        ("123456 123456", f"{CODE_MASK} {CODE_MASK}"),
        ("123456 42.50", f"{CODE_MASK} 42.50"),
        ("on 01/02/2026 123456", f"on 01/02/2026 {CODE_MASK}"),
        ("123456, 07700900001", f"{CODE_MASK}, 07700900001"),
        ("owes@example.com 123456", f"owes@example.com {CODE_MASK}"),
    ],
)
def test_a_code_beside_something_else_goes_alone(typed: str, kept: str) -> None:
    assert redact(typed).clean == kept


@pytest.mark.parametrize(
    "typed",
    [
        "07700 900001",
        "07700900001",
        "+44 7700 900001",
        "+447700 900001",
        "+44 (0)7700 900001",
        "(07700) 900001",
        "0044 7700 900001",
        "7700 900001",
        "44 7700 900001",
        "612 345678",
        "612 345 678",
        "+34 612 345 678",
        "07700-900001",
        "0170 123456",
        "07700900001 and 07700900002",
        "07700 900001, 07700 900002",
        "£123,456",
        "123.456 €",
        "123456 euros",
        "GBP 123456",
        "23/11/2026",
        "2026-11-23",
        "23/11/26",
        "INV-100234",
        "NB100234",
        "NW-1234-123456",
        "12345678",
        "ana.123456@example.com",
        "123456@example.com",
        "1, 2, 3, 4, 5, 6",
        "£42.50 due on 3 December",
        "invoice 20261203",
        "order 1234567890123456",
        "👍🏽 4️⃣2️⃣",
        "",
    ],
)
def test_phones_emails_amounts_dates_and_references_stay(typed: str) -> None:
    redacted = redact(typed)
    assert (redacted.text, redacted.clean, redacted.card) == (typed, typed, False)


def test_few_random_numbers_of_sixteen_digits_are_taken_for_cards() -> None:
    chance = random.Random(20261123)
    numbers = [f"{chance.randrange(10**16):016}" for _ in range(20_000)]
    for separator in ("", " "):
        taken = sum(redact(grouped(number, separator)).card for number in numbers)
        assert taken / len(numbers) <= 0.035


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
def test_redacting_what_is_redacted_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text
    assert not redact(once.text).card


@given(
    st.sampled_from(sorted(CARDS.values())),
    st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", "\u200d"]), min_size=18, max_size=18),
    st.text(alphabet="abc ,!?£é🦊", max_size=12),
    st.text(alphabet="abc ,!?£é🦊", max_size=12),
)
def test_no_card_survives_any_mixture_of_separators_around_its_groups(
    number: str, separators: list[str], before: str, after: str
) -> None:
    typed = before + "".join(map("".join, zip(grouped(number, "|").split("|"), separators, strict=False))) + after
    assert number[:-4] not in "".join(filter(str.isdigit, redact(typed).clean))
    assert redact(typed).card


NO_DIGITS_AND_NO_SIGNS_OF_MONEY = st.characters(exclude_categories=["N", "Cs", "Sc"])


@given(st.integers(0, 999_999), st.text(NO_DIGITS_AND_NO_SIGNS_OF_MONEY, max_size=20).map(str.lower))
def test_a_code_in_the_middle_of_words_is_never_kept(number: int, words: str) -> None:
    assume(not re.search("gbp|eur|usd|pound|libra", words))  # beside these, six digits are an amount
    code = f"{number:06}"
    assert code not in redact(f"{words} {code} {words}").clean


@pytest.mark.parametrize(
    "text", ["1 " * 1000, "12 " * 666, "1" * 2000, "4111 " * 400, "0" * 2000, "+" * 2000, "1." * 1000]
)
def test_no_text_of_the_longest_kind_takes_long(text: str) -> None:
    began = time.thread_time()  # of this thread's own work
    redact(text)
    assert time.thread_time() - began < 1


def splits(earlier: list[str], text: str) -> bool:
    return splits_card([fragment_of(piece) for piece in earlier], redact(text).fragment)


def test_a_card_split_over_messages_is_noticed() -> None:
    assert splits(["4111 1111", "1111"], "1111")
    assert splits(["hello", "4111", "1111", "1111"], "1111")
    assert splits(["41111111"], " 11111111 ")
    assert splits(["４１１１", "１１１１１１１１"], "1111")


def test_other_fragments_are_no_card() -> None:
    assert not splits([], "1111")
    assert not splits(["4111", "1111", "and then", "1111"], "1111")
    assert not splits(["4111", "1111", "1111"], "1112")
    assert not splits(["4111", "1111", "1111"], "1111 please")
    assert not splits([CODE_MASK, "1111", "1111"], "1111")
    assert not splits(["1", "2"], "")


def test_a_code_that_the_dialogue_accepts_is_masked_whatever_stands_between_its_digits() -> None:
    between = [chr(code) for block in (range(0x3100), range(0xFE00, 0x10000), [0xE0001, 0xE0041]) for code in block]
    separators = [character for character in between if normalise(character).strip(" -.") == ""]
    assert len(separators) > 150
    for separator in separators:
        for typed in (separator.join("539060"), f"539{separator}060"):
            if find_code(normalise(typed)) == "539060":
                assert not any(map(str.isdigit, redact(typed).clean)), f"U+{ord(separator):04X}"
