"""The history of an identifier's codes, without times in the future."""

import structlog

from chatbot.conversations.turn import Turn
from store.chats import codes, future_times
from store.chats.codes import CodeHistory, CodeLimits, CodeRequest

log = structlog.get_logger(__name__)


def read_code_history(turn: Turn, request: CodeRequest, limits: CodeLimits) -> CodeHistory:
    """Read the history that decides whether a code may be sent; times in the future are set to now and logged."""
    history = codes.code_history(turn.tx, request, limits, turn.now)
    if not future_times.has_future_times(history, turn.now):
        return history
    rows = future_times.correct_codes(turn.tx, request, turn.now)
    log.warning("times of codes lay in the future and were set to now: a clock ran ahead", rows=rows)
    return codes.code_history(turn.tx, request, limits, turn.now)
