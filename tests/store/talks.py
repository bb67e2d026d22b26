"""Conversations written straight into a database, without a dialogue."""

from datetime import datetime

from store.chats import conversations
from store.chats.conversations import Conversation, Message
from store.database import Tx
from store.ids import new_id


def begin(tx: Tx, began: datetime, *, messages: int = 1, name: str | None = None, session: str | None = None) -> str:
    """Start a conversation with messages of the bot and the customer by turns; returns its id."""
    begun = Conversation(
        id=name or new_id(),
        session=session or f"session {new_id()}",
        channel="web",
        locale="en",
        state="menu",
        facts={},
        offered=[],
        held_by="bot",
        agent=None,
        last_seq=messages,
        seen_seq=0,
        preview="Hello",
        contact=None,
        verified_at=None,
        active_at=None,
    )
    conversations.start(tx, begun, began, request=f"request {new_id()}")
    said = [Message(seq, ("customer", "bot")[seq % 2], "", "Hello") for seq in range(1, messages + 1)]
    conversations.add_messages(tx, begun.id, said, None, None)
    return begun.id
