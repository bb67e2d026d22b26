"""Typos: a known word is recognised with one letter left out, added, changed or swapped with its neighbour."""

from collections.abc import Iterable, Iterator


def is_one_typo(typed: str, meant: str) -> bool:
    """Tell whether one letter was left out, added, changed, or swapped with its neighbour."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    a, b = typed[start:], meant[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


class TypoIndex:
    """An index of known words, to find those near a mistyped one without comparing each."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_form: dict[str, list[str]] = {}
        self._longest = 0
        for word in words:
            self._longest = max(self._longest, len(word))
            for form in _deletions(word):
                self._by_form.setdefault(form, []).append(word)

    def near(self, typed: str) -> Iterator[str]:
        """Yield the known words one typo away, some more than once.

        Two words one typo apart have a form in common: themselves, or with one letter taken out.
        """
        if len(typed) > self._longest + 1:
            return
        for form in _deletions(typed):
            for word in self._by_form.get(form, ()):
                if is_one_typo(typed, word):
                    yield word


def _deletions(word: str) -> list[str]:
    """Return the word itself, and the word without each of its letters."""
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]
