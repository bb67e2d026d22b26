/** What a conversation asks of the customer, read from its messages. */

import type { Choice, Expects, Message } from "./protocol";
import type { Thread } from "./state";

/** What the customer can answer with now. */
export interface Offer {
  readonly choices: readonly Choice[];
  /** The first choice is what most people want next: a balance has just been shown, and nothing to pay it with yet. */
  readonly lead: boolean;
  readonly expects: Expects | null;
}

/** The choices and the kind of field that are in force: those of the company's lines since the customer last spoke. */
export function offer(thread: Thread): Offer {
  const since = sinceCustomer(thread.messages);
  const choices = thread.sends.some((send) => send.state === "sending") ? [] : (findLast(since, (each) => (each.choices?.length ?? 0) > 0)?.choices ?? []);
  const expects = findLast(since, (each) => each.expects != null)?.expects ?? null;
  const shows = (kind: string) => since.some((each) => each.card?.kind === kind);
  return { choices, lead: shows("balance") && !shows("payment_link"), expects };
}

function sinceCustomer(messages: readonly Message[]): readonly Message[] {
  let from = messages.length;
  while (from > 0 && messages[from - 1]!.from !== "customer") from--;
  return messages.slice(from);
}

function findLast<T>(list: readonly T[], test: (each: T) => boolean): T | undefined {
  for (let at = list.length - 1; at >= 0; at--) if (test(list[at]!)) return list[at];
  return undefined;
}
