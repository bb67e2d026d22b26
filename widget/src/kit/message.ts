/** Chat messages and their cards, as the server sends them. The names are part of the wire contract. */

export type Author = "customer" | "bot" | "agent" | "system";

/** The kind of answer that a message asks for. It decides which field the customer gets. */
export type Expects = "identifier" | "code" | "amount" | "text";

/** A button with a ready-made answer. */
export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** One message of a conversation. */
export interface Message {
  /** Its number in the conversation, from 1. */
  readonly seq: number;
  readonly id: string;
  readonly from: Author;
  readonly name?: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Complete without the card. */
  readonly text: string;
  readonly choices?: readonly Choice[] | null;
  readonly expects?: Expects | null;
  /** A card of a kind unknown here (from a newer server) is shown as text. */
  readonly card?: KnownCard | PaymentUpdate | { readonly kind: string } | null;
}

export type KnownCard = Balance | DirectDebit | PaymentLink | Receipt;

// In every card: `formatted` is the amount in the customer's language, `amount_minor` the same in minor units of `currency`.

export interface Balance {
  readonly kind: "balance";
  readonly currency: string;
  /** Negative: credit on the account. */
  readonly amount_minor: number;
  readonly formatted: string;
  readonly invoices: readonly Invoice[];
}

/** An open invoice of a balance. */
export interface Invoice {
  readonly number: string;
  /** YYYY-MM-DD. */
  readonly due_on: string;
  readonly amount_minor: number;
  readonly formatted: string;
}

export interface DirectDebit {
  readonly kind: "direct_debit";
  /** Amount and day (YYYY-MM-DD) of the next collection; null while none is planned. */
  readonly formatted: string | null;
  readonly next_on: string | null;
}

export interface PaymentLink {
  readonly kind: "payment_link";
  /** Identifies the link in other cards. */
  readonly link?: string;
  readonly url: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly formatted: string;
  readonly expires_at: string;
}

/** A change of a link's payment. It is shown as text, and changes the link's card. */
export interface PaymentUpdate {
  readonly kind: "payment_update";
  readonly link: string;
  readonly status: "pending" | "failed" | "abandoned" | "reversed";
}

export interface Receipt {
  readonly kind: "receipt";
  /** The link that was paid; missing in old receipts. */
  readonly link?: string;
  readonly reference: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly formatted: string;
  readonly paid_at: string;
}
