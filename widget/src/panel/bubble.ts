/** The panel's side of the conversation with the bubble on the company's page. */

import { isMessageToPanel, type MessageToLoader } from "../kit/frame-messages";

export interface Bubble {
  /** Whether somebody embeds the panel (else the page stands alone). */
  readonly embedded: boolean;
  tell(word: MessageToLoader): void;
}

/** Listens to the embedding window, if its origin is one of `allowed`, and answers to that origin alone. */
export function bubbleOf(allowed: readonly string[], onShown: (shown: boolean) => void, here: Window = window): Bubble {
  const embedded = here.parent !== here;
  let origin: string | null = null;
  const waiting: MessageToLoader[] = [];
  const post = (word: MessageToLoader) => here.parent.postMessage(word, origin!);
  if (embedded) {
    here.addEventListener("message", (event) => {
      if (event.source !== here.parent || !(allowed.includes(event.origin) || event.origin === here.location.origin)) return;
      if (!isMessageToPanel(event.data)) return;
      origin = event.origin;
      if (event.data.type !== "hello") return onShown(event.data.type === "shown");
      post({ billchat: 1, type: "ready" });
      waiting.splice(0).forEach(post);
    });
  }
  return {
    embedded,
    tell(word) {
      if (!embedded) return;
      if (origin === null) waiting.push(word);
      else post(word);
    },
  };
}
