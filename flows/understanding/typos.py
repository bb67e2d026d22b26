"""Slips of the finger: a known word is recognised with one letter left out, added, changed or swapped."""

from collections.abc import Iterable, Iterator


def one_slip(typed: str, meant: str) -> bool:
    """Whether one letter was left out, added, changed, or swapped with its neighbour."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    a, b = typed[start:], meant[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


class TypoIndex:
    """Words that may be mistyped, found without a look at each of them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_form: dict[str, list[str]] = {}
        for word in words:
            for form in _with_one_left_out(word):
                self._by_form.setdefault(form, []).append(word)

    def near(self, typed: str) -> Iterator[str]:
        """The words that are one slip away, some more than once: two such words share a form with a letter less."""
        for form in _with_one_left_out(typed):
            for word in self._by_form.get(form, ()):
                if one_slip(typed, word):
                    yield word


def _with_one_left_out(word: str) -> list[str]:
    """The word itself, and without each of its letters."""
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]
