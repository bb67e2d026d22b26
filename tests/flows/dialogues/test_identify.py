import pytest

from flows.effects import CheckCode, EndVerification, FindAccounts, SendCode, Wait
from tests.flows.dialogue import EMAIL, HOME, MOBILE, Dialogue, at_code, statement, verified


def test_the_menu_offers_to_pay_and_a_person() -> None:
    dialogue = Dialogue()
    assert (dialogue.state, dialogue.keys, dialogue.choices) == ("menu", ["welcome"], ["pay_bill", "person"])


def test_the_pay_button_leads_straight_to_the_bill() -> None:
    dialogue = Dialogue(action="pay_bill")
    assert (dialogue.state, dialogue.effect) == ("pay_bill.finding", FindAccounts())


def test_the_person_button_leads_straight_to_the_team() -> None:
    dialogue = Dialogue(action="person")
    assert (dialogue.state, dialogue.keys) == ("person.message", ["person-away"])


def test_an_unknown_action_gets_the_menu() -> None:
    assert Dialogue(action="dance").keys == ["welcome"]


def test_a_verified_customer_is_not_asked_who_they_are() -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("accounts", accounts=[HOME])
    assert dialogue("statement", **statement()) == "pay_bill.owes"


def test_somebody_unknown_is_asked_for_an_email_or_mobile() -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    assert (dialogue.state, dialogue.message.expects) == ("pay_bill.identifier", "identifier")


def test_where_no_texts_are_sent_only_an_email_is_asked_for() -> None:
    dialogue = Dialogue(action="pay_bill", countries=[])
    dialogue("not_verified", expired=False)
    assert dialogue.keys == ["identifier-email-only"]


@pytest.mark.parametrize(("identifier", "words"), [(EMAIL, "code-sent-email"), (MOBILE, "code-sent-mobile")])
def test_a_code_goes_to_what_was_typed(identifier: dict[str, str], words: str) -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    dialogue("identifier_typed", **identifier)
    assert dialogue.effect == SendCode(**identifier)
    dialogue("code_sent", wait_s=30, life_s=600)
    assert (dialogue.state, dialogue.keys, dialogue.message.expects) == ("pay_bill.code", [words], "code")
    assert dialogue.choices == ["resend", "other_identifier", "person"]


def test_an_email_typed_at_the_menu_is_enough() -> None:
    dialogue = Dialogue()
    dialogue("identifier_typed", **EMAIL)
    assert dialogue.effect == SendCode(**EMAIL)


def test_of_two_identifiers_the_customer_says_which() -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    dialogue("identifiers_typed", options=[EMAIL, MOBILE])
    assert (dialogue.state, dialogue.choices[:2]) == ("pay_bill.which", ["identifier:0", "identifier:1"])
    dialogue("choose_identifier", identifier="1")
    assert dialogue.effect == SendCode(**MOBILE)


@pytest.mark.parametrize("number", ["2", "-1", "x", ""])
def test_only_a_candidate_can_be_chosen(number: str) -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    dialogue("identifiers_typed", options=[EMAIL, MOBILE])
    assert dialogue("choose_identifier", identifier=number) == "pay_bill.which"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("landline_typed", "identifier-landline"),
        ("foreign_typed", "identifier-foreign"),
        ("texts_not_sent", "identifier-no-texts"),
        ("email_misspelt", "identifier-bad-email"),
        ("number_misspelt", "identifier-bad-number"),
        ("identifier_missing", "identifier-missing"),
    ],
)
def test_what_is_no_identifier_gets_its_own_help(event: str, words: str) -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    dialogue(event)
    assert (dialogue.state, dialogue.keys, dialogue.message.expects) == ("pay_bill.identifier", [words], "identifier")


def test_a_new_code_is_sent_on_request_and_the_old_one_is_said_to_be_dead() -> None:
    dialogue = at_code()
    dialogue("resend")
    assert dialogue.effect == SendCode(**EMAIL)
    dialogue("code_sent", wait_s=60, life_s=600)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.code", ["code-sent-again"])


