"""The email with a customer's message to the team."""

from tests.chatbot.delivery.letters.rendering import RenderedHtml, claim_all, queue_and_render
from tests.service_fixture import ServiceFixture


async def test_the_team_gets_the_text_as_written_and_the_address_to_answer_to(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    text = "My bill is <b>wrong</b>\n<script>alert(1)</script>\x00\u202e"
    letter = await queue_and_render(
        billchat,
        "message_for_team",
        {"conversation": visitor.conversation, "text": text, "reply_to": {"kind": "email", "value": "ana@example.com"}},
    )
    assert letter is not None
    assert letter.html is not None
    assert letter.reply_to == "ana@example.com"
    assert "> My bill is <b>wrong</b>\n> <script>alert(1)</script>\n" in letter.text
    page = RenderedHtml(letter.html)
    assert "<script>alert(1)</script>" in page.text
    assert not {"b", "script"} & page.elements
    for part in ("ana@example.com", visitor.conversation, "have not proved who they are"):
        assert part in letter.text
        assert part in page.text


async def test_spaces_joiners_line_breaks_and_scripts_reach_the_team_as_typed(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    text = "10\u00a0000\u202f€  for 👩\u200d👧\n\n  می\u200cخواهم שלום\u200f 🏴\U000e0067\U000e007f 🫩"
    args = {"conversation": visitor.conversation, "text": text, "reply_to": None}
    letter = await queue_and_render(billchat, "message_for_team", args)
    assert letter is not None
    assert letter.html is not None
    assert "\n".join(f"> {line}" for line in text.split("\n")) in letter.text
    assert text in RenderedHtml(letter.html).text


async def test_the_team_gets_the_name_that_a_code_proved(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.verify("owes@example.com")
    await claim_all(billchat)
    args = {
        "conversation": visitor.conversation,
        "text": "Hello",
        "reply_to": {"kind": "mobile", "value": "+447700900001"},
    }
    letter = await queue_and_render(billchat, "message_for_team", args)
    assert letter is not None
    assert letter.reply_to is None
    assert "+447700900001" in letter.text
    [contact] = await billchat.rows(
        "select name from contacts k join conversations c on c.contact = k.id where c.id = :id", id=visitor.conversation
    )
    assert contact["name"] in letter.text


async def test_a_message_without_an_address_to_answer_to_says_so(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    letter = await queue_and_render(
        billchat, "message_for_team", {"conversation": visitor.conversation, "text": "Hello", "reply_to": None}
    )
    assert letter is not None
    assert letter.reply_to is None
    assert "did not say how to reach them" in letter.text
