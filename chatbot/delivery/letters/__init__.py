"""The kinds of letters: one file each.

A new kind is a file with a subclass of `LetterKind`, a line in `LETTERS` and its texts in `flows/locales/`. An effect
queues its rows, under the kind's name.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter

from chatbot.delivery.letter import LetterKind, OutgoingMessage
from chatbot.delivery.letters.code import CodeLetter
from chatbot.delivery.letters.receipt import ReceiptLetter
from chatbot.delivery.letters.team_message import TeamMessageLetter
from chatbot.service import Service
from store.chats.outbox import ClaimedMessage
from store.database import Tx

LETTERS: Mapping[str, type[LetterKind]] = {
    "code": CodeLetter,
    "receipt": ReceiptLetter,
    "message_for_team": TeamMessageLetter,
}
IRREPLACEABLE = frozenset(kind for kind, letter in LETTERS.items() if letter.irreplaceable)
"""The kinds that nobody can request again: giving one up raises an alarm of its own."""


class LetterRenderer:
    """Renders outbox rows of every kind, with one instance of each kind of letter."""

    def __init__(self, service: Service) -> None:
        self._kinds = {kind: letter(service) for kind, letter in LETTERS.items()}

    def render(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage | None:
        """Return the message of a row; None when its subject no longer exists.

        Raises LookupError for a row that can never be rendered, such as one of an unknown kind.
        """
        letter = self._kinds.get(row.kind)
        if letter is None:
            raise LookupError(f"no letter is of the kind {row.kind}")
        return letter.render(tx, row)

    def superseded(self, tx: Tx, rows: Iterable[ClaimedMessage]) -> set[str]:
        """Return the ids of the rows that need not be sent any more, such as a code that a newer one replaced."""
        of_kind = attrgetter("kind")
        ids: set[str] = set()
        for kind, group in groupby(sorted(rows, key=of_kind), key=of_kind):
            if letter := self._kinds.get(kind):
                ids |= letter.superseded(tx, list(group))
        return ids
