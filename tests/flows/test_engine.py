"""The dialogue under whatever happens: it never raises, never changes what it was given, and always comes to rest."""

import copy
import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.effects import PAY_URL, Effect, Say
from flows.engine import START, advance
from flows.events import Event
from flows.states import PROMPTING, STATES, WAITING
from flows.wording.words import Words
from tests.flows.answers import ANSWERED, HAPPENINGS, WAITS_FOR
from tests.flows.talk import Talk, at_code, paying, verified

WORDS = Words()
ADDRESS = "https://chat.example.com/pay/" + "x" * 43
SMS = 320
EXPECTED = {"identifier", "code", "amount", "text", None}
WAYS_OUT = {"person", "menu", "back"}


def test_an_unknown_event_gets_the_question_again() -> None:
    outcome = advance("pay_bill.code", {}, Event("danced"))
    assert [effect.key for effect in outcome.effects if isinstance(effect, Say)] == ["not-understood", "code"]
    assert outcome.state == "pay_bill.code"


def test_an_event_that_means_nothing_here_gets_the_question_again() -> None:
    outcome = advance("menu", {}, Event("code_right"))
    assert [effect.key for effect in outcome.effects if isinstance(effect, Say)] == ["not-understood", "menu"]


def test_a_state_of_an_older_version_begins_at_the_menu() -> None:
    assert advance("pay_bill.forgotten", {"old": 1}, Event("help")).state == "menu"


@pytest.mark.parametrize("state", WAITING)
def test_nothing_said_leaves_a_customer_in_a_passing_state(state: str) -> None:
    for event in ("help", "repeat", "back", "card_typed", "danced", "greeting"):
        assert advance(state, {}, Event(event)).state in PROMPTING


def test_help_fits_the_question() -> None:
    talk = at_code()
    talk("help")
    assert talk.said == ["help-code", "code"]


def test_start_over_forgets_the_customer_but_not_the_country() -> None:
    talk = verified()
    talk("start_over")
    assert (talk.state, talk.facts) == ("menu", {"region": "GB", "countries": ["GB"]})


@pytest.mark.parametrize("talk", [Talk(), at_code(), paying()], ids=lambda talk: talk.state)
def test_small_talk_keeps_the_place(talk: Talk) -> None:
    state = talk.state
    for event in ("thanks", "greeting", "out_of_scope", "stale_choice", "card_typed"):
        assert talk(event) == state
        assert talk.choices


def frozen(facts: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(facts)


def check_said(effects: tuple[Effect, ...]) -> None:
    """What is said reads well in every language, fits a text message, and leaves a way out."""
    said = [effect for effect in effects if isinstance(effect, Say)]
    for say in said:
        for locale in WORDS.locales:
            rendered = WORDS.render(say, locale)
            assert len(rendered.text.replace(PAY_URL, ADDRESS)) <= SMS, rendered.text
            assert "$" not in "".join([rendered.text, *(choice["label"] for choice in rendered.choices)])
            assert all(choice["label"] for choice in rendered.choices)
        assert say.expects in EXPECTED
        assert len({choice.id for choice in say.choices}) == len(say.choices)
    if said:
        assert WAYS_OUT & {choice.id for choice in said[-1].choices}, said[-1].key


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_happens_the_dialogue_comes_to_rest(data: st.DataObject) -> None:
    state, facts = START, {"region": "GB", "countries": ["GB"]}
    for name, details in data.draw(st.lists(st.sampled_from(HAPPENINGS), max_size=25)):
        events = [Event(name, details)]
        for _ in range(20):
            if not events:
                break
            before = copy.deepcopy(facts)
            outcome = advance(state, frozen(facts), events.pop(0))
            assert facts == before
            check_said(outcome.effects)
            state, facts = outcome.state, json.loads(json.dumps(outcome.facts))
            asked = [ANSWERED[type(effect)] for effect in outcome.effects if type(effect) in ANSWERED]
            events += [Event(*data.draw(st.sampled_from(answers))) for answers in asked]
            if state in WAITING:
                assert WAITS_FOR[state] in {type(effect) for effect in outcome.effects}
        assert state in PROMPTING


@given(st.sampled_from(STATES), st.sampled_from(["help", "person", "menu", "start_over", "out_of_scope", "card_typed"]))
def test_what_is_understood_anywhere_needs_no_facts(state: str, event: str) -> None:
    assert advance(state, {}, Event(event)).effects
