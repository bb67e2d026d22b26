import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.understanding.typos import TypoIndex, one_slip

WORDS = st.text("abcd", max_size=6)


@pytest.mark.parametrize("slip", ["bil", "billl", "bikl", "bli", "ibll"])
def test_one_slip(slip: str) -> None:
    assert one_slip(slip, "bill") == (slip != "bli")


@given(st.sets(WORDS), WORDS)
def test_the_words_near_a_typed_one_are_those_one_slip_away(words: set[str], typed: str) -> None:
    assert set(TypoIndex(words).near(typed)) == {word for word in words if one_slip(typed, word)}
