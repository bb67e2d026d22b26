/** What the service wrote into the page for the panel, and what the bubble wrote into the address. */

export interface Config {
  readonly words: Readonly<Record<string, string>>;
  readonly locale: string;
  /** The country's way of writing dates that the company chose for this language ("en-GB"), as in all its texts. */
  readonly formats: string;
  readonly brand: { readonly name: string; readonly colour: string };
  /** The sites that may embed the panel; our own origin always may. */
  readonly parent_origins: readonly string[];
}

/** The page's configuration. Anything that is missing has a plain stand-in, so the chat works with less. */
export function readConfig(page: Document = document): Config {
  const written = JSON.parse(page.getElementById("billchat-config")?.textContent || "{}") as Partial<Config>;
  const locale = written.locale ?? (page.documentElement.lang || "en");
  return {
    words: written.words ?? {},
    locale,
    formats: written.formats ?? locale,
    brand: { name: written.brand?.name ?? "", colour: written.brand?.colour ?? "" },
    parent_origins: written.parent_origins ?? [],
  };
}

/** What the embedding page asked for in the address's fragment, which no server sees: `#colour=…&greeting=…`. */
export function readWishes(hash: string = location.hash): { readonly colour: string | null; readonly greeting: string | null } {
  const wishes = new URLSearchParams(hash.slice(1));
  return { colour: wishes.get("colour"), greeting: wishes.get("greeting")?.slice(0, 140) ?? null };
}
