/** Whether somebody can see the panel: the tab is in front, and the bubble has not folded the panel away. */

import { useEffect, useState } from "preact/hooks";

export interface Attention {
  readonly on: boolean;
  /** The bubble has shown or hidden the panel. */
  panel(shown: boolean): void;
  /** Calls back with every change; returns what ends it. */
  subscribe(listener: (on: boolean) => void): () => void;
}

export function attention(page: Document = document): Attention {
  let shown = true;
  const listeners = new Set<(on: boolean) => void>();
  const on = () => shown && page.visibilityState === "visible";
  const tell = () => listeners.forEach((listener) => listener(on()));
  page.addEventListener("visibilitychange", tell);
  return {
    get on() {
      return on();
    },
    panel(now) {
      shown = now;
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useAttention(of: Attention): boolean {
  const [on, set] = useState(of.on);
  useEffect(() => of.subscribe(set), [of]);
  return on;
}
