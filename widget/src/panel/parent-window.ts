/** The panel's end of the postMessage protocol: the window of the company's page, where the loader runs. */

import { isMessageToPanel, type MessageToLoader } from "../kit/frame-messages";

const MAX_GREETING_LENGTH = 140;

export interface ParentWindow {
  /** False if the panel is open in a tab of its own. */
  readonly embedded: boolean;
  /** Sends a message to the loader. Keeps it until the loader has said hello; drops it if there is no loader. */
  post(message: MessageToLoader): void;
}

/** What the loader's messages cause. */
export interface ParentEvents {
  onOpenChange(open: boolean): void;
  /** The embedding page has a greeting of its own. */
  onGreeting(greeting: string): void;
}

/** Accepts messages from our own origin and from `allowedOrigins`. Answers only to the origin that said hello. */
export function connectParentWindow(
  allowedOrigins: readonly string[],
  { onOpenChange, onGreeting }: ParentEvents,
  here: Window = window,
): ParentWindow {
  const embedded = here.parent !== here;
  const queue: MessageToLoader[] = [];
  let loaderOrigin: string | null = null;

  const post = (message: MessageToLoader) => {
    if (loaderOrigin === null) queue.push(message);
    else here.parent.postMessage(message, loaderOrigin);
  };

  if (embedded) {
    here.addEventListener("message", ({ source, origin, data }) => {
      const allowed = origin === here.location.origin || allowedOrigins.includes(origin);
      if (source !== here.parent || !allowed || !isMessageToPanel(data)) return;
      loaderOrigin = origin;
      if (data.type === "hello") {
        if (data.greeting) onGreeting(data.greeting.slice(0, MAX_GREETING_LENGTH));
        post({ billchat: 1, type: "ready" });
        queue.splice(0).forEach(post);
      } else {
        onOpenChange(data.type === "shown");
      }
    });
  }
  return {
    embedded,
    post(message) {
      if (embedded) post(message);
    },
  };
}
