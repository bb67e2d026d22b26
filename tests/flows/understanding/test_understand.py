from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.events import Event
from flows.states import PROMPTING, STATES, PayBill, Person
from flows.understanding.understand import HANDLED, chosen, understand
from tests.flows.dialogue import EMAIL, MOBILE
from tests.flows.sample_events import SAMPLE_EVENTS
from tests.slowest_text import assert_linear

GB = {"region": "GB", "countries": ["GB"]}
MENU = [{"id": "pay_bill", "label": "Pay my bill"}, {"id": "person", "label": "Talk to a person"}]
CODE = [
    {"id": "resend", "label": "Send a new code"},
    {"id": "other_identifier", "label": "Use another email or mobile"},
    {"id": "person", "label": "Talk to a person"},
]
OWES = [
    {"id": "pay_all", "label": "Pay £42.50"},
    {"id": "pick", "label": "Choose invoices"},
    {"id": "person", "label": "Talk to a person"},
    {"id": "menu", "label": "Main menu"},
]
ACCOUNTS = [
    {"id": "account:home", "label": "Home broadband, 1001: £42.50 to pay"},
    {"id": "account:shop", "label": "Shop line, 1002: nothing to pay"},
    {"id": "person", "label": "Talk to a person"},
]
INVOICES = [
    {"id": "invoice:late", "label": "INV-1: £20.00, due on 3 November 2026"},
    {"id": "invoice:soon", "label": "INV-2: £22.50, due on 3 December"},
    {"id": "back", "label": "Go back"},
    {"id": "person", "label": "Talk to a person"},
]


def heard(text: str, state: str = "menu", offered: list[dict[str, str]] | None = None, **facts: Any) -> Event:
    return understand(text, text, state, GB | facts, MENU if offered is None else offered)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("I'd like to pay my bill please", "pay_bill"),
        ("can I settle an invoice here", "pay_bill"),
        ("I want to pya my bill", "pay_bill"),
        ("Quiero pagar mi factura", "pay_bill"),
        ("pagar facura", "pay_bill"),
        ("what do I owe you", "see_balance"),
        ("How much is my bill this month?", "see_balance"),
        ("when is my invoice due", "see_balance"),
        ("show me my invoices", "see_balance"),
        ("¿Cuánto debo?", "see_balance"),
        ("¿Cuándo vence mi factura?", "see_balance"),
        ("Can I speak to a real person?", "person"),
        ("let me talk to a humna", "person"),
        ("I have a problem with my payment", "person"),
        ("you charged twice, I want a refund", "person"),
        ("necesito hablar con alguien", "person"),
        ("what can you do", "help"),
        ("¿Qué puede hacer usted?", "help"),
        ("which cards can I pay with, what are the options", "payment_methods"),
        ("hello there", "greeting"),
        ("Buenos días", "greeting"),
        ("thank you so much", "thanks"),
        ("muchas gracias", "thanks"),
        ("bye for now", "goodbye"),
        ("am I talking to a robot or are you human", "are_you_a_bot"),
        ("¿Es usted un robot?", "are_you_a_bot"),
        ("could you switch to Spanish", "change_language"),
        ("what's the weather like tomorrow", "out_of_scope"),
        ("recommend me a good restaurant in Leeds", "out_of_scope"),
        ("¿Qué tiempo hará mañana en Madrid?", "out_of_scope"),
        ("hmm", "not_understood"),
        ("👍", "not_understood"),
        ("", "not_understood"),
        ("   ", "not_understood"),
    ],
)
def test_what_is_said_at_the_menu(text: str, event: str) -> None:
    assert heard(text).name == event


