"""A line of a stored text is replaced wherever it stands alone, and nowhere else."""

import pytest

from store.chats.text_lines import with_line_replaced


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4111", "•••"),
        ("pay\n4111\nplease", "pay\n•••\nplease"),
        ("4111\n4111\n4111\n4111", "•••\n•••\n•••\n•••"),
        ("4111 1111", "4111 1111"),
        ("not4111", "not4111"),
        ("", ""),
    ],
)
def test_a_line_is_replaced_where_it_stands_alone(text: str, expected: str) -> None:
    assert with_line_replaced(text, "4111", "•••") == expected


def test_lines_with_breaks_in_them_are_replaced_as_a_whole() -> None:
    assert with_line_replaced("a\nb\nc\nb", "b\nc", "•••") == "a\n•••\nb"
