/** Whether the customer can see the panel: its browser tab is in front, and the loader has it open. */

import { useEffect, useState } from "preact/hooks";

export interface Visibility {
  readonly visible: boolean;
  /** Tells that the loader has opened or closed the panel. */
  setOpen(open: boolean): void;
  /** Calls `listener` at each change. Returns the function that unsubscribes it. */
  subscribe(listener: (visible: boolean) => void): () => void;
}

/** Open until told otherwise, since a panel without a loader is always open. */
export function trackVisibility(page: Document = document): Visibility {
  let open = true;
  const listeners = new Set<(visible: boolean) => void>();
  const isVisible = () => open && page.visibilityState === "visible";
  const notify = () => listeners.forEach((listener) => listener(isVisible()));
  page.addEventListener("visibilitychange", notify);
  return {
    get visible() {
      return isVisible();
    },
    setOpen(next) {
      open = next;
      notify();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The current visibility. The component renders again at each change. */
export function useVisible(visibility: Visibility): boolean {
  const [visible, setVisible] = useState(visibility.visible);
  useEffect(() => visibility.subscribe(setVisible), [visibility]);
  return visible;
}