@pytest.mark.parametrize("state", [state for state in PROMPTING if state not in {Person.message, Person.review}])
@pytest.mark.parametrize(
    ("texts", "event"),
    [
        (["talk to a human", "Agent", "I want to talk to somebody", "quiero hablar con una persona"], "person"),
        (["back", "go back please", "atrás", "volver"], "back"),
        (["start over", "Start again", "empezar de nuevo"], "start_over"),
        (["sign out", "Please log me out", "cerrar sesión", "I want to log out now"], "sign_out"),
        (["repeat", "say that again", "what?", "repita", "¿qué?"], "repeat"),
        (["help", "Ayuda"], "help"),
        (["menu", "main menu", "menú", "never mind", "cancelar"], "menu"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_ways_out_are_understood_everywhere(state: str, texts: list[str], event: str) -> None:
    assert {text: heard(text, state, []).name for text in texts} == dict.fromkeys(texts, event)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("1", "pay_bill"),
        ("2.", "person"),
        ("option 2", "person"),
        ("the second one", "person"),
        ("pay my bill", "pay_bill"),
        ("3", "not_understood"),
        ("0", "not_understood"),
    ],
)
def test_a_choice_by_number_place_or_label(text: str, event: str) -> None:
    assert heard(text).name == event


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("pay it all", "pay_all"),
        ("everything", "pay_all"),
        ("todo", "pay_all"),
        ("£42.50", "pay_all"),
        ("yes please", "pay_all"),
        ("no", "menu"),
        ("only some of them", "pick"),
        ("just the first one", "pick"),
        ("how much do I owe again?", "see_balance"),
    ],
)
def test_choices_about_what_is_owed_in_other_words(text: str, event: str) -> None:
    assert heard(text, PayBill.owes, OWES).name == event


def test_yes_means_nothing_where_nothing_was_proposed() -> None:
    assert heard("yes").name == "not_understood"


@pytest.mark.parametrize("text", ["the second one", "2", "1002", "the shop", "Shop line", "last", "la segunda"])
def test_an_account_in_other_words(text: str) -> None:
    assert heard(text, PayBill.accounts, ACCOUNTS) == Event("choose_account", {"account": "shop"})


def test_words_that_fit_two_accounts_choose_none() -> None:
    assert heard("pay", PayBill.accounts, ACCOUNTS).name == "pay_bill"


@pytest.mark.parametrize(
    ("text", "invoices"),
    [
        ("2", ["soon"]),
        ("INV-2", ["soon"]),
        ("december", ["soon"]),
        ("1 and 2", ["late", "soon"]),
        ("2,1", ["soon", "late"]),
    ],
)
def test_invoices_are_picked_by_number_and_name(text: str, invoices: list[str]) -> None:
    assert heard(text, PayBill.picking, INVOICES) == Event("toggle_invoice", {"invoices": invoices})


@pytest.mark.parametrize("text", ["it's owes@example.com", "Owes@Example.com ", "ｏｗｅｓ＠ｅｘａｍｐｌｅ．ｃｏｍ"])
@pytest.mark.parametrize("state", [PayBill.identifier, PayBill.code, PayBill.which, Person.reach, "menu"])
def test_an_email_where_one_is_asked_for(text: str, state: str) -> None:
    assert heard(text, state, []) == Event("identifier_typed", EMAIL)


@pytest.mark.parametrize("text", ["07700 900001", "+44 7700 900001", "０７７００ ９０００００１".replace("０１", "１")])
@pytest.mark.parametrize("state", [PayBill.identifier, PayBill.code, Person.reach])
def test_a_mobile_where_one_is_asked_for(text: str, state: str) -> None:
    assert heard(text, state, []) == Event("identifier_typed", MOBILE)


@pytest.mark.parametrize("state", ["menu", PayBill.identifier, PayBill.code, PayBill.which])
def test_an_email_that_nothing_can_be_sent_to_is_told_where_it_is_typed(state: str) -> None:
    assert heard("françois@example.com", state, []).name == "email_unsendable"
    assert heard("françois@example.com or owes@example.com", state, []) == Event("identifier_typed", EMAIL)
    german = {"kind": "email", "value": "kunde@äggsbärden.de"}
    for typed in ("kunde@äggsbärden.de", "kunde@xn--ggsbrden-zzae.de"):
        assert heard(typed, state, []) == Event("identifier_typed", german)


def test_any_email_is_fine_for_a_reply() -> None:
    french = {"kind": "email", "value": "françois@example.com"}
    assert heard("françois@example.com", Person.reach, []) == Event("identifier_typed", french)


def test_two_identifiers_in_one_message() -> None:
    event = heard("owes@example.com or 07700 900001", PayBill.identifier, [])
    assert event == Event("identifiers_typed", {"options": [EMAIL, MOBILE]})


