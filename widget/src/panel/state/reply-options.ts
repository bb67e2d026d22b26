/** The ways in which the customer can answer now, derived from a conversation's messages. */

import type { Choice, Expects, Message } from "../../kit/message";
import { isSending, type Thread } from "./thread";

export interface ReplyOptions {
  readonly choices: readonly Choice[];
  /** Whether the first choice stands out: after a balance without a payment link, most customers want to pay. */
  readonly emphasizeFirst: boolean;
  /** The kind of field to show, or null for plain text. */
  readonly expects: Expects | null;
}

/** The options of the messages since the customer's last one. Choices are hidden while an answer is being sent. */
export function replyOptions(thread: Thread): ReplyOptions {
  const newestFirst = sinceCustomer(thread.messages).reverse();
  const choices = newestFirst.find((message) => (message.choices?.length ?? 0) > 0)?.choices ?? [];
  const expects = newestFirst.find((message) => message.expects != null)?.expects ?? null;
  const hasCard = (kind: string) => newestFirst.some((message) => message.card?.kind === kind);
  return {
    choices: isSending(thread) ? [] : choices,
    emphasizeFirst: hasCard("balance") && !hasCard("payment_link"),
    expects,
  };
}

function sinceCustomer(messages: readonly Message[]): Message[] {
  let start = messages.length;
  while (start > 0 && messages[start - 1]!.from !== "customer") start--;
  return messages.slice(start);
}
