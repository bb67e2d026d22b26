/** Cards: what is owed, what is collected by itself, where to pay, what was paid. Each message's text is its twin. */

import type { KnownCard, Message } from "../protocol";
import type { Thread } from "../state";
import { BalanceCard } from "./BalanceCard";
import { DebitCard } from "./DebitCard";
import { LinkCard } from "./LinkCard";
import { ReceiptCard } from "./ReceiptCard";

const KNOWN = ["balance", "direct_debit", "payment_link", "receipt"];

/** Whether this panel can draw the card; a newer service's card is shown by its text. */
export function isKnownCard(card: Message["card"]): card is KnownCard {
  return card != null && KNOWN.includes(card.kind);
}

export function Card({ card, message, thread }: { card: KnownCard; message: Message; thread: Thread }) {
  switch (card.kind) {
    case "balance":
      return <BalanceCard card={card} />;
    case "direct_debit":
      return <DebitCard card={card} />;
    case "payment_link":
      return <LinkCard card={card} paid={paidSince(thread, message, card)} />;
    case "receipt":
      return <ReceiptCard card={card} />;
  }
}

/** Whether a receipt for just this amount came after the link. */
function paidSince(thread: Thread, link: Message, card: { amount_minor: number; currency: string }): boolean {
  return thread.messages.some(
    ({ seq, card: later }) =>
      seq > link.seq &&
      isKnownCard(later) &&
      later.kind === "receipt" &&
      later.amount_minor === card.amount_minor &&
      later.currency === card.currency,
  );
}