def test_a_likely_typo_is_asked_about() -> None:
    event = heard("owes@gmial.com", PayBill.identifier, [])
    assert [option["value"] for option in event.data["options"]] == ["owes@gmail.com", "owes@gmial.com"]
    assert event.data["guessed"] is True


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("020 7946 0018", "landline_typed"),
        ("+34 612 345 678", "foreign_typed"),
        ("owes@example", "email_misspelt"),
        ("07700 9000", "number_misspelt"),
        ("I don't remember which one", "identifier_missing"),
        ("I want to pay my bill", "pay_bill"),
    ],
)
def test_what_is_no_identifier(text: str, event: str) -> None:
    assert heard(text, PayBill.identifier, []).name == event


@pytest.mark.parametrize(("text", "number"), [("the email", "0"), ("my mobile please", "1"), ("el móvil", "1")])
def test_which_of_two_identifiers_in_words(text: str, number: str) -> None:
    offered = [{"id": "identifier:0", "label": "owes@example.com"}, {"id": "identifier:1", "label": "+447700900001"}]
    event = heard(text, PayBill.which, offered, candidates=[EMAIL, MOBILE])
    assert event == Event("choose_identifier", {"identifier": number})


@pytest.mark.parametrize(
    "text",
    [
        "123456",
        "123 456",
        "123-456",
        "my code is 123456",
        "1 2 3 4 5 6",
        "１２３４５６",
        "١٢٣٤٥٦",
        "Your code is 123456\n\n@chat.example.com #123456",
    ],
)
def test_a_code_in_any_usual_shape(text: str) -> None:
    assert heard(text, PayBill.code, CODE) == Event("code_typed", {"digits": "123456"})


@pytest.mark.parametrize("text", ["12345", "1234567", "my code is 12 34"])
def test_a_code_of_another_length_is_not_tried(text: str) -> None:
    assert heard(text, PayBill.code, CODE).name == "code_misshapen"


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("1", "resend"),
        ("I didn't get it", "resend"),
        ("send it again", "resend"),
        ("no me ha llegado el código", "resend"),
        ("wrong email", "other_identifier"),
        ("otro correo", "other_identifier"),
        ("020 7946 0018", "landline_typed"),
    ],
)
def test_what_else_is_said_where_a_code_is_asked_for(text: str, event: str) -> None:
    assert heard(text, PayBill.code, CODE).name == event


def test_a_message_for_the_team_is_kept_in_its_clean_form() -> None:
    event = understand("my code was 123456", "my code was ••••••", Person.message, GB, [])
    assert event == Event("message_typed", {"text": "my code was ••••••"})


@pytest.mark.parametrize(
    "text", ["I want to pay my bill but the page is broken", "hello, I need help", "2 people moved in"]
)
def test_sentences_are_part_of_the_message(text: str) -> None:
    offered = [{"id": "back", "label": "Go back"}, {"id": "menu", "label": "Main menu"}]
    assert heard(text, Person.message, offered) == Event("message_typed", {"text": text})


@pytest.mark.parametrize(
    ("text", "event"), [("back", "back"), ("Menu", "menu"), ("start over", "start_over"), ("1", "back")]
)
def test_the_ways_out_of_a_message_are_understood(text: str, event: str) -> None:
    offered = [{"id": "back", "label": "Go back"}, {"id": "menu", "label": "Main menu"}]
    assert heard(text, Person.message, offered).name == event


DONE = ["done", "That's all", "That’s everything", "ok send it please", "eso es todo", "¡Enviar!", "He terminado"]
MORE = ["not yet", "I'm not done yet", "add more", "todavía no", "no he terminado"]
DISCARD = ["don't send it", "Please do not send it", "no lo envíe", "No enviar"]


@pytest.mark.parametrize(
    ("texts", "while_writing", "when_shown"),
    [
        (DONE, "message_done", "send_message"),
        (MORE, "add_more", "add_more"),
        (DISCARD, "discard_message", "discard_message"),
        (["yes", "sí", "go ahead", "vale"], "message_typed", "send_message"),
        (["no", "nope"], "message_typed", "add_more"),
        (["2", "I'm done with your company", "they said it was done", "send it to my mum"], *["message_typed"] * 2),
        (["menu", "cancel", "never mind"], "menu", "menu"),
    ],
)
def test_the_end_of_a_message_and_its_refusals_are_understood(
    texts: list[str], while_writing: str, when_shown: str
) -> None:
    begun = {"lines": ["Hello"]}
    for text in texts:
        assert heard(text, Person.message, [], **begun).name == while_writing, text
        assert heard(text, Person.review, [], **begun).name == when_shown, text


