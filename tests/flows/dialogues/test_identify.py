import pytest

from flows.effects import CheckCode, FindAccounts, SendCode, Wait
from tests.flows.talk import EMAIL, HOME, MOBILE, Talk, at_code, statement, verified


def test_the_menu_offers_to_pay_and_a_person() -> None:
    talk = Talk()
    assert (talk.state, talk.said, talk.choices) == ("menu", ["welcome"], ["pay_bill", "person"])


def test_the_pay_button_leads_straight_to_the_bill() -> None:
    talk = Talk(action="pay_bill")
    assert (talk.state, talk.asked) == ("pay_bill.finding", FindAccounts())


def test_the_person_button_leads_straight_to_the_team() -> None:
    talk = Talk(action="person")
    assert (talk.state, talk.said) == ("person.message", ["person-away"])


def test_an_unknown_action_gets_the_menu() -> None:
    assert Talk(action="dance").said == ["welcome"]


def test_a_verified_customer_is_not_asked_who_they_are() -> None:
    talk = Talk(action="pay_bill")
    talk("accounts", accounts=[HOME])
    assert talk("statement", **statement()) == "pay_bill.owes"


def test_somebody_unknown_is_asked_for_an_email_or_mobile() -> None:
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    assert (talk.state, talk.last.expects) == ("pay_bill.identifier", "identifier")


def test_where_no_texts_are_sent_only_an_email_is_asked_for() -> None:
    talk = Talk(action="pay_bill", countries=[])
    talk("not_verified", expired=False)
    assert talk.said == ["identifier-email-only"]


@pytest.mark.parametrize(("identifier", "words"), [(EMAIL, "code-sent-email"), (MOBILE, "code-sent-mobile")])
def test_a_code_goes_to_what_was_typed(identifier: dict[str, str], words: str) -> None:
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    talk("identifier_typed", **identifier)
    assert talk.asked == SendCode(**identifier)
    talk("code_sent", wait_s=30, life_s=600)
    assert (talk.state, talk.said, talk.last.expects) == ("pay_bill.code", [words], "code")
    assert talk.choices == ["resend", "other_identifier", "person"]


def test_an_email_typed_at_the_menu_is_enough() -> None:
    talk = Talk()
    talk("identifier_typed", **EMAIL)
    assert talk.asked == SendCode(**EMAIL)


def test_of_two_identifiers_the_customer_says_which() -> None:
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    talk("identifiers_typed", options=[EMAIL, MOBILE])
    assert (talk.state, talk.choices[:2]) == ("pay_bill.which", ["identifier:0", "identifier:1"])
    talk("choose_identifier", identifier="1")
    assert talk.asked == SendCode(**MOBILE)


@pytest.mark.parametrize("number", ["2", "-1", "x", ""])
def test_only_a_candidate_can_be_chosen(number: str) -> None:
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    talk("identifiers_typed", options=[EMAIL, MOBILE])
    assert talk("choose_identifier", identifier=number) == "pay_bill.which"


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
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    talk(event)
    assert (talk.state, talk.said, talk.last.expects) == ("pay_bill.identifier", [words], "identifier")


def test_a_new_code_is_sent_on_request_and_the_old_one_is_said_to_be_dead() -> None:
    talk = at_code()
    talk("resend")
    assert talk.asked == SendCode(**EMAIL)
    talk("code_sent", wait_s=60, life_s=600)
    assert (talk.state, talk.said) == ("pay_bill.code", ["code-sent-again"])


def test_asking_too_soon_says_how_long_to_wait() -> None:
    talk = at_code()
    talk("resend")
    talk("code_refused", wait_s=25)
    assert (talk.state, talk.said, talk.last.args) == ("pay_bill.code", ["code-wait"], {"wait": Wait(25)})


def test_a_first_code_that_is_refused_leaves_room_for_another_identifier() -> None:
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    talk("identifier_typed", **EMAIL)
    talk("code_refused", wait_s=7200)
    assert (talk.state, talk.said, talk.last.expects) == ("pay_bill.identifier", ["code-not-sent"], "identifier")


def test_another_identifier_gets_its_own_code() -> None:
    talk = at_code()
    talk("other_identifier")
    assert talk.state == "pay_bill.identifier"
    talk("identifier_typed", **MOBILE)
    talk("code_sent", wait_s=30, life_s=600)
    assert talk.said == ["code-sent-mobile"]


def test_another_identifier_may_be_typed_instead_of_the_code() -> None:
    talk = at_code()
    talk("identifier_typed", **MOBILE)
    assert talk.asked == SendCode(**MOBILE)


def test_the_digits_go_to_the_check_and_nowhere_else() -> None:
    talk = at_code()
    talk("code_typed", digits="123456")
    assert talk.asked == CheckCode("123456")
    assert "123456" not in repr(talk.facts)


@pytest.mark.parametrize(
    ("answer", "words"),
    [("code_wrong", "code-wrong"), ("code_expired", "code-expired"), ("code_used_up", "code-used-up")],
)
def test_a_code_that_is_not_right_says_what_to_do(answer: str, words: str) -> None:
    talk = at_code()
    talk("code_typed", digits="123456")
    talk(answer)
    assert (talk.state, talk.said, talk.last.expects) == ("pay_bill.code", [words], "code")
    assert "resend" in talk.choices
    assert not talk.last.args


def test_a_code_of_the_wrong_length_is_not_tried() -> None:
    talk = at_code()
    talk("code_misshapen")
    assert (talk.state, talk.said) == ("pay_bill.code", ["code-misshapen"])


def test_after_a_while_a_fresh_code_comes_before_anything_is_said() -> None:
    talk = verified()
    talk("repeat")
    talk("not_verified", expired=True)
    assert (talk.state, talk.asked) == ("pay_bill.sending", SendCode(**EMAIL))
    talk("code_sent", wait_s=30, life_s=600)
    assert talk.said == ["code-sent-again-after-a-while"]
    talk("code_typed", digits="123456")
    talk("code_right")
    talk("accounts", accounts=[HOME])
    assert talk("statement", **statement()) == "pay_bill.owes"


def test_after_a_while_the_account_that_was_open_is_opened_again() -> None:
    talk = verified()
    talk.facts["several"] = True
    talk("pay_all")
    talk("not_verified", expired=True)
    talk("code_sent", wait_s=30, life_s=600)
    talk("code_typed", digits="123456")
    talk("code_right")
    other = {**HOME, "id": "other", "number": "1009"}
    assert talk("accounts", accounts=[other, HOME]) == "pay_bill.reading"


def test_who_was_verified_under_an_identifier_that_is_not_known_here_is_asked_again() -> None:
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=True)
    assert (talk.state, talk.said) == ("pay_bill.identifier", ["identifier-after-a-while"])
