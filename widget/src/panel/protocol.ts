/** The shapes that cross the socket between the panel and the service (namespace `/chat`). Names are the contract's. */

/** Who wrote a message. */
export type Author = "customer" | "bot" | "agent" | "system";

/** Who holds a conversation: the assistant, nobody yet (a person was asked for), a person, or it is over. */
export type Holder = "bot" | "queue" | "agent" | "closed";

/** What the newest message asks for; it decides the kind of field in the composer. */
export type Expects = "identifier" | "code" | "amount" | "text";

/** A ready-made answer that the customer can tap. */
export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** One open invoice of a balance. `due_on` is YYYY-MM-DD; `formatted` is the amount in the customer's language. */
export interface InvoiceRow {
  readonly number: string;
  readonly due_on: string;
  readonly amount_minor: number;
  readonly formatted: string;
}

export interface Balance {
  readonly kind: "balance";
  readonly currency: string;
  /** Signed: negative is money that the company holds for the customer. */
  readonly amount_minor: number;
  readonly formatted: string;
  readonly invoices: readonly InvoiceRow[];
}

export interface DirectDebit {
  readonly kind: "direct_debit";
  /** The next collection's amount and day, or null while none is planned. */
  readonly formatted: string | null;
  readonly next_on: string | null;
}

export interface PaymentLink {
  readonly kind: "payment_link";
  readonly url: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly formatted: string;
  readonly expires_at: string;
}

export interface Receipt {
  readonly kind: "receipt";
  readonly reference: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly formatted: string;
  readonly paid_at: string;
}

export type KnownCard = Balance | DirectDebit | PaymentLink | Receipt;

/** A numbered line of a conversation. `at` is ISO 8601 UTC; `text` reads well alone, whatever else there is. */
export interface Message {
  readonly seq: number;
  readonly id: string;
  readonly from: Author;
  readonly name?: string | null;
  readonly at: string;
  readonly text: string;
  readonly choices?: readonly Choice[] | null;
  readonly expects?: Expects | null;
  /** A known card, or one from a newer service that this panel shows as text. */
  readonly card?: KnownCard | { readonly kind: string } | null;
}

/** A conversation as a row of the home view. */
export interface Summary {
  readonly id: string;
  readonly title: string;
  readonly preview: string;
  readonly at: string;
  readonly unread: number;
  readonly with: Holder;
}

/** The service's first word on every connection. */
export interface Welcome {
  readonly session: string;
  readonly locale: string;
  readonly brand: { readonly name: string; readonly colour: string };
  readonly actions: readonly Choice[];
  readonly conversations: readonly Summary[];
  readonly agents_online: number | boolean;
  /** What time it is by the service's clock. */
  readonly now?: string;
}

/** A refusal: `message` is written for the customer. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** An acknowledgement. */
export type Answer<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: Problem };

export type Started = Answer<{ readonly conversation: string; readonly messages: readonly Message[] }>;
export type Opened = Answer<{ readonly messages: readonly Message[]; readonly with: Holder }>;
export type Said = Answer<{ readonly messages: readonly Message[] }>;

/** What the service says unasked. */
export interface Events {
  welcome: Welcome;
  messages: { readonly conversation: string; readonly messages: readonly Message[] };
  typing: { readonly conversation: string; readonly from: Author };
  conversation: { readonly id: string; readonly with: Holder; readonly agent?: string | null };
}

/** The longest text that the service takes. */
export const LONGEST_TEXT = 2000;
/** A one-time code's length. */
export const CODE_DIGITS = 6;
