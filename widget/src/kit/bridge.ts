/**
 * What the bubble (on the company's page) and the panel (in our iframe) say to each other through postMessage.
 *
 * Only these words and a count ever cross: no token, no identifier, no message text. Both sides send to one exact origin, and
 * both check origin, sender and shape of what they receive.
 */

/** From the bubble: `hello` once the iframe has loaded, then whether the panel is on screen. */
export type ToPanel = { readonly billchat: 1; readonly type: "hello" | "shown" | "hidden" };

/** From the panel: it is ready, it wants to be closed, a bill was paid, or how many messages are unread. */
export type ToLoader =
  | { readonly billchat: 1; readonly type: "ready" | "close" | "paid" }
  | { readonly billchat: 1; readonly type: "unread"; readonly count: number };

const has = (data: unknown, types: readonly string[]): data is { type: string; count?: unknown } =>
  typeof data === "object" &&
  data !== null &&
  (data as { billchat?: unknown }).billchat === 1 &&
  types.includes((data as { type: string }).type);

/** Whether `data` is a well-formed word from the bubble. */
export const isToPanel = (data: unknown): data is ToPanel => has(data, ["hello", "shown", "hidden"]);

/** Whether `data` is a well-formed word from the panel. A count is a whole number, zero or more. */
export const isToLoader = (data: unknown): data is ToLoader =>
  has(data, ["ready", "close", "paid"]) ||
  (has(data, ["unread"]) && Number.isInteger(data.count) && (data.count as number) >= 0);
