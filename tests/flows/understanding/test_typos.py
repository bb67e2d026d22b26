import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.understanding.typos import TypoIndex, is_one_typo

WORDS = st.text("abcd", max_size=6)


@pytest.mark.parametrize("typed", ["bil", "billl", "bikl", "bli", "ibll"])
def test_is_one_typo(typed: str) -> None:
    assert is_one_typo(typed, "bill") == (typed != "bli")


@given(st.sets(WORDS), WORDS)
def test_the_words_near_a_typed_one_are_those_is_one_typo_away(words: set[str], typed: str) -> None:
    assert set(TypoIndex(words).near(typed)) == {word for word in words if is_one_typo(typed, word)}
