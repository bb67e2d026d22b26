"""The newest messages of several sessions, for devices that missed them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from store.chats.conversations import ACCESS, WITH_PROOF, ConversationAccess, Message, messages_after
from store.database import Tx
from store.records import record
from store.times import stamp


class RecentMessages(NamedTuple):
    """The newest messages of a conversation, in order."""

    session: str
    conversation: str
    messages: list[Message]
    access: ConversationAccess


def recent_messages(tx: Tx, sessions: Sequence[str], since: datetime, limit: int) -> list[RecentMessages]:
    """Return the conversations of these sessions with a turn since a time, and up to `limit` messages of each."""
    names = [f"s{number}" for number in range(len(sessions))]
    rows = tx.all(
        f"""select c.id, c.session, c.last_seq, {ACCESS} from {WITH_PROOF}
        where c.session in ({", ".join(f":{name}" for name in names)}) and c.updated_at > :since""",
        {**dict(zip(names, sessions, strict=True)), "since": stamp(since)},
    )
    return [
        RecentMessages(
            row["session"],
            row["id"],
            messages_after(tx, row["id"], max(0, row["last_seq"] - limit), limit),
            record(row, ConversationAccess),
        )
        for row in rows
    ]
