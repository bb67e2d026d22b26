"""A customer's text in its conversation: what of it may be stored, and which earlier messages were pieces of a card."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from chatbot.conversations.card_pieces import split_card
from chatbot.conversations.redaction import (
    ASKED,
    SECRET_MASK,
    Codes,
    Redacted,
    redact,
    rest_of_card,
    without_digits,
)
from chatbot.conversations.turn import Turn
from flows.dialogues.team_message import mask_line
from flows.states import WRITING, PayBill
from flows.wording.visible_text import visible_text
from store.billing import accounts
from store.chats import conversations, outbox
from store.chats.codes import IssuedCode
from store.chats.conversations import RecentText

MAX_RECENT = 30
"""Messages of the customer in which pieces of a card number are looked for: a digit each, and some between them."""
# Letters to the team from which a piece is taken out, if they were left that long before the last one.
_LETTERS_SINCE = timedelta(minutes=15)


def read_typed(turn: Turn, typed: str, texts: Sequence[RecentText], issued: Sequence[IssuedCode]) -> Redacted:
    """Return a text without its secrets; masks the stored messages that turn out to be pieces of a card number.

    `texts` are the customer's newest messages, oldest first, and `issued` the conversation's newest codes.
    """
    codes = _codes(turn, issued)
    redacted = redact(typed, codes=codes)
    if redacted.card:
        own = _own_numbers(turn)
        return redact(typed, own, codes) if own else redacted
    if texts and rest_of_card(texts[-1].text, typed):
        return Redacted(SECRET_MASK, SECRET_MASK, card=True)
    if _ends_card(turn, typed, texts):
        clean = without_digits(typed)
        return Redacted(clean, clean, card=True)
    return redacted


def _codes(turn: Turn, issued: Sequence[IssuedCode]) -> Codes:
    """Return the six digits to mask: all while a code is or was just asked for, else those that were a code.

    What a verified customer writes to the team is full of other numbers, and the code is over.
    """
    conversation = turn.conversation
    if conversation.state == PayBill.code:
        return ASKED
    recent = [code for code in issued if code.expires_at >= turn.now]
    working = [code for code in recent if code.state == "live"]
    over = [turn.service.keys.code(code.id, conversation.id) for code in issued if code not in working]
    return Codes(sent=bool(working or (recent and conversation.state not in WRITING)), over=over)


def _own_numbers(turn: Turn) -> Collection[str]:
    """Return the digits of the customer's own long account and invoice numbers; only a verified customer has any."""
    contact = turn.conversation.contact
    if contact is None or not turn.is_verified:
        return ()
    return [_digits(number) for number in accounts.long_numbers(turn.tx, contact)]


def _ends_card(turn: Turn, typed: str, texts: Sequence[RecentText]) -> bool:
    """Tell whether a text is the last piece of a card number; masks the pieces before it."""
    identifier = turn.conversation.facts.get("identifier")
    mobile = () if identifier is None else (_digits(identifier["value"]),)
    card = split_card([text.text for text in texts], typed, mobile)
    if card is None or any(card.digits in number for number in _own_numbers(turn)):
        return False
    for number in card.pieces:
        _mask_piece(turn, texts[number])
    return True


def _mask_piece(turn: Turn, piece: RecentText) -> None:
    """Mask a piece of a card number wherever it is stored: messages to the team, and the bot, repeat it."""
    clean = without_digits(piece.text)
    conversation = turn.conversation
    conversations.replace_text(turn.tx, conversation.id, piece.seq, clean)
    mask_line(conversation.facts, piece.text, clean)
    if "came_from" in conversation.facts:  # a message for the team was begun in this conversation
        line = visible_text(piece.text).strip("\n")
        conversations.replace_line(turn.tx, conversation.id, piece.seq, line, clean)
        outbox.replace_line(turn.tx, conversation.id, line, clean, since=turn.now - _LETTERS_SINCE)


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))
