"""No card number and no code gets past the first step of a turn; what customers need to say does."""

import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatbot.conversations.card_pieces import split_card
from chatbot.conversations.redaction import (
    ASKED,
    CODE_MASK,
    NO_CODES,
    SECRET_MASK,
    SENT,
    Codes,
    redact,
    rest_of_card,
    without_code,
    without_digits,
)
from chatbot.conversations.typed_text import MAX_RECENT
from flows.understanding.codes import find_code
from flows.understanding.normalise import normalise
from tests.chatbot.conversations.test_card_numbers import CARDS, grouped
from tests.slowest_text import assert_linear

SCRIPTS = {"full-width": 0xFF10, "arabic": 0x0660, "devanagari": 0x0966, "mathematical": 0x1D7CE}


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


# ── which six digits are codes ──


@pytest.mark.parametrize(
    "typed",
    [
        "meter reading 123456",
        "my sort code is 12-34-56 and the account 12345678",
        "sort code 123456",
        "order 123456 has not arrived",
        "I pay invoice 204417, not 204418",
        "account 123 456",
        "123456",
        "INV-100234 and £123456",
    ],
)
def test_six_digits_are_left_alone_where_no_code_is_asked_for(typed: str) -> None:
    redacted = redact(typed, codes=NO_CODES)
    assert (redacted.text, redacted.clean) == (typed, typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("my code is 123456", "my code is ••••••"),
        ("the code: 123 456!", "the code: ••••••!"),
        ("Code 123456", "Code ••••••"),
        ("OTP 123456", "OTP ••••••"),
        ("mi código es 123456", "mi código es ••••••"),
    ],
)
def test_six_digits_that_are_called_a_code_are_masked_everywhere(typed: str, kept: str) -> None:
    assert redact(typed, codes=NO_CODES).clean == kept


@pytest.mark.parametrize("wrapping", ["{}", "£{}", "INV-{}", "{} pounds", "{}@x", "number {}.", "x{}y", "1 2 {}"])
def test_a_code_that_is_over_is_masked_in_any_wrapping(wrapping: str) -> None:
    redacted = redact(wrapping.format("330 443"), codes=Codes(over={"330443"}))
    assert redacted.clean == wrapping.format(CODE_MASK)


def test_a_code_that_the_dialogue_accepts_is_masked_whatever_stands_between_its_digits() -> None:
    between = [chr(code) for block in (range(0x3100), range(0xFE00, 0x10000), [0xE0001, 0xE0041]) for code in block]
    separators = [character for character in between if normalise(character).strip(" -.") == ""]
    assert len(separators) > 150
    for separator in separators:
        for typed in (separator.join("539060"), f"539{separator}060"):
            if find_code(normalise(typed)) == "539060":
                assert not any(map(str.isdigit, redact(typed).clean)), f"U+{ord(separator):04X}"


def test_beside_a_code_that_is_over_others_are_masked_too() -> None:
    assert redact("was it 330443 or 330434?", codes=Codes(over={"330443"})).clean == "was it •••••• or ••••••?"
    assert redact("was it 330442 or 330434?", codes=Codes(over={"330443"})).clean == "was it 330442 or 330434?"


@pytest.mark.parametrize("typed", ["£330443", "INV-330443", "330443 pounds", "330443.00 euro"])
def test_where_a_code_is_asked_for_amounts_and_references_are_no_excuse(typed: str) -> None:
    assert "330443" not in redact(typed, codes=ASKED).clean


@pytest.mark.parametrize(
    "typed", ["㉝0443", "it is 330443, no 330444", "INV-330443", "330443@x", "３３０４４３", "330.443"]
)
def test_the_digits_that_the_dialogue_took_for_a_code_are_not_kept(typed: str) -> None:
    kept = without_code(typed, "330443")
    assert CODE_MASK in kept
    assert not re.search(r"\d{6}|㉝", kept)


def test_a_code_that_is_not_found_again_takes_its_whole_message_along() -> None:
    assert without_code("in a form that only understanding can read", "330443") == CODE_MASK


# ── the rest of a card, and time ──


@pytest.mark.parametrize("rest", ["12/27", "123", "1234", "12/27 123", "12-2027, 1234"])
def test_an_expiry_date_or_a_security_code_after_a_card_number_is_its_rest(rest: str) -> None:
    assert rest_of_card("use •••• 1111 please", rest)
    assert rest_of_card("•••", rest)
    assert not rest_of_card(CODE_MASK, rest)
    assert not rest_of_card("hello", rest)


@pytest.mark.parametrize("text", ["1", "12", "£123", "07700 900001", "I want to pay 123"])
def test_other_texts_after_a_card_number_are_kept(text: str) -> None:
    assert not rest_of_card("•••• 1111", text)


def test_a_piece_keeps_its_words_and_none_of_its_digits() -> None:
    assert without_digits(" 4111-1111 ") == SECRET_MASK
    assert without_digits("first 4111 1111, then ㊶") == "first •••, then •••"


@pytest.mark.parametrize(
    "codes", [ASKED, SENT, NO_CODES, Codes(over={"123456"})], ids=["asked", "sent", "none", "over"]
)
def test_the_slowest_text_takes_milliseconds_and_twice_as_long_at_twice_the_length(codes: Codes) -> None:
    def run(text: str) -> None:
        redact(text, codes=codes)

    assert_linear(run, 2_000)


def test_looking_for_pieces_of_a_card_takes_milliseconds() -> None:
    def run(text: str) -> None:
        split_card([text] * MAX_RECENT, text)

    assert_linear(run, 2_000)
