"""Sessions, conversations and their numbered messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from store.chats.codes import ISSUED, IssuedCode
from store.chats.sessions import BROWSER, TIMES, SessionTimes
from store.chats.text_lines import with_line_replaced
from store.database import Row, Tx
from store.records import reader, records, writer
from store.times import stamp


class Conversation(Struct):
    """A conversation, loaded by a turn, changed by it and saved again.

    `state` and `facts` belong to the dialogue; `offered` holds the choices [{id, label}] of the newest message;
    `held_by` is bot, queue, agent or closed; `contact` is the customer that a right code proved, sent to the email or
    mobile in `verified_kind` and `verified_value`. Loading returns no contact once the books give that identifier to
    nobody or to somebody else, or after the browser was signed out.

    Messages up to `private_seq` are `private_to` a customer, those up to `private_after` to earlier ones. The fields
    that begin with `session_` are the session's and not saved.
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
    verified_kind: str | None = None
    verified_value: str | None = None
    private_to: str | None = None
    private_after: int = 0
    private_seq: int = 0
    session_created_at: datetime | None = None
    session_seen_at: datetime | None = None
    session_replaces: str | None = None
    session_request: str | None = None
    session_browser: str | None = None


class ConversationAccess(Struct, frozen=True):
    """The fields of a conversation that decide which of its messages may be read."""

    locale: str
    contact: str | None
    verified_at: datetime | None
    active_at: datetime | None
    private_to: str | None
    private_after: int
    private_seq: int


class Message(Struct):
    """A numbered message of a conversation. `extra` holds its choices, expects and card."""

    seq: int
    author: str
    at: str
    text: str
    name: str | None = None
    extra: dict[str, Any] | None = None
    client_id: str | None = None


class ProcessedRequest(Struct, frozen=True):
    """A request that a turn has processed: the first seq of the turn, and the digest of the request's body."""

    turn: int
    digest: str


class RecentText(Struct, frozen=True):
    """A text that the customer typed before, as it is stored."""

    seq: int
    text: str


class RecentInput(Struct, frozen=True):
    """The customer's newest texts, oldest first, and the conversation's newest codes, newest first."""

    texts: Sequence[RecentText] = ()
    issued: Sequence[IssuedCode] = ()


_read_conversation, _conversation_params = reader(Conversation), writer(Conversation)
_message_params, _read_times = writer(Message), reader(SessionTimes)

MAX_IN_TURN = 100
"""Above the number of messages that any turn writes."""
MAX_UNREAD = 200
"""Unread messages are counted among the next 200 rows."""

_COLUMNS = (
    "c.id, c.session, c.channel, c.locale, c.state, c.facts, c.offered, c.held_by, c.agent, c.last_seq, c.seen_seq, "
    "c.preview, i.contact, c.verified_at, c.active_at, c.verified_kind, c.verified_value, "
    "c.private_to, c.private_after, c.private_seq, s.created_at as session_created_at, s.seen_at as session_seen_at, "
    f"s.replaces as session_replaces, s.request as session_request, {BROWSER} as session_browser"
)
ACCESS = "c.locale, i.contact, c.verified_at, c.active_at, c.private_to, c.private_after, c.private_seq"
WITH_PROOF = """conversations c join sessions s on s.id = c.session
left join identifiers i on i.kind = c.verified_kind and i.value = c.verified_value and i.contact = c.contact
and c.verified_at > coalesce(s.signed_out_at, '')"""
_WITH_REQUEST = f"""
select {_COLUMNS}, m.turn as processed_turn, m.digest as processed_digest
from {WITH_PROOF} left join messages m on m.conversation = c.id and m.client_id ="""
LOAD = f"{_WITH_REQUEST} :client_id where c.id = :id"
LOAD_STARTED = f"{_WITH_REQUEST} c.begun_by where c.session = :session and c.begun_by = :request"
_NEWEST_OF_CUSTOMER = """
select seq, text from messages where conversation = :conversation and author = 'customer' order by seq desc limit :limit
"""


def load(
    tx: Tx, conversation: str, client_id: str | None = None
) -> tuple[Conversation | None, ProcessedRequest | None]:
    """Load a conversation and, with the same query, the turn that already processed the request `client_id`."""
    return _loaded(tx.all(LOAD, {"id": conversation, "client_id": client_id}))


def load_with_recent(
    tx: Tx, conversation: str, client_id: str, limit: int
) -> tuple[Conversation | None, ProcessedRequest | None, RecentInput]:
    """Load the same and, in the same round trip, the customer's newest texts and the conversation's newest codes."""
    rows, texts, issued = tx.query_many(
        (LOAD, {"id": conversation, "client_id": client_id}),
        (_NEWEST_OF_CUSTOMER, {"conversation": conversation, "limit": limit}),
        (ISSUED, {"conversation": conversation}),
    )
    return *_loaded(rows), RecentInput(records(reversed(texts), RecentText), records(issued, IssuedCode))


def load_started(tx: Tx, session: str, request: str) -> tuple[Conversation | None, ProcessedRequest | None]:
    """Load the conversation that a session's request started, and the turn that processed the request."""
    return _loaded(tx.all(LOAD_STARTED, {"session": session, "request": request}))


def load_to_start(
    tx: Tx, session: str, request: str
) -> tuple[Conversation | None, ProcessedRequest | None, SessionTimes | None]:
    """Load the same and, in the same round trip, the session's times."""
    rows, times = tx.query_many((LOAD_STARTED, {"session": session, "request": request}), (TIMES, {"id": session}))
    return *_loaded(rows), _read_times(times[0]) if times else None


