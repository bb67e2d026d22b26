import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from flows.understanding.identifiers import PLAIN_EMAIL, Identifier, find_identifiers, likely_meant

OWES = Identifier("email", "owes@example.com")
MOBILE = Identifier("mobile", "+447700900001")


def found(text: str, countries: tuple[str, ...] = ("GB",)) -> tuple[Identifier, ...]:
    return find_identifiers(text, "GB", countries).identifiers


def problem(text: str, countries: tuple[str, ...] = ("GB",)) -> str | None:
    return find_identifiers(text, "GB", countries).problem


@pytest.mark.parametrize(
    "text",
    [
        "owes@example.com",
        "Owes@Example.com ",
        "it's owes@example.com",
        "my email is <owes@example.com>, thanks",
        "“owes@example.com”",
        "owes@example.com.",
        "mailto:owes@example.com",
        "owes(at)example.com",
        "owes arroba example.com",
    ],
)
def test_an_email_in_any_usual_shape(text: str) -> None:
    assert found(text) == (OWES,)


@pytest.mark.parametrize(
    "text",
    [
        "07700 900001",
        "07700900001",
        "+44 7700 900001",
        "+44 (0)7700 900 001",
        "0044 7700 900001",
        "447700900001",
        "7700900001",
        "07700-900-001",
        "07700.900.001",
        "my number is 07700 900001.",
    ],
)
def test_a_mobile_in_any_usual_shape(text: str) -> None:
    assert found(text) == (MOBILE,)


@pytest.mark.parametrize("last", [1, 2, 3, 4, 999])
def test_numbers_reserved_for_drama_are_mobiles(last: int) -> None:
    assert found(f"07700 900{last:03}") == (Identifier("mobile", f"+447700900{last:03}"),)


@pytest.mark.parametrize("text", ["07911 123456", "07400 123456"])
def test_issued_mobiles_are_mobiles(text: str) -> None:
    assert [one.kind for one in found(text)] == ["mobile"]


@pytest.mark.parametrize(
    "text",
    [
        "owes@example.com or 07700 900001",
        "owes@example.com 07700900001",
        "owes@example.com, +44 7700 900001, owes@example.com",
    ],
)
def test_two_in_one_message_are_both_found_once(text: str) -> None:
    assert found(text) == (OWES, MOBILE)


def test_two_mobiles_that_a_space_keeps_apart_are_two() -> None:
    assert found("07700 900001 07700 900002") == (MOBILE, Identifier("mobile", "+447700900002"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("020 7946 0018", "landline"),
        ("0800 123 4567", "landline"),
        ("+34 612 345 678", "foreign"),
        ("+1 212 555 0100", "foreign"),
        ("07700 9000", "misspelt_number"),
        ("07700 900001 5", "misspelt_number"),
        ("12345678901234567890", "misspelt_number"),
        ("owes@example", "misspelt_email"),
        ("owes@example,com", "misspelt_email"),
        ("owes@@example.com", "misspelt_email"),
        ("owes @example.com", "misspelt_email"),
    ],
)
def test_what_only_looks_like_one_is_told_apart(text: str, why: str) -> None:
    assert (found(text), problem(text)) == ((), why)


@pytest.mark.parametrize("text", ["", "hello", "123456", "I owe £42.50", "call me at 5"])
def test_what_is_neither_is_neither(text: str) -> None:
    assert (found(text), problem(text)) == ((), None)


def test_a_good_one_outweighs_a_bad_one() -> None:
    assert found("020 7946 0018 or owes@example.com") == (OWES,)


def test_where_no_texts_are_sent_a_mobile_is_refused() -> None:
    assert problem("07700 900001", ()) == "no_texts"


def test_texts_go_to_every_listed_country() -> None:
    assert found("+34 612 345 678", ("GB", "ES")) == (Identifier("mobile", "+34612345678"),)
    assert find_identifiers("612 345 678", "ES", ("ES",)).identifiers == (Identifier("mobile", "+34612345678"),)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("owes@gmial.com", "gmail.com"), ("owes@hotmal.com", "hotmail.com"), ("owes@yahoo.con", "yahoo.com")],
)
def test_a_typo_in_a_well_known_domain_is_noticed(typed: str, meant: str) -> None:
    assert likely_meant(Identifier("email", typed)) == Identifier("email", f"owes@{meant}")


@pytest.mark.parametrize("typed", ["owes@gmail.com", "owes@example.com", "owes@ymail.com", "owes@mail.com"])
def test_a_good_domain_is_left_alone(typed: str) -> None:
    assert likely_meant(Identifier("email", typed)) is None


def test_a_mobile_has_no_domain() -> None:
    assert likely_meant(MOBILE) is None


PARTS = st.text("aZk09-._+", max_size=40)
DOMAINS = [
    "com",
    "COM",
    "co.uk",
    "technology",
    "c",
    "c1",
    "test",
    "local",
    "onion",
    "in-addr.arpa",
    "arpa.es",
    "xn--p1ai",
]


@given(PARTS, PARTS | st.just("example"), st.sampled_from(DOMAINS))
def test_a_plain_email_is_what_email_validator_makes_of_it(name: str, domain: str, top: str) -> None:
    typed = f"{name}@{domain}.{top}"
    if PLAIN_EMAIL.fullmatch(typed):
        kept = validate_email(typed, check_deliverability=False).normalized.lower()
        assert found(f" {typed}\n") == (Identifier("email", kept),)


@pytest.mark.parametrize("typed", ["p17@example.com", "First.Last+bills@Sub-Domain.Example.co.uk", "a_b-c@x1.es"])
def test_nearly_all_emails_are_plain(typed: str) -> None:
    assert PLAIN_EMAIL.fullmatch(typed)


@pytest.mark.parametrize("typed", ["a@b.test", "a@b.local", "a@x--y.com", "a@xn--p1ai.com", "a..b@c.com", "a@K.com"])
def test_what_needs_a_closer_look_is_not_plain(typed: str) -> None:
    assert not PLAIN_EMAIL.fullmatch(typed.replace("K", "\N{KELVIN SIGN}"))


@given(st.text(max_size=200))
def test_any_text_is_looked_through(text: str) -> None:
    for identifier in find_identifiers(text, "GB", ("GB",)).identifiers:
        assert find_identifiers(identifier.value, "GB", ("GB",)).identifiers == (identifier,)


@given(st.text(alphabet="0123456789+ ()-./@aex,com", max_size=80))
def test_what_nearly_looks_like_one_is_looked_through(text: str) -> None:
    find_identifiers(text, "GB", ("GB", "US"))
