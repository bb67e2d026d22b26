"""The receipt of a completed payment, as an email."""

from babel import Locale
from babel.dates import format_time

from chatbot.delivery.letter import LetterKind, LetterTexts, OutgoingMessage, compose_email, email_message
from chatbot.service import Service
from flows.effects import FullDate, Money
from store.billing.receipts import Receipt, read_receipt
from store.chats.outbox import ClaimedMessage
from store.database import Tx

LabelledRows = list[tuple[str, str]]


class ReceiptLetter(LetterKind):
    """The receipt of the payment that a row names."""

    def render(self, tx: Tx, row: ClaimedMessage) -> OutgoingMessage | None:
        """Return the receipt; None unless the payment is completed, and not refunded since."""
        receipt = read_receipt(tx, row.args["payment"])
        if receipt is None:
            return None
        service = self.service
        texts = LetterTexts(service, row.locale, "letter-receipt-")
        amount = _money(service, texts, receipt, receipt.amount_minor)
        details, paid = _details(service, texts, receipt), _paid_items(service, texts, receipt)
        email = compose_email(
            service,
            row.locale,
            subject=texts("subject", amount=amount),
            text=[texts("intro"), amount, _plain_table(details), _plain_table(paid), texts("keep")],
            template="email_receipt.html",
            intro=texts("intro"),
            amount=amount,
            rows=details,
            paid=paid,
            keep=texts("keep"),
            preview=texts("preview", reference=receipt.reference),
        )
        return email_message(row, email)


def _details(service: Service, texts: LetterTexts, receipt: Receipt) -> LabelledRows:
    paid_at = receipt.paid_at.astimezone(service.zone)
    time = format_time(paid_at, "short", locale=Locale.parse(texts.format_locale, sep="-"))
    return [
        (texts("label-reference"), receipt.reference),
        (texts("label-paid"), texts("when", day=FullDate(paid_at.date()), time=time)),
        (texts("label-account"), f"{receipt.account_name} ({receipt.account_number})"),
    ]


def _paid_items(service: Service, texts: LetterTexts, receipt: Receipt) -> LabelledRows:
    """Return the invoices paid, and the credit left on the account if there is any."""
    items = [
        (texts("invoice", number=paid.number), _money(service, texts, receipt, paid.amount_minor))
        for paid in receipt.invoices
    ]
    if receipt.on_account_minor > 0:
        items.append((texts("on-account"), _money(service, texts, receipt, receipt.on_account_minor)))
    return items


def _money(service: Service, texts: LetterTexts, receipt: Receipt, minor: int) -> str:
    return service.words.money(Money(minor, receipt.currency), texts.locale)


def _plain_table(rows: LabelledRows) -> str:
    return "\n".join(f"{label}: {value}" for label, value in rows)