def start(tx: Tx, conversation: Conversation, now: datetime, request: str) -> None:
    """Write a new conversation, the request that started it, and its session if that is new."""
    at = stamp(now)
    tx.execute(
        """insert into sessions (id, locale, created_at, seen_at, browser) values (:id, :locale, :at, :at, :browser)
        on conflict (id) do update set seen_at = excluded.seen_at, locale = excluded.locale""",
        {
            "id": conversation.session,
            "locale": conversation.locale,
            "at": at,
            "browser": conversation.session_browser,
        },
    )
    tx.execute(
        """insert into conversations (id, session, channel, locale, state, facts, offered, held_by, agent, last_seq,
            seen_seq, preview, contact, verified_at, active_at, verified_kind, verified_value, private_to,
            private_after, private_seq, started_at, updated_at, begun_by)
        values (:id, :session, :channel, :locale, :state, :facts, :offered, :held_by, :agent, :last_seq,
            :seen_seq, :preview, :contact, :verified_at, :active_at, :verified_kind, :verified_value, :private_to,
            :private_after, :private_seq, :at, :at, :request)""",
        {**_conversation_params(conversation), "at": at, "request": request},
    )


def save(tx: Tx, conversation: Conversation, now: datetime) -> None:
    """Save a turn's changes. `seen_seq` is not among them: only `mark_seen` writes it."""
    tx.execute(
        """update conversations set locale = :locale, state = :state, facts = :facts, offered = :offered,
            held_by = :held_by, agent = :agent, last_seq = :last_seq, preview = :preview,
            contact = :contact, verified_at = :verified_at, active_at = :active_at, verified_kind = :verified_kind,
            verified_value = :verified_value, private_to = :private_to, private_after = :private_after,
            private_seq = :private_seq, updated_at = :at
        where id = :id""",
        {**_conversation_params(conversation), "at": stamp(now)},
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
                **_message_params(message),
                "conversation": conversation,
                "turn": turn,
                "client_id": client_id if message.seq == turn else None,
                "digest": digest if message.seq == turn else None,
            }
            for message in messages
        ],
    )


def messages_of_turn(tx: Tx, conversation: str, turn: int) -> list[Message]:
    """Return the messages of a turn, in order."""
    rows = tx.all(
        """select * from messages where conversation = :conversation and seq >= :turn and seq < :turn + :limit
        and turn = :turn order by seq""",
        {"conversation": conversation, "turn": turn, "limit": MAX_IN_TURN},
    )
    return records(rows, Message)


def messages_after(tx: Tx, conversation: str, after: int, limit: int) -> list[Message]:
    """Return up to `limit` of the newest messages with a seq above `after`, in order."""
    rows = tx.all(
        """select * from messages where conversation = :conversation and seq > :after
        order by seq desc limit :limit""",
        {"conversation": conversation, "after": after, "limit": limit},
    )
    return records(reversed(rows), Message)


def of_session(tx: Tx, session: str, limit: int) -> list[Row]:
    """Return a session's newest conversations: id, held_by, state, preview, last_seq, updated_at, started_at, unread.

    Each row also has the columns of `ConversationAccess`.
    """
    return tx.all(
        f"""select c.id, c.held_by, c.state, c.preview, c.last_seq, c.updated_at, c.started_at, {ACCESS},
            (select count(*) from messages m
             where m.conversation = c.id and m.seq > c.seen_seq and m.seq <= c.seen_seq + :max_unread
             and m.author <> 'customer') as unread
        from (select id as newest_id from conversations where session = :session
            order by updated_at desc limit :limit) as newest, {WITH_PROOF}
        where c.id = newest_id order by c.updated_at desc""",
        {"session": session, "limit": limit, "max_unread": MAX_UNREAD},
    )


def mark_seen(tx: Tx, conversation: str, session: str, seq: int) -> bool:
    """Raise the seq up to which the customer has read; False if the session has no such conversation."""
    row = tx.one(
        "select seen_seq, last_seq from conversations where id = :id and session = :session",
        {"id": conversation, "session": session},
    )
    if row is None:
        return False
    seen = min(seq, row["last_seq"])
    if seen > row["seen_seq"]:
        tx.execute(
            "update conversations set seen_seq = :seen where id = :id and seen_seq < :seen",
            {"id": conversation, "seen": seen},
        )
    return True


def replace_text(tx: Tx, conversation: str, seq: int, text: str) -> None:
    """Replace the text of a message."""
    tx.execute(
        "update messages set text = :text where conversation = :conversation and seq = :seq",
        {"text": text, "conversation": conversation, "seq": seq},
    )


CONTACT = f"select i.contact from {WITH_PROOF} where c.id = :id"


def proven_contact(tx: Tx, conversation: str) -> str | None:
    """Return the customer that a right code proved in a conversation, also after its time; None without one."""
    row = tx.one(CONTACT, {"id": conversation})
    return None if row is None else row["contact"]


def replace_line(tx: Tx, conversation: str, after: int, line: str, by: str) -> None:
    """Replace a line in the bot's messages with a seq above `after`."""
    for message in messages_after(tx, conversation, after, MAX_IN_TURN):
        clean = with_line_replaced(message.text, line, by)
        if message.author == "bot" and clean != message.text:
            replace_text(tx, conversation, message.seq, clean)


def proven_name(tx: Tx, conversation: str) -> str | None:
    """Return the name of the customer that a right code proved in a conversation; None without one."""
    row = tx.one(
        "select k.name from conversations c join contacts k on k.id = c.contact where c.id = :id", {"id": conversation}
    )
    return None if row is None else str(row["name"])


def _loaded(rows: Sequence[Row]) -> tuple[Conversation | None, ProcessedRequest | None]:
    if not rows:
        return None, None
    [row] = rows
    turn = row["processed_turn"]
    request = None if turn is None else ProcessedRequest(turn, row["processed_digest"])
    return _read_conversation(row), request
