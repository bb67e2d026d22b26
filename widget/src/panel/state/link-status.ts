/** The status of a payment link, told by the other cards that carry its id. */

import type { Message, PaymentUpdate, Receipt } from "../../kit/message";

export type LinkStatus = "open" | "confirming" | "paid" | "returned";

const AFTER_UPDATE: Record<PaymentUpdate["status"], LinkStatus> = {
  pending: "confirming",
  failed: "open",
  abandoned: "open",
  reversed: "returned",
};

/** The newest status of a link. Amounts are not compared: two links may ask for the same. */
export function linkStatus(messages: readonly Message[], link: string | undefined): LinkStatus {
  let status: LinkStatus = "open";
  if (!link) return status;
  for (const { card } of messages) {
    if (card == null || (card as Partial<Receipt>).link !== link) continue;
    if (card.kind === "receipt") status = "paid";
    else if (card.kind === "payment_update") status = AFTER_UPDATE[(card as PaymentUpdate).status] ?? status;
  }
  return status;
}
