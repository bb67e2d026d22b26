"""Other ways to pay: the company's own words, where no gateway is on and a link would lead nowhere."""

from flows.dialogues.prompts import PAYS_OTHERWISE, other_choices
from flows.effects import Effect, Say
from flows.rules import Step


def store_other_ways(step: Step) -> None:
    """Store in the facts whether customers pay in other ways than by a link, as the chatbot's event tells."""
    if "other_ways" in step.event.data:
        step.facts[PAYS_OTHERWISE] = True
    else:
        step.facts.pop(PAYS_OTHERWISE, None)


def pays_otherwise(step: Step) -> bool:
    """The event tells other ways to pay."""
    return "other_ways" in step.event.data


def show_without_link(step: Step, shown: Say) -> tuple[Effect, ...]:
    """Show a balance without its choices, then the other ways to pay with the choices that are left."""
    return Say(shown.key, shown.args, card=shown.card), _tell_ways(step)


def say_other_ways(step: Step) -> Effect:
    """Tell the other ways to pay, in answer to a request for a link."""
    store_other_ways(step)
    return _tell_ways(step)


def _tell_ways(step: Step) -> Say:
    ways, choices = step.event.data["other_ways"], other_choices(step.facts)
    return Say("other-ways", {"ways": ways}, choices) if ways else Say("other-ways-unknown", choices=choices)