def test_asking_too_soon_says_how_long_to_wait() -> None:
    dialogue = at_code()
    dialogue("resend")
    dialogue("code_refused", wait_s=25)
    assert (dialogue.state, dialogue.keys, dialogue.message.args) == (
        "pay_bill.code",
        ["code-wait"],
        {"wait": Wait(25)},
    )


def test_a_first_code_that_is_refused_leaves_room_for_another_identifier() -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    dialogue("identifier_typed", **EMAIL)
    dialogue("code_refused", wait_s=7200)
    assert (dialogue.state, dialogue.keys, dialogue.message.expects) == (
        "pay_bill.identifier",
        ["code-not-sent"],
        "identifier",
    )


def test_another_identifier_gets_its_own_code() -> None:
    dialogue = at_code()
    dialogue("other_identifier")
    assert dialogue.state == "pay_bill.identifier"
    dialogue("identifier_typed", **MOBILE)
    dialogue("code_sent", wait_s=30, life_s=600)
    assert dialogue.keys == ["code-sent-mobile"]


def test_another_identifier_may_be_typed_instead_of_the_code() -> None:
    dialogue = at_code()
    dialogue("identifier_typed", **MOBILE)
    assert dialogue.effect == SendCode(**MOBILE)


def test_the_digits_go_to_the_check_and_nowhere_else() -> None:
    dialogue = at_code()
    dialogue("code_typed", digits="123456")
    assert dialogue.effect == CheckCode("123456")
    assert "123456" not in repr(dialogue.facts)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("code_wrong", "code-wrong"),
        ("code_superseded", "code-superseded"),
        ("code_expired", "code-expired"),
        ("code_used_up", "code-used-up"),
    ],
)
def test_a_code_that_is_not_right_says_what_to_do(answer: str, words: str) -> None:
    dialogue = at_code()
    dialogue("code_typed", digits="123456")
    dialogue(answer)
    assert (dialogue.state, dialogue.keys, dialogue.message.expects) == ("pay_bill.code", [words], "code")
    assert "resend" in dialogue.choices
    assert not dialogue.message.args


def test_a_code_of_the_wrong_length_is_not_tried() -> None:
    dialogue = at_code()
    dialogue("code_misshapen")
    assert (dialogue.state, dialogue.keys) == ("pay_bill.code", ["code-misshapen"])


def test_after_a_while_a_fresh_code_comes_before_anything_is_said() -> None:
    dialogue = verified()
    dialogue("repeat")
    dialogue("not_verified", expired=True)
    assert (dialogue.state, dialogue.effect) == ("pay_bill.sending", SendCode(**EMAIL))
    dialogue("code_sent", wait_s=30, life_s=600)
    assert dialogue.keys == ["code-sent-again-after-a-while"]
    dialogue("code_typed", digits="123456")
    dialogue("code_right")
    dialogue("accounts", accounts=[HOME])
    assert dialogue("statement", **statement()) == "pay_bill.owes"


def test_after_a_while_the_account_that_was_open_is_opened_again() -> None:
    dialogue = verified()
    dialogue.facts["several"] = True
    dialogue("pay_all")
    dialogue("not_verified", expired=True)
    dialogue("code_sent", wait_s=30, life_s=600)
    dialogue("code_typed", digits="123456")
    dialogue("code_right")
    other = {**HOME, "id": "other", "number": "1009"}
    assert dialogue("accounts", accounts=[other, HOME]) == "pay_bill.reading"


def test_who_was_verified_under_an_identifier_that_is_not_known_here_is_asked_again() -> None:
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=True)
    assert (dialogue.state, dialogue.keys) == ("pay_bill.identifier", ["identifier-after-a-while"])


@pytest.mark.parametrize("event", ["start_over", "other_identifier"])
def test_starting_over_ends_the_verification(event: str) -> None:
    dialogue = verified()
    dialogue(event)
    assert dialogue.effect == EndVerification()
    assert "identifier" not in dialogue.facts
    assert "account" not in dialogue.facts


def test_signing_out_ends_the_verification_in_every_conversation_and_says_so() -> None:
    dialogue = verified()
    assert "sign_out" in dialogue.choices
    assert dialogue("sign_out") == "menu"
    assert dialogue.effect == EndVerification(everywhere=True)
    assert dialogue.keys == ["signed-out"]
    assert "account" not in dialogue.facts
