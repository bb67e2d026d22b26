import type { KnownCard, Message } from "../../kit/message";
import { linkStatus } from "../state/link-status";
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

export function Card({ card, thread }: { card: KnownCard; thread: Thread }) {
  switch (card.kind) {
    case "balance":
      return <BalanceCard card={card} />;
    case "direct_debit":
      return <DebitCard card={card} />;
    case "payment_link":
      return <LinkCard card={card} status={linkStatus(thread.messages, card.link)} />;
    case "receipt":
      return <ReceiptCard card={card} />;
  }
}
