"""The panel recovers from wrong codes, reloads, lost connections, server crashes and blocked storage."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.end_to_end.browser import Panel, Visitor
from tests.end_to_end.configured_demo import ConfiguredDemo

pytestmark = pytest.mark.browser

NewVisitor = Callable[..., Visitor]
StartDemo = Callable[[dict[str, Any]], ConfiguredDemo]
OFFLINE = "We can’t reach the chat just now"


def wrong_code(code: str) -> str:
    """Return a code other than the right one."""
    return "000000" if code != "000000" else "111111"


def line_texts(lines: Locator) -> list[str]:
    return [re.sub(r"\s+", " ", text) for text in lines.all_inner_texts()]


def test_a_wrong_code_is_said_and_the_right_one_still_works(new_visitor: NewVisitor) -> None:
    panel = new_visitor().chat_alone().pay_my_bill()
    code = panel.identify("dd@example.com")
    panel.code_field.fill(wrong_code(code))
    expect(panel.text("That code isn’t right")).to_be_visible()
    expect(panel.code_field).to_be_focused()
    expect(panel.code_field).to_have_value("")
    assert code not in panel.inside.locator("body").inner_text()
    panel.code_field.fill(code)
    expect(panel.card("Direct debit")).to_be_visible()
    expect(panel.own.nth(2)).to_have_text("••••••")


def test_a_code_pasted_with_its_sentence_is_taken(new_visitor: NewVisitor) -> None:
    panel = new_visitor(permissions=["clipboard-read", "clipboard-write"]).chat_alone().pay_my_bill()
    code = panel.identify("dd@example.com")
    panel.page.evaluate("text => navigator.clipboard.writeText(text)", f"{code[:3]} {code[3:]}")
    panel.code_field.focus()
    panel.page.keyboard.press("Control+V")
    expect(panel.card("Direct debit")).to_be_visible()


def test_a_new_code_has_to_be_waited_for_and_another_email_may_be_used_at_once(new_visitor: NewVisitor) -> None:
    panel = new_visitor().chat_alone().pay_my_bill()
    panel.identify("clear@example.com")
    panel.choose("resend")
    expect(panel.text("Please wait")).to_be_visible()
    panel.choose("other_identifier")
    panel.code_field.wait_for(state="detached")
    panel.code_field.fill(panel.identify("dd@example.com"))
    expect(panel.card("Direct debit")).to_be_visible()


def test_somebody_starts_over_and_leaves_a_message_for_a_person(new_visitor: NewVisitor) -> None:
    panel = new_visitor().chat_alone().pay_my_bill()
    panel.say("start over")
    panel.choose("person")
    expect(panel.text("Leave a message")).to_be_visible()
    panel.say("Hello")
    expect(panel.text("I’ve added that")).to_be_visible()
    panel.say("My router hums")
    panel.choose("message_done")
    expect(panel.text("Where can we reply?")).to_be_visible()
    panel.say("maya@example.com")
    expect(panel.text("This is what the team will get")).to_be_visible()
    panel.choose("send_message")
    expect(panel.text("Your message is with the team")).to_be_visible()
    letter = panel.server.letter_saying("My router hums")
    assert letter["to"] == "team@northwind.example"
    assert "maya@example.com" in letter["text"]


def test_a_conversation_goes_on_after_a_reload(new_visitor: NewVisitor) -> None:
    panel = new_visitor().chat()
    panel.pay_my_bill()
    code = panel.identify("dd@example.com")
    before = line_texts(panel.lines)
    panel.page.reload()
    panel.open()
    panel.inside.locator("button.row", has_text="Pay my bill").click()
    expect(panel.code_field).to_be_visible()
    assert line_texts(panel.lines) == before
    panel.code_field.fill(code)
    expect(panel.card("Direct debit")).to_be_visible()


def test_what_is_said_offline_is_shown_as_sending_then_failed_and_is_sent_once(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.context.clock.install()
    panel = visitor.chat_alone()
    panel.inside.get_by_role("button", name="Talk to a person").click()
    expect(panel.text("Leave a message")).to_be_visible()
    visitor.context.set_offline(True)
    panel.say("First, said offline")
    expect(panel.inside.get_by_text("Sending", exact=True)).to_be_visible()
    visitor.context.clock.run_for(5_000)
    expect(panel.inside.locator(".offline")).to_contain_text(OFFLINE)
    visitor.context.clock.run_for(25_000)
    failed = panel.inside.get_by_role("button", name="Not sent. Try again")
    expect(failed).to_be_visible()
    visitor.context.set_offline(False)
    visitor.context.clock.run_for(6_000)
    expect(panel.inside.locator(".offline")).to_have_count(0)
    expect(panel.inside.get_by_role("status")).to_have_text("You’re connected again.")
    failed.click()
    expect(panel.text("I’ve added that")).to_be_visible()
    expect(panel.own.filter(has_text="First, said offline")).to_have_count(1)
    expect(failed).to_have_count(0)


def test_two_tabs_stay_in_step_and_a_tab_that_was_offline_catches_up(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    one = visitor.chat_alone().pay_my_bill()
    two = visitor.chat_alone()
    two.inside.locator("button.row", has_text="Pay my bill").click()
    expect(two.text("please type the email or mobile number")).to_be_visible()
    one.say("nonsense")
    expect(two.text("I couldn’t see an email or mobile number")).to_be_visible()
    expect(two.own.last).to_have_text("nonsense")
    code = two.identify("dd@example.com")
    expect(one.code_field).to_be_visible()
    visitor.context.set_offline(True)
    two.page.close()
    expect(one.inside.locator(".offline")).to_be_visible()
    visitor.context.set_offline(False)
    three = visitor.chat_alone()
    three.inside.locator("button.row", has_text="Pay my bill").click()
    three.code_field.fill(code)
    expect(one.card("Direct debit")).to_be_visible()
    expect(one.inside.locator(".offline")).to_have_count(0)
    expect(three.card("Direct debit")).to_be_visible()
    assert line_texts(one.lines) == line_texts(three.lines)


def test_a_server_that_is_killed_and_comes_back_loses_and_doubles_nothing(
    new_visitor: NewVisitor, start_demo: StartDemo
) -> None:
    server = start_demo({})
    panel = new_visitor(server).chat_alone().pay_my_bill()
    code = panel.identify("owes@example.com")
    said = panel.lines.count()
    server.kill()
    expect(panel.inside.locator(".offline")).to_be_visible()
    panel.code_field.fill(code)
    expect(panel.inside.get_by_text("Sending", exact=True)).to_be_visible()
    server.start()
    expect(panel.card("To pay")).to_be_visible()
    expect(panel.inside.locator(".offline")).to_have_count(0)
    expect(panel.own).to_have_count(2)
    told = line_texts(panel.lines)
    assert len(told) > said
    again = Panel(panel.page, panel.page, server)
    panel.page.reload()
    again.inside.locator("button.row", has_text="Pay my bill").click()
    expect(again.card("To pay")).to_be_visible()
    assert line_texts(again.lines) == told


def test_a_browser_that_blocks_storage_can_pay_all_the_same(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    panel = visitor.chat()
    panel.verify("dd@example.com")
    expect(panel.card("Direct debit")).to_be_visible()
