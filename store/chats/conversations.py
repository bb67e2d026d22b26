"""Sessions, conversations and their numbered messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from store.database import Row, Tx
from store.times import parse, stamp


class Conversation(Struct):
    """One conversation as a turn finds and leaves it.

    `state` and `facts` belong to the dialogue; `offered` are the choices [{id, label}] of its newest message;
    `held_by` is who answers: bot, queue, agent or closed; `contact` is who a right code proved the customer to be.
    """

    id: str
    session: str
    channel: str
    locale: str
    state: str
    facts: dict[str, Any]
    offered: list[dict[str, str]]
    held_by: str
    agent: str | None
    last_seq: int
    seen_seq: int
    preview: str
    contact: str | None
    verified_at: datetime | None
    active_at: datetime | None


class Message(Struct):
    """One numbered line of a conversation. `extra` holds choices, expects and card, where there are any."""

    seq: int
    author: str
    at: str
    text: str
    name: str | None = None
    extra: dict[str, Any] | None = None
    client_id: str | None = None


class ProcessedRequest(Struct, frozen=True):
    """A request that was taken before: the first seq of its turn, and the digest of what it said."""

    turn: int
    digest: str


MOST_IN_TURN = 100
"""More messages than any turn writes."""
MOST_UNREAD = 200
"""Among so many messages that nobody has read yet are the bot's counted, which is more than anybody wants to know."""

_COLUMNS = (
    "c.id, c.session, c.channel, c.locale, c.state, c.facts, c.offered, c.held_by, c.agent, c.last_seq, c.seen_seq, "
    "c.preview, c.contact, c.verified_at, c.active_at"
)
_WITH_TURN = f"""
select {_COLUMNS}, m.turn as taken_turn, m.digest as taken_digest
from conversations c left join messages m on m.conversation = c.id and m.client_id ="""
LOAD = f"{_WITH_TURN} :client_id where c.id = :id"
BEGUN = f"{_WITH_TURN} c.begun_by where c.session = :session and c.begun_by = :request"
_NEWEST_SAID = """
select * from messages where conversation = :conversation and author = 'customer' order by seq desc limit :most
"""


def load(
    tx: Tx, conversation: str, client_id: str | None = None
) -> tuple[Conversation | None, ProcessedRequest | None]:
    """Load a conversation, and the turn that already took the request `client_id`, in one look-up."""
    return _found(tx.all(LOAD, {"id": conversation, "client_id": client_id}))


def load_with_said(
    tx: Tx, conversation: str, client_id: str, most: int
) -> tuple[Conversation | None, ProcessedRequest | None, list[Message]]:
    """Load the same and, asked together with it, the newest messages that the customer wrote, in order."""
    found, said = tx.query_many(
        (LOAD, {"id": conversation, "client_id": client_id}),
        (_NEWEST_SAID, {"conversation": conversation, "most": most}),
    )
    return *_found(found), [_message(row) for row in reversed(said)]


def begun(tx: Tx, session: str, request: str) -> tuple[Conversation | None, ProcessedRequest | None]:
    """Load the conversation that a session's request began, and the turn that took it."""
    return _found(tx.all(BEGUN, {"session": session, "request": request}))


def start(tx: Tx, conversation: Conversation, now: datetime, request: str) -> None:
    """Write a new conversation that a request began, and its session where this is the session's first."""
    at = stamp(now)
    tx.execute(
        """insert into sessions (id, locale, created_at, seen_at) values (:id, :locale, :at, :at)
        on conflict (id) do update set seen_at = excluded.seen_at, locale = excluded.locale""",
        {"id": conversation.session, "locale": conversation.locale, "at": at},
    )
    tx.execute(
        """insert into conversations (id, session, channel, locale, state, facts, offered, held_by, agent, last_seq,
            seen_seq, preview, contact, verified_at, active_at, started_at, updated_at, begun_by)
        values (:id, :session, :channel, :locale, :state, :facts, :offered, :held_by, :agent, :last_seq,
            :seen_seq, :preview, :contact, :verified_at, :active_at, :at, :at, :request)""",
        {
            **_values(conversation, at),
            "session": conversation.session,
            "channel": conversation.channel,
            "request": request,
        },
    )


def save(tx: Tx, conversation: Conversation, now: datetime) -> None:
    """Write back what a turn changed. How far the customer has read is no turn's business; `mark_seen` notes it."""
    tx.execute(
        """update conversations set locale = :locale, state = :state, facts = :facts, offered = :offered,
            held_by = :held_by, agent = :agent, last_seq = :last_seq, preview = :preview,
            contact = :contact, verified_at = :verified_at, active_at = :active_at, updated_at = :at
        where id = :id""",
        _values(conversation, stamp(now)),
    )


