/**
 * The session token: what lets this browser find its conversations again.
 *
 * Browsers may block storage inside a frame; then the token lives as long as the page does.
 */

const KEY = "billchat.session";

export interface Storage {
  session(): string | null;
  keep(session: string): void;
}

/** Storage in the browser, or in memory where the browser refuses. */
export function browserStorage(area: () => globalThis.Storage = () => localStorage): Storage {
  let memory: string | null = null;
  return {
    session() {
      if (memory !== null) return memory;
      try {
        return area().getItem(KEY);
      } catch {
        return null;
      }
    },
    keep(session) {
      memory = session;
      try {
        area().setItem(KEY, session);
      } catch {
        // Blocked or full: the copy in memory serves until the page goes.
      }
    },
  };
}
