"""Requests that a turn takes, and its results. No channel's format is known here."""

from collections.abc import Sequence

from msgspec import Struct

from store.chats.conversations import Message


class StartRequest(Struct, frozen=True):
    """Begin a conversation, perhaps with an action such as `pay_bill`.

    `id` is the client's id of this request: sent again, it begins no second conversation. `address` is the digest of a
    network address. `origin` is the channel's name for the connection, so that the sender is told once. `browser` is
    the first session of the browser, for a session that follows one that ended.
    """

    session: str
    id: str
    address: str
    channel: str
    locale: str
    action: str | None
    origin: str | None = None
    browser: str | None = None


class SayRequest(Struct, frozen=True):
    """Say something in a conversation: a text or a choice. `id`, `address` and `origin` as in `StartRequest`."""

    conversation: str
    session: str
    id: str
    address: str
    text: str | None = None
    choice: str | None = None
    origin: str | None = None


class TurnResult(Struct, frozen=True):
    """Messages that a turn stored, in order.

    `queued`: the outbox has new rows. `payments_due`: hosted pages are to be cancelled. `replayed`: the request was a
    resend. `origin`: the sender's connection.
    `renewed_token`: the new token of the sender's browser, whose `session` is another one now. `signed_out`: the
    customer's verification was ended. `muted`: the session is over, so that no device of it hears of the turn.
    """

    conversation: str
    session: str
    held_by: str
    messages: Sequence[Message]
    queued: bool = False
    replayed: bool = False
    origin: str | None = None
    payments_due: bool = False
    renewed_token: str | None = None
    signed_out: bool = False
    muted: bool = False


class TurnRefusal(Struct, frozen=True):
    """A request that was not taken. `code`: `not_found`, `conflict`, `closed`, `bad_request` or `session_over`."""

    code: str
