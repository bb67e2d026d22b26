"""Pasted text: what nobody sees, and typographic forms of plain characters, change no answer."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.events import Event
from flows.states import PayBill
from flows.understanding.identifiers import Identifier, find_identifiers
from flows.understanding.normalise import is_invisible, normalise
from flows.understanding.understand import understand

FACTS = {"region": "GB", "countries": ["GB"]}
INVISIBLE = {
    "zero-width space": "\u200b",
    "zero-width non-joiner": "\u200c",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte-order mark": "\ufeff",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "embedding": "\u202a",
    "pop of an embedding": "\u202c",
    "override": "\u202e",
    "isolate": "\u2066",
    "pop of an isolate": "\u2069",
    "soft hyphen": "\u00ad",
    "variation selector": "\ufe0f",
    "combining grapheme joiner": "\u034f",
    "Hangul filler": "\u3164",
    "Mongolian vowel separator": "\u180e",
    "tag": "\U000e0041",
    "NUL": "\x00",
    "escape": "\x1b",
}
DASHES = "-‐‑‒–−﹣－⁃˗➖־"
APOSTROPHES = "'’‘ʼ′´‛＇ʹꞌ"
SPACES = " \u00a0\u2002\u2007\u2009\u202f\u205f\u3000\u1680\u2028"


def heard(text: str, state: str = PayBill.code) -> Event:
    return understand(text, text, state, FACTS, [])


def found(text: str) -> tuple[Identifier, ...]:
    return find_identifiers(text, "GB", ("GB",)).identifiers


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)
def test_an_invisible_character_anywhere_changes_nothing(character: str) -> None:
    assert is_invisible(character)
    assert heard(character.join("539060")) == Event("code_typed", {"digits": "539060"})
    assert found(character.join("ada@example.com")) == (Identifier("email", "ada@example.com"),)
    assert found(character.join("+44 7700 900001")) == (Identifier("mobile", "+447700900001"),)
    assert heard(character.join("pay my bill"), "menu") == Event("pay_bill")


@pytest.mark.parametrize("dash", DASHES)
def test_every_dash_is_a_dash(dash: str) -> None:
    assert heard(f"539{dash}060") == Event("code_typed", {"digits": "539060"})
    assert found(f"mary{dash}ann@my{dash}mail.com") == (Identifier("email", "mary-ann@my-mail.com"),)
    assert found(f"07700{dash}900{dash}001") == (Identifier("mobile", "+447700900001"),)


@pytest.mark.parametrize("dash", "—―⸺﹘")
def test_a_dash_between_two_thoughts_joins_nothing(dash: str) -> None:
    assert found(f"my email{dash}ada@example.com") == (Identifier("email", "ada@example.com"),)
    assert heard(f"539{dash}060") == Event("code_typed", {"digits": "539060"})
    assert found(f"07700 900001{dash}07700 900002") == (
        Identifier("mobile", "+447700900001"),
        Identifier("mobile", "+447700900002"),
    )


@pytest.mark.parametrize("apostrophe", APOSTROPHES)
def test_every_apostrophe_is_an_apostrophe(apostrophe: str) -> None:
    assert found(f"pat.o{apostrophe}brien@example.com") == (Identifier("email", "pat.o'brien@example.com"),)


@pytest.mark.parametrize("space", SPACES)
def test_every_space_is_a_space(space: str) -> None:
    assert heard(f"539{space}060") == Event("code_typed", {"digits": "539060"})
    assert found(f"{space}07700{space}900001{space}") == (Identifier("mobile", "+447700900001"),)


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("ﬁona@example.com", "fiona@example.com"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"),
        ("ada@example。com", "ada@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ada٣@example.com", "ada3@example.com"),
        ("_ada@example.com", "_ada@example.com"),
        ("_ada@example.com_", "ada@example.com"),
        ("“ada@example.com”", "ada@example.com"),
    ],
)
def test_one_email_has_one_form(typed: str, email: str) -> None:
    assert found(typed) == (Identifier("email", email),)


@pytest.mark.parametrize("label", ["O’Brien’s line", "O'Brien's line", "ﬁbre at O‘Brien’s"])
def test_a_choice_is_found_by_its_label_however_both_are_written(label: str) -> None:
    offered = [{"id": "account:1", "label": label}, {"id": "menu", "label": "Main menu"}]
    for typed in (label, normalise(label)):
        event = understand(typed, typed, PayBill.accounts, FACTS, offered)
        assert event == Event("choose_account", {"account": "1"})


@given(st.text(max_size=40))
def test_a_normalised_text_stays_as_it_is(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert not any(map(is_invisible, once))
    assert unicodedata.is_normalized("NFKC", once)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_plain_text_is_normalised_already(text: str) -> None:
    assert normalise(text) == text
