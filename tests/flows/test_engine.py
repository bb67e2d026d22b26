"""The engine under any sequence of events: no exception, no change to its input, a prompt at the end."""

import copy
import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.effects import PAY_URL, Effect, Say
from flows.engine import START, advance
from flows.events import Event
from flows.states import PROMPTING, STATES, WAITING
from flows.wording.words import Words
from tests.flows.dialogue import Dialogue, at_code, paying, verified
from tests.flows.sample_events import AWAITED_EFFECTS, SAMPLE_ANSWERS, SAMPLE_EVENTS

WORDS = Words()
ADDRESS = "https://chat.example.com/pay/" + "x" * 43
SMS = 320
EXPECTED = {"identifier", "code", "amount", "text", None}
WAYS_OUT = {"person", "menu", "back", "discard_message"}


def test_an_unknown_event_gets_the_question_again() -> None:
    decision = advance("pay_bill.code", {}, Event("danced"))
    assert [effect.key for effect in decision.effects if isinstance(effect, Say)] == ["not-understood", "code"]
    assert decision.state == "pay_bill.code"


def test_an_event_that_means_nothing_here_gets_the_question_again() -> None:
    decision = advance("menu", {}, Event("code_right"))
    assert [effect.key for effect in decision.effects if isinstance(effect, Say)] == ["not-understood", "menu"]


def test_a_state_of_an_older_version_begins_at_the_menu() -> None:
    assert advance("pay_bill.forgotten", {"old": 1}, Event("help")).state == "menu"


@pytest.mark.parametrize("state", WAITING)
def test_nothing_said_leaves_a_customer_in_a_waiting_state(state: str) -> None:
    for event in ("help", "repeat", "back", "card_typed", "danced", "greeting"):
        assert advance(state, {}, Event(event)).state in PROMPTING


def test_help_fits_the_question() -> None:
    dialogue = at_code()
    dialogue("help")
    assert dialogue.keys == ["help-code", "code"]


def test_start_over_forgets_the_customer_but_not_the_country() -> None:
    dialogue = verified()
    dialogue("start_over")
    assert (dialogue.state, dialogue.facts) == ("menu", {"region": "GB", "countries": ["GB"]})


@pytest.mark.parametrize("dialogue", [Dialogue(), at_code(), paying()], ids=lambda dialogue: dialogue.state)
def test_small_talk_keeps_the_place(dialogue: Dialogue) -> None:
    state = dialogue.state
    for event in ("thanks", "greeting", "out_of_scope", "stale_choice", "card_typed"):
        assert dialogue(event) == state
        assert dialogue.choices


def frozen(facts: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(facts)


def check_messages(effects: tuple[Effect, ...]) -> None:
    """Every message can be rendered in every language, fits a text message, and leaves a way out."""
    said = [effect for effect in effects if isinstance(effect, Say)]
    for say in said:
        for locale in WORDS.locales:
            rendered = WORDS.render(say, locale)
            written = len(say.args.get("message", ""))  # by the customer, and as long as they wrote it
            assert len(rendered.text.replace(PAY_URL, ADDRESS)) - written <= SMS, rendered.text
            assert "$" not in "".join([rendered.text, *(choice["label"] for choice in rendered.choices)])
            assert all(choice["label"] for choice in rendered.choices)
        assert say.expects in EXPECTED
        assert len({choice.id for choice in say.choices}) == len(say.choices)
    if effects and isinstance(effects[-1], Say):
        assert WAYS_OUT & {choice.id for choice in said[-1].choices}, said[-1].key


@given(st.data())
def test_any_sequence_of_events_ends_with_a_prompt(data: st.DataObject) -> None:
    state, facts = START, {"region": "GB", "countries": ["GB"]}
    for name, details in data.draw(st.lists(st.sampled_from(SAMPLE_EVENTS), max_size=25)):
        events = [Event(name, details)]
        for _ in range(20):
            if not events:
                break
            before = copy.deepcopy(facts)
            decision = advance(state, frozen(facts), events.pop(0))
            assert facts == before
            check_messages(decision.effects)
            state, facts = decision.state, json.loads(json.dumps(decision.facts))
            asked = [SAMPLE_ANSWERS[type(effect)] for effect in decision.effects if type(effect) in SAMPLE_ANSWERS]
            events += [Event(*data.draw(st.sampled_from(answers))) for answers in asked]
            if state in WAITING:
                assert AWAITED_EFFECTS[state] in {type(effect) for effect in decision.effects}
        assert state in PROMPTING


@given(st.sampled_from(STATES), st.sampled_from(["help", "person", "menu", "start_over", "out_of_scope", "card_typed"]))
def test_global_events_need_no_facts(state: str, event: str) -> None:
    assert advance(state, {}, Event(event)).effects
