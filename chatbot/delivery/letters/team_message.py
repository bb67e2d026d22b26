"""The message that a customer leaves for the company's team, as an email."""

from chatbot.delivery.letter import LetterKind, LetterTexts, OutgoingMessage, compose_email, email_message
from flows.wording.visible_text import visible_text
from store.chats.conversations import proven_name
from store.chats.outbox import ClaimedMessage
from store.database import Tx

PREVIEW_LENGTH = 120


class TeamMessageLetter(LetterKind):
    """The customer's text, the name that a code proved, and the address to answer to."""

    irreplaceable = True

    def render(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage:
        """Return the email to the team. An answer goes to the customer if they left an email address."""
        texts = LetterTexts(self.service, row.locale, "letter-team-")
        conversation, reply_to = row.args["conversation"], row.args.get("reply_to")
        message = visible_text(row.args["text"])
        name = proven_name(tx, conversation)
        about = [
            texts("reply-to", who=reply_to["value"]) if reply_to else texts("nobody"),
            texts("proven", name=name) if name else texts("unproven"),
            texts("received", at=row.created_at),
            texts("reference", reference=conversation),
        ]
        email = compose_email(
            self.service,
            row.locale,
            subject=texts("subject"),
            text=[texts("intro"), "\n".join(f"> {line}" for line in message.split("\n")), "\n".join(about)],
            template="email_message.html",
            intro=texts("intro"),
            said=message,
            about=about,
            preview=message[:PREVIEW_LENGTH],
        )
        return email_message(row, email, reply_to["value"] if reply_to and reply_to["kind"] == "email" else None)
