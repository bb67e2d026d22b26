import json
import os
from collections import Counter
from pathlib import Path

import pytest

from flows.understanding.intents import command, intents, topics
from flows.understanding.understand import understand

MENU = [{"id": "pay_bill", "label": "Pay my bill"}, {"id": "person", "label": "Talk to a person"}]


def at_menu(text: str) -> str:
    return understand(text, text, "menu", {"region": "GB", "countries": ["GB"]}, MENU).name


def test_polite_words_do_not_change_a_command() -> None:
    assert command(["could", "you", "go", "back", "please"]) == command(["go", "back"]) == "back"


def test_phrases_and_mistyped_words_have_topics() -> None:
    assert topics(["send", "a", "message", "about", "my", "invioce"]) >= {"LEAVE_MESSAGE", "BILL"}


def test_the_likeliest_intent_comes_first() -> None:
    assert next(intents(["i", "want", "to", "pay", "my", "bill"])) == "pay_bill"
    assert list(intents(["xyzzy"])) == []


INTENTS = os.environ.get("BILLCHAT_INTENTS")
ACCEPTED = {
    "human": {"person"},
    "payment_problem": {"person"},
    "pay_bill": {"pay_bill"},
    "balance": {"see_balance", "pay_bill"},
    "due_date": {"see_balance", "pay_bill"},
    "invoices": {"see_balance", "pay_bill"},
    "cancel": {"menu", "start_over"},
    "yes": {"not_understood", "out_of_scope"},  # at the menu nothing was proposed
    "no": {"not_understood", "out_of_scope"},
    "out_of_scope": {"out_of_scope", "not_understood"},
}


@pytest.mark.skipif(INTENTS is None, reason="BILLCHAT_INTENTS names no file of sentences with their intents")
def test_what_people_really_type_is_understood() -> None:
    lines = [json.loads(line) for line in Path(INTENTS or "").read_text("utf-8").splitlines()]
    right = Counter(
        line["intent"] for line in lines if at_menu(line["text"]) in ACCEPTED.get(line["intent"], {line["intent"]})
    )
    for intent, total in Counter(line["intent"] for line in lines).items():
        assert right[intent] >= 0.85 * total, (intent, right[intent], total)
    assert right.total() >= 0.95 * len(lines)
