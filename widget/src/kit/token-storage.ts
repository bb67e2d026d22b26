/** Keeps the session token, with which this browser finds its conversations again. */

const KEY = "billchat.session";

export interface TokenStorage {
  /** The token, or null without one. */
  load(): string | null;
  save(token: string): void;
}

/** Local storage. Where the browser blocks it inside frames, the token lives as long as the page. */
export function createTokenStorage(localStorageOf: () => Storage = () => localStorage): TokenStorage {
  // Comes first when reading: another tab may have replaced the stored token, and this page keeps its own.
  let token: string | null = null;
  return {
    load() {
      if (token !== null) return token;
      try {
        return localStorageOf().getItem(KEY);
      } catch {
        return null;
      }
    },
    save(next) {
      token = next;
      try {
        localStorageOf().setItem(KEY, next);
      } catch {
        // Blocked or full: the copy in memory is used.
      }
    },
  };
}
