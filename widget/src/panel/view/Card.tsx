import type { KnownCard, Message } from "../../kit/message";
import type { Thread } from "../state/thread";
import { BalanceCard } from "./BalanceCard";
import { DebitCard } from "./DebitCard";
import { LinkCard } from "./LinkCard";
import { ReceiptCard } from "./ReceiptCard";

const KNOWN_KINDS = ["balance", "direct_debit", "payment_link", "receipt"];

/** Whether the panel can draw the card. For an unknown kind it shows the message's text. */
export function isKnownCard(card: Message["card"]): card is KnownCard {
  return card != null && KNOWN_KINDS.includes(card.kind);
}

export function Card({ card, message, thread }: { card: KnownCard; message: Message; thread: Thread }) {
  switch (card.kind) {
    case "balance":
      return <BalanceCard card={card} />;
    case "direct_debit":
      return <DebitCard card={card} />;
    case "payment_link":
      return <LinkCard card={card} paid={isPaidAfter(thread, message, card)} />;
    case "receipt":
      return <ReceiptCard card={card} />;
  }
}

/** Whether a receipt for exactly this amount follows the link. */
function isPaidAfter(thread: Thread, link: Message, card: { amount_minor: number; currency: string }): boolean {
  return thread.messages.some(
    ({ seq, card: later }) =>
      seq > link.seq &&
      isKnownCard(later) &&
      later.kind === "receipt" &&
      later.amount_minor === card.amount_minor &&
      later.currency === card.currency,
  );
}
