/**
 * Keeps the session token, with which this browser finds its conversations again.
 *
 * The server replaces a token when a code proves the customer, and when a session has ended. All tabs of the browser
 * share the stored token, so that each learns of the replacement of its own.
 */

const KEY = "billchat.session";
/** The last tokens that were replaced, separated by spaces. They open nothing any more. */
const REPLACED_KEY = "billchat.replaced";
const MAX_REPLACED = 5;

export interface TokenStorage {
  /** The token, or null without one. */
  load(): string | null;
  /** Keeps a token. Another one than before replaces that. */
  save(token: string): void;
  /** Calls back when another tab has replaced this page's token. */
  onReplaced(callback: () => void): void;
}

/** Local storage. Where the browser blocks it inside frames, the token lives as long as the page. */
export function createTokenStorage(localStorageOf: () => Storage = () => localStorage): TokenStorage {
  // Comes first when reading: another tab may have stored a token of its own, and this page keeps its one.
  let token: string | null = null;
  const read = (key: string) => {
    try {
      return localStorageOf().getItem(key);
    } catch {
      return null; // blocked: the copy in memory is used
    }
  };
  const replaced = () => (read(REPLACED_KEY) ?? "").split(" ");
  const load = () => {
    if (token === null || replaced().includes(token)) token = read(KEY) ?? token;
    return token;
  };
  return {
    load,
    save(next) {
      const before = token;
      token = next;
      try {
        const storage = localStorageOf();
        if (before !== null && before !== next) {
          storage.setItem(REPLACED_KEY, [before, ...replaced()].slice(0, MAX_REPLACED).join(" "));
        }
        if (!replaced().includes(next)) storage.setItem(KEY, next);
      } catch {
        // Blocked or full: the copy in memory is used.
      }
    },
    onReplaced(callback) {
      addEventListener("storage", ({ key }) => {
        const before = token;
        if (key === KEY && before !== null && load() !== before) callback();
      });
    },
  };
}
