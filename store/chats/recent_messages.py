"""What was said lately in the conversations of some sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from store.chats.conversations import Message, messages_after
from store.database import Tx
from store.times import stamp


class RecentMessages(NamedTuple):
    """A conversation in which something was said, and its newest messages in order."""

    session: str
    conversation: str
    messages: list[Message]


def recent_messages(tx: Tx, sessions: Sequence[str], since: datetime, most: int) -> list[RecentMessages]:
    """Return what was said since a time in these sessions' conversations: up to `most` messages of each."""
    names = [f"s{number}" for number in range(len(sessions))]
    rows = tx.all(
        f"""select id, session, last_seq from conversations
        where session in ({", ".join(f":{name}" for name in names)}) and updated_at > :since""",
        {**dict(zip(names, sessions, strict=True)), "since": stamp(since)},
    )
    return [
        RecentMessages(row["session"], row["id"], messages_after(tx, row["id"], max(0, row["last_seq"] - most), most))
        for row in rows
    ]
