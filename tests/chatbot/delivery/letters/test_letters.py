"""The table of the kinds of letters."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from chatbot.config.settings import LanguageSettings
from chatbot.delivery import letters
from chatbot.delivery.letter import EmailContent, LetterKind, OutgoingMessage, email_message
from chatbot.delivery.letters import LETTERS
from store import Tx
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from tests.chatbot.delivery.letters.rendering import code_letter, queue_and_render
from tests.clock import FakeClock
from tests.dispatching import KNOWN, FakeSender, dispatching, states_are
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until


async def test_a_row_of_an_unknown_kind_cannot_be_rendered(billchat: ServiceFixture) -> None:
    with pytest.raises(LookupError):
        await queue_and_render(billchat, "poem", {})


async def test_a_company_may_override_the_texts_of_its_letters(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en.ftl").write_text("letter-code-subject = Hello from\n  { $brand }\n", encoding="utf-8")
    billchat = await ServiceFixture.open(tmp_path, clock, languages=LanguageSettings(overrides=tmp_path / "words"))
    letter, _ = await code_letter(billchat, "owes@example.com")
    assert letter.subject == "Hello from Northwind Broadband"
    await billchat.close()


class ReminderLetter(LetterKind):
    """A kind of letter that only this test knows."""

    def render(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage:
        due = EmailContent("A reminder", f"Due on {row.args['due']}", "<p>A reminder</p>")
        return email_message(row, due)

    def superseded(self, tx: Tx, rows: Sequence[ClaimedMessage]) -> set[str]:
        return {row.id for row in rows if row.args["due"] == "paid meanwhile"}


async def test_a_new_kind_of_letter_needs_a_class_and_a_line_in_the_table(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LETTERS, "reminder", ReminderLetter)  # type: ignore[arg-type]
    now, sender = billchat.clock.now(), FakeSender()
    for due in ("1 December", "paid meanwhile"):
        await billchat.service.database.write(
            lambda tx, due=due: outbox.queue(  # type: ignore[misc]
                tx, channel="email", recipient=KNOWN, kind="reminder", locale="en", args={"due": due}, now=now
            )
        )
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "sent", "dropped"))
    assert [message.text for message in sender.messages] == ["Due on 1 December"]


def test_no_file_of_delivery_but_the_table_names_a_kind_of_letter() -> None:
    folder = Path(letters.__file__).parents[1]
    table = Path(letters.__file__)
    naming = {
        path.name
        for path in folder.rglob("*.py")
        if path != table and any(f'"{kind}"' in path.read_text("utf-8") for kind in LETTERS)
    }
    assert naming == set()