def add_messages(
    tx: Tx, conversation: str, messages: Sequence[Message], client_id: str | None, digest: str | None
) -> None:
    """Write the messages of one turn; the first carries the request's id and digest."""
    turn = messages[0].seq
    tx.execute_many(
        """insert into messages (conversation, seq, turn, author, name, at, text, extra, client_id, digest)
        values (:conversation, :seq, :turn, :author, :name, :at, :text, :extra, :client_id, :digest)""",
        [
            {
                "conversation": conversation,
                "seq": message.seq,
                "turn": turn,
                "author": message.author,
                "name": message.name,
                "at": message.at,
                "text": message.text,
                "extra": None if message.extra is None else _dump(message.extra),
                "client_id": client_id if message.seq == turn else None,
                "digest": digest if message.seq == turn else None,
            }
            for message in messages
        ],
    )


def messages_of_turn(tx: Tx, conversation: str, turn: int) -> list[Message]:
    """Return what a turn said, in order."""
    return [
        _message(row)
        for row in tx.all(
            """select * from messages where conversation = :conversation and seq >= :turn and seq < :turn + :most
            and turn = :turn order by seq""",
            {"conversation": conversation, "turn": turn, "most": MOST_IN_TURN},
        )
    ]


def messages_after(tx: Tx, conversation: str, after: int, limit: int) -> list[Message]:
    """Return up to `limit` of the newest messages with a number above `after`, in order."""
    rows = tx.all(
        """select * from messages where conversation = :conversation and seq > :after
        order by seq desc limit :limit""",
        {"conversation": conversation, "after": after, "limit": limit},
    )
    return [_message(row) for row in reversed(rows)]


def of_session(tx: Tx, session: str, limit: int) -> list[Row]:
    """Return a session's newest conversations: id, held_by, preview, updated_at, unread, started_at."""
    return tx.all(
        """select id, held_by, state, preview, updated_at, started_at,
            (select count(*) from messages m
             where m.conversation = newest.id and m.seq > seen_seq and m.seq <= seen_seq + :most
             and m.author <> 'customer') as unread
        from (select * from conversations where session = :session order by updated_at desc limit :limit) as newest
        order by updated_at desc""",
        {"session": session, "limit": limit, "most": MOST_UNREAD},
    )


def mark_seen(tx: Tx, conversation: str, session: str, seq: int) -> bool:
    """Note how far the customer has read, never backwards; False if the session has no such conversation."""
    mine = tx.one(
        "select seen_seq, last_seq from conversations where id = :id and session = :session",
        {"id": conversation, "session": session},
    )
    if mine is None:
        return False
    seen = min(seq, mine["last_seq"])
    if seen > mine["seen_seq"]:
        tx.execute(
            "update conversations set seen_seq = :seen where id = :id and seen_seq < :seen",
            {"id": conversation, "seen": seen},
        )
    return True


def rewrite(tx: Tx, conversation: str, seq: int, text: str) -> None:
    """Put other words in the place of a message's."""
    tx.execute(
        "update messages set text = :text where conversation = :conversation and seq = :seq",
        {"text": text, "conversation": conversation, "seq": seq},
    )


def _found(rows: Sequence[Row]) -> tuple[Conversation | None, ProcessedRequest | None]:
    if not rows:
        return None, None
    [row] = rows
    return _conversation(row), None if row["taken_turn"] is None else ProcessedRequest(
        row["taken_turn"], row["taken_digest"]
    )


def _conversation(row: Row) -> Conversation:
    return Conversation(
        id=row["id"],
        session=row["session"],
        channel=row["channel"],
        locale=row["locale"],
        state=row["state"],
        facts=_read(row["facts"]),
        offered=_read(row["offered"]),
        held_by=row["held_by"],
        agent=row["agent"],
        last_seq=row["last_seq"],
        seen_seq=row["seen_seq"],
        preview=row["preview"],
        contact=row["contact"],
        verified_at=None if row["verified_at"] is None else parse(row["verified_at"]),
        active_at=None if row["active_at"] is None else parse(row["active_at"]),
    )


def _values(conversation: Conversation, at: str) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "locale": conversation.locale,
        "state": conversation.state,
        "facts": _dump(conversation.facts),
        "offered": _dump(conversation.offered),
        "held_by": conversation.held_by,
        "agent": conversation.agent,
        "last_seq": conversation.last_seq,
        "seen_seq": conversation.seen_seq,
        "preview": conversation.preview,
        "contact": conversation.contact,
        "verified_at": None if conversation.verified_at is None else stamp(conversation.verified_at),
        "active_at": None if conversation.active_at is None else stamp(conversation.active_at),
        "at": at,
    }


def _message(row: Row) -> Message:
    return Message(
        seq=row["seq"],
        author=row["author"],
        at=row["at"],
        text=row["text"],
        name=row["name"],
        extra=None if row["extra"] is None else _read(row["extra"]),
        client_id=row["client_id"],
    )


_read = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def _dump(value: object) -> str:
    return _encode(value).decode()
