/**
 * The postMessage protocol between the loader (on the company's page) and the panel (in an iframe on our origin).
 *
 * Messages carry a type and at most a count or the page's own greeting: no token, no identifier, no chat text. Both sides send to one exact origin, and
 * both check the origin, the sending window and the shape of each message they receive.
 */

/** From the loader: `hello` when the iframe has loaded, then whether the panel is on screen. */
export type MessageToPanel =
  | { readonly billchat: 1; readonly type: "hello"; readonly greeting?: string | undefined }
  | { readonly billchat: 1; readonly type: "shown" | "hidden" };

/** From the panel: ready for use, please close, a bill was paid, or the unread count. */
export type MessageToLoader =
  | { readonly billchat: 1; readonly type: "ready" | "close" | "paid" }
  | { readonly billchat: 1; readonly type: "unread"; readonly count: number };

/** Whether `data` is a well-formed message from the loader. */
export const isMessageToPanel = (data: unknown): data is MessageToPanel =>
  hasType(data, ["hello", "shown", "hidden"]) && ["undefined", "string"].includes(typeof data.greeting);

/** Whether `data` is a well-formed message from the panel. A count is a whole number, zero or more. */
export const isMessageToLoader = (data: unknown): data is MessageToLoader =>
  hasType(data, ["ready", "close", "paid"]) ||
  (hasType(data, ["unread"]) && Number.isInteger(data.count) && (data.count as number) >= 0);

function hasType(data: unknown, types: readonly string[]): data is { type: string; count?: unknown; greeting?: unknown } {
  if (typeof data !== "object" || data === null) return false;
  const { billchat, type } = data as { billchat?: unknown; type: string };
  return billchat === 1 && types.includes(type);
}
