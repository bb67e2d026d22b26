"""The code in a pasted text message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.events import Event
from flows.states import PayBill
from flows.understanding.codes import find_code
from flows.understanding.normalise import normalise
from flows.understanding.understand import understand


@pytest.mark.parametrize(
    "text",
    [
        "O2 code: 539060",
        "O2: 539060 is your code. It works for 10 minutes.",
        "Northwind 24 7 365: 539060 is your code",
        "In 24 48 60 minutes it ends: 539060",
        "26-11-29 10.30 code: 539060",
        "12 34 56 is our address, 539 060 is the code",
        "118118: your code is 539060",
        "118118: 539060 is your code",
        "Tu código es 539060, ref 118118",
        "Ref 118118. Your code is 539060. Never share it.",
        "code 539060 to pay £100000",
        "code 539060 to pay 1000.00",
        "code 539060 for INV-204417",
        "118118: 204417 is your code\n\n@chat.example.com #539060",
        "1 2 3 4 5 6\n@shop.example #539060 %chat.example",
        "Your code is: 539060.",
        "(539060)",
        "5 3 9 0 6 0",
        "539-060",
        "539.060",
        "G-539060",
    ],
)
def test_the_code_of_a_pasted_text_message_is_taken(text: str) -> None:
    facts = {"region": "GB", "countries": ["GB"]}
    assert understand(text, text, PayBill.code, facts, []) == Event("code_typed", {"digits": "539060"})


@pytest.mark.parametrize("text", ["", "12345", "1234567", "code 12 34", "1234567890123456", "no digits"])
def test_what_is_no_code_is_not_tried(text: str) -> None:
    assert find_code(text) is None


@given(code=st.from_regex(r"[0-9]{6}", fullmatch=True), before=st.text(max_size=40), after=st.text(max_size=40))
def test_the_code_after_the_hash_goes_before_everything_else(code: str, before: str, after: str) -> None:
    if "#" not in normalise(before + after):
        assert find_code(normalise(f"{before}\n{after}\n@chat.example #{code}")) == code


@given(st.text(st.sampled_from("0123456789 -.#£"), max_size=2000))
def test_any_digits_are_searched(text: str) -> None:
    code = find_code(text)
    assert code is None or (len(code) == 6 and code.isdecimal())