def test_a_number_alone_is_a_line_of_a_message_that_was_begun() -> None:
    offered = [
        {"id": "message_done", "label": "That’s everything"},
        {"id": "discard_message", "label": "Don’t send it"},
    ]
    assert heard("2", Person.message, offered, lines=["I live at number"]) == Event("message_typed", {"text": "2"})
    assert heard("1", Person.review, [{"id": "send_message", "label": "Send it"}], lines=["x"]).name == "send_message"


def test_spaces_joiners_line_breaks_and_scripts_of_a_message_stay_as_typed() -> None:
    for text in (
        "10\u00a0000\u202f€",
        "👩\u200d👩\u200d👧",
        "می\u200cخواهم",
        "שלום\u200f!",
        "one\n\n  two",
        "🫩",
    ):
        assert heard(text, Person.message, []) == Event("message_typed", {"text": text})
    assert heard("a\x00b\u202ec\u2028d\r\ne", Person.message, []).data == {"text": "abc\nd\ne"}
    assert heard("\u202e\x00", Person.message, []).name == "not_understood"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("020 7946 0018", "+442079460018"),
        ("call my landline, 020 7946 0018 after six", "+442079460018"),
        ("+34 912 345 678", "+34912345678"),
        ("+34 612 345 678", "+34612345678"),
    ],
)
@pytest.mark.parametrize("countries", [["GB"], []])
def test_any_number_that_can_be_called_is_fine_for_a_reply(text: str, value: str, countries: list[str]) -> None:
    event = understand(text, text, Person.reach, {"region": "GB", "countries": countries}, [])
    assert event == Event("identifier_typed", {"kind": "phone", "value": value})


def test_a_mobile_is_fine_for_a_reply_where_no_texts_are_sent() -> None:
    assert understand("07700 900001", "", Person.reach, {"countries": []}, []) == Event("identifier_typed", MOBILE)


@pytest.mark.parametrize(
    ("choice", "event"),
    [
        ("pay_all", Event("pay_all")),
        ("account:home", Event("choose_account", {"account": "home"})),
        ("invoice:late", Event("toggle_invoice", {"invoices": ["late"]})),
        ("identifier:1", Event("choose_identifier", {"identifier": "1"})),
        ("mystery:1", Event("stale_choice")),
    ],
)
def test_a_tapped_choice(choice: str, event: Event) -> None:
    assert chosen(choice, "menu", {}, [{"id": choice, "label": "…"}]) == event


def test_a_choice_that_is_no_longer_offered_is_stale() -> None:
    assert chosen("pay_all", "menu", {}, MENU) == Event("stale_choice")


KNOWN = {name for name, _ in SAMPLE_EVENTS}
OFFERED = st.sampled_from([[], MENU, CODE, OWES, ACCOUNTS, INVOICES])


@given(st.text(max_size=300), st.sampled_from(STATES), OFFERED)
def test_any_text_is_a_known_event(text: str, state: str, offered: list[dict[str, str]]) -> None:
    assert heard(text, state, offered).name in KNOWN


WORDS = [
    *("pay", "bill", "code", "123456", "07700", "900001", "owes@example.com", "second", "back", "everything"),
    *("1", "2", "what", "hola", "+44", "@", "#"),
]


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from(PROMPTING), OFFERED)
def test_any_mix_of_known_words_is_a_known_event(words: list[str], state: str, offered: list[dict[str, str]]) -> None:
    event = heard(" ".join(words), state, offered)
    assert event.name in KNOWN


def test_what_is_meant_is_handled_where_it_is_said() -> None:
    texts = [
        "pay",
        "new code",
        "another account",
        "receipt",
        "new link",
        "everything",
        "wrong email",
        "owes@example.com",
    ]
    for state in PROMPTING:
        for text in texts:
            assert (heard(text, state, []).name, state) in HANDLED


@pytest.mark.parametrize("state", ["menu", PayBill.identifier, PayBill.code, PayBill.picking, Person.message])
def test_the_slowest_text_is_understood_in_a_millisecond_or_two(state: str) -> None:
    assert_linear(lambda text: heard(text, state, INVOICES), 1_000)
    assert_linear(lambda text: heard(text, state, INVOICES), 2_000)
