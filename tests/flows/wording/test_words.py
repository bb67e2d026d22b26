import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency, get_currency_symbol
from fluent.runtime import FluentBundle, FluentResource
from hypothesis import given
from hypothesis import strategies as st

from flows.effects import Choice, FullDate, Money, Say, TextLine, Wait
from flows.wording.formats import Formats
from flows.wording.words import LOCALES, Words

LONDON = ZoneInfo("Europe/London")
WORDS = Words()
AUTUMN = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # the 25th on a London clock


@pytest.mark.parametrize(
    ("money", "english", "spanish"),
    [
        (Money(4250, "GBP"), "£42.50", "42,50 £"),
        (Money(123456789, "EUR"), "€1,234,567.89", "1.234.567,89 €"),
        (Money(500, "JPY"), "JP¥500", "500 ¥"),
        (Money(1234, "KWD"), "KWD 1.234", "1,234 KWD"),
        (Money(-500, "GBP"), "-£5.00", "-5,00 £"),
    ],
)
def test_amounts_are_told_as_readers_write_them(money: Money, english: str, spanish: str) -> None:
    text = [WORDS.money(money, locale).replace("\xa0", " ") for locale in ("en", "es")]
    assert text == [english, spanish]


@pytest.mark.parametrize(
    "name", ["en-GB", "en-IN", "es-ES", "de-CH", "fr-FR", "pl-PL", "pt-BR", "ar-EG", "hi-IN", "ja-JP"]
)
@given(
    minor=st.integers(-(10**12), 10**12),
    currency=st.sampled_from([("GBP", 2), ("EUR", 2), ("INR", 2), ("JPY", 0), ("KWD", 3), ("CHF", 2)]),
)
def test_any_amount_is_written_as_babel_writes_it(name: str, minor: int, currency: tuple[str, int]) -> None:
    formats, (code, decimals) = Formats(name), currency
    text = format_currency(Decimal(minor).scaleb(-decimals), code, locale=formats.locale)
    text = text.replace(code, get_currency_symbol(code, "en"))
    assert re.sub("\\s", "", formats.money(Money(minor, code))) == re.sub("\\s", "", text)


def test_dates_and_times_are_told_on_the_companys_clock() -> None:
    args = {"amount": Money(100, "GBP"), "expires": AUTUMN, "url": "{pay_url}"}
    assert "25 October, 00:30" in WORDS.render(Say("link", args), "en", LONDON).text
    assert "25 de octubre, 0:30" in WORDS.render(Say("link", args), "es", LONDON).text


def test_a_date_that_may_be_long_past_has_its_year() -> None:
    args = {"number": "1", "amount": Money(100, "GBP"), "date": FullDate(date(2025, 12, 3))}
    assert WORDS.text("invoice-line-overdue", "en", **args) == "Invoice 1: £1.00, was due on 3 December 2025"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 second"),
        (30, "30 seconds"),
        (119, "119 seconds"),
        (121, "3 minutes"),
        (3600, "1 hour"),
        (7201, "3 hours"),
    ],
)
def test_waits_are_rounded_up(seconds: int, text: str) -> None:
    assert f" {text} " in WORDS.text("code-wait", "en", wait=Wait(seconds))


@pytest.mark.parametrize("locale", WORDS.locales)
def test_every_line_reads_as_fluent_reads_it(locale: str) -> None:
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource((LOCALES / f"{locale}.ftl").read_text("utf-8")))
    for key, form in WORDS.strings("", locale).items():
        args = {name: f"<{name}: 100%>" for name in re.findall(r"{([\w-]+)}", form)}
        assert WORDS.text(key, locale, **args) == bundle.format_pattern(bundle.get_message(key).value, args)[0], key


