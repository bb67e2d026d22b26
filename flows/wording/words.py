"""Customers' texts in all languages: Fluent files, and a company's own messages over them."""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path

from fluent.syntax import ast

from flows.effects import PAY_URL, Money, Say, Wait
from flows.wording.formats import known_locale
from flows.wording.language import Language, Rendered, messages, parse, placeables

__all__ = ["PAY_URL", "Money", "Rendered", "Wait", "Words"]

LOCALES = Path(__file__).parent.parent / "locales"
FALLBACK = "en"


class Words:
    """The texts of all languages.

    `overrides` is a folder of .ftl files named by locale, with the messages that a company words differently. A file
    for a further language adds that language; messages it lacks are English. `offered` are the languages to serve
    customers in, None for all; `default` is for any other.
    """

    def __init__(
        self, overrides: Path | None = None, offered: Sequence[str] | None = None, default: str = FALLBACK
    ) -> None:
        self._default = default
        self._folders = [LOCALES] if overrides is None else [LOCALES, overrides]
        self._overrides = overrides
        names = {path.stem for folder in self._folders for path in folder.glob("*.ftl")}
        self.locales = sorted(names, key=lambda name: (name != FALLBACK, name))
        self._languages = {name: Language(name, self._files(name)) for name in self.locales}
        self._nearest = {name.lower(): name for name in self.locales if offered is None or name in offered}

    def best(self, locale: str | None) -> str:
        """Return the offered locale nearest to the requested one: en for en-US; the default where there is none."""
        wanted = (locale or "").replace("_", "-").lower()
        while wanted and wanted not in self._nearest:
            wanted = wanted.rpartition("-")[0]
        return self._nearest.get(wanted, self._default)

    def render(self, say: Say, locale: str, zone: tzinfo = UTC) -> Rendered:
        """Return a message in words, its times on the clock of `zone`, the company's."""
        return self._language(locale).render(say, zone)

    def text(self, key: str, locale: str, /, zone: tzinfo = UTC, **args: object) -> str:
        """Return one text by its key. Raises KeyError for a key that no file has."""
        return self._language(locale).text(key, args, zone)

    def money(self, money: Money, locale: str) -> str:
        """Return an amount as a locale writes it."""
        return self._language(locale).formats.money(money)

    def strings(self, prefix: str, locale: str) -> dict[str, str]:
        """Return every text whose key begins with `prefix`; placeables read "{name}", for a program to fill in."""
        language = self._language(locale)
        return {key: language.template(key) for key in sorted(language.keys) if key.startswith(prefix)}

    def problems(self) -> list[str]:
        """Return the mistakes in the company's own messages, each with its file, its key and the remedy."""
        if self._overrides is None:
            return []
        ours = messages(parse(LOCALES / f"{FALLBACK}.ftl"))
        return [p for path in sorted(self._overrides.glob("*.ftl")) for p in _problems(path, ours)]

    def _files(self, name: str) -> list[Path]:
        wanted = [folder / f"{stem}.ftl" for stem in dict.fromkeys((FALLBACK, name)) for folder in self._folders]
        return [path for path in wanted if path.is_file()]

    def _language(self, locale: str) -> Language:
        return self._languages.get(locale) or self._languages.get(self.best(locale)) or self._languages[FALLBACK]


def _problems(path: Path, ours: dict[str, ast.Message]) -> list[str]:
    resource = parse(path)
    theirs = messages(resource)
    found = [
        f"{path.name}: cannot be read: {' '.join((entry.content or '').split())[:60]!r}; write it as `key = text`"
        for entry in resource.body
        if isinstance(entry, ast.Junk)
    ]
    for key, message in theirs.items():
        if key not in ours:
            found.append(f"{path.name}: {key}: no text has this key; see flows/locales/{FALLBACK}.ftl for the keys")
            continue
        if key == "format-locale" and known_locale(_written(message)) is None:
            found.append(f"{path.name}: {key}: {_written(message)!r} is no known locale; write one such as en-GB")
        more = placeables(message, theirs) - placeables(ours[key], ours)
        found += [f"{path.name}: {key}: has no value for {{ ${name} }}; leave it out" for name in sorted(more)]
    return found


def _written(message: ast.Message) -> str:
    elements = message.value.elements if message.value is not None else []
    return "".join(element.value for element in elements if isinstance(element, ast.TextElement))