def test_a_number_a_percentage_and_a_name_left_out_in_a_plain_line(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text("choice-pay-amount = 100% of { $amount }\n")
    words = Words(tmp_path)
    assert words.text("choice-pay-amount", "en", amount="5%s") == "100% of 5%s"
    assert words.text("choice-pay-amount", "en", amount=1234) == "100% of 1,234"
    assert words.text("choice-pay-amount", "en") == "100% of amount"


def test_lines_are_rendered_one_under_the_other() -> None:
    line = TextLine("invoice-line", {"number": "1", "amount": Money(100, "GBP"), "date": date(2026, 12, 3)})
    args = {"amount": Money(100, "GBP"), "account": "7", "invoices": (line, TextLine("invoice-more", {"count": 2}))}
    assert WORDS.render(Say("balance-owed", args), "en").text.splitlines() == [
        "You owe £1.00 on account 7.",
        "Invoice 1: £1.00, due on 3 December",
        "And 2 more invoices.",
    ]


def test_no_lines_leave_no_empty_line() -> None:
    args = {"amount": Money(100, "GBP"), "account": "7", "invoices": ()}
    assert WORDS.render(Say("balance-owed", args), "en").text == "You owe £1.00 on account 7."


def test_choices_have_their_labels() -> None:
    say = Say("owes", choices=(Choice("pay_all", "choice-pay-amount", {"amount": Money(4250, "GBP")}),))
    assert WORDS.render(say, "en").choices == [{"id": "pay_all", "label": "Pay £42.50"}]


def test_cards_tell_their_amounts_in_words_too() -> None:
    card = {
        "kind": "balance",
        "currency": "GBP",
        "amount_minor": 200,
        "invoices": [{"number": "1", "amount_minor": 200}],
    }
    rendered = WORDS.render(Say("owes", card=card), "en").card
    assert rendered is not None
    assert rendered["formatted"] == rendered["invoices"][0]["formatted"] == "£2.00"
    assert "formatted" not in card


def test_the_links_address_is_left_for_later() -> None:
    args = {"amount": Money(100, "GBP"), "expires": AUTUMN, "url": "{pay_url}"}
    assert "{pay_url}" in WORDS.render(Say("link", args), "en").text


@pytest.mark.parametrize(
    ("asked", "best"),
    [
        ("es", "es"),
        ("es-MX", "es"),
        ("es_MX", "es"),
        ("ES", "es"),
        ("en-GB", "en"),
        ("ja", "en"),
        (None, "en"),
        ("", "en"),
    ],
)
def test_the_nearest_language_is_taken(asked: str | None, best: str) -> None:
    assert WORDS.best(asked) == best


def test_a_locale_that_was_not_narrowed_down_is_understood() -> None:
    assert WORDS.text("choice-back", "es-AR") == "Volver"


def test_a_company_says_a_line_in_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text("team-hours = before noon\nwelcome = Ahoy.\n")
    words = Words(tmp_path)
    assert words.text("welcome", "en") == "Ahoy."
    assert "before noon" in words.text("person-away", "en")
    assert words.text("menu", "en") == WORDS.text("menu", "en")
    assert words.text("welcome", "es") == WORDS.text("welcome", "es")
    assert words.problems() == []


def test_a_company_adds_a_language(tmp_path: Path) -> None:
    (tmp_path / "fr.ftl").write_text("format-locale = fr-FR\nchoice-pay-amount = Payer { $amount }\n")
    words = Words(tmp_path)
    assert words.best("fr-CA") == "fr"
    assert words.text("choice-pay-amount", "fr", amount=Money(4250, "EUR")).replace("\xa0", " ") == "Payer 42,50 €"
    assert words.text("menu", "fr") == WORDS.text("menu", "en")


def test_a_country_may_write_dates_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text("format-locale = en-US\n")
    args = {"amount": Money(100, "USD"), "account": "7", "date": date(2026, 12, 3)}
    assert "$1.00 on December 3" in Words(tmp_path).text("debit-planned", "en", **args)


def test_a_companys_mistakes_are_all_reported(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text(
        "welcome = Hi { $name }\nwelcom = Hi\nnonsense here\nmenu = Fine\nformat-locale = klingon\n"
    )
    problems = Words(tmp_path).problems()
    assert [problem.split(":")[1].strip() for problem in problems] == [
        "cannot be read",
        "welcome",
        "welcom",
        "format-locale",
    ]


def test_strings_for_a_program_keep_their_names_in_braces() -> None:
    strings = WORDS.strings("choice-", "es")
    assert strings["choice-pay-amount"] == "Pagar {amount}"
    assert all(key.startswith("choice-") for key in strings)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        WORDS.text("no-such-line", "en")


def test_only_offered_languages_are_spoken_and_the_default_to_everybody_else() -> None:
    words = Words(offered=["es"], default="es")
    assert [words.best(asked) for asked in ("en-GB", "es-MX", None, "tlh")] == ["es"] * 4
    assert Words().best("en-US") == "en"
