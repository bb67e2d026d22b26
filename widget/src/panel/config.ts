/** The panel's settings: from the server (in the page) and from the embedding page (in the address). */

/** Settings from the server. */
export interface PanelConfig {
  readonly words: Readonly<Record<string, string>>;
  readonly locale: string;
  /** The locale for dates, such as "en-GB": the company's choice for the language, as in its emails and texts. */
  readonly formats: string;
  readonly brand: { readonly name: string; readonly colour: string };
  /** Origins that may embed the panel, besides our own. */
  readonly parent_origins: readonly string[];
}

/** Reads the JSON in the page. Missing settings get neutral defaults, so that the chat still works. */
export function readConfig(page: Document = document): PanelConfig {
  const json = page.getElementById("billchat-config")?.textContent || "{}";
  const config = JSON.parse(json) as Partial<PanelConfig>;
  const locale = config.locale ?? (page.documentElement.lang || "en");
  return {
    words: config.words ?? {},
    locale,
    formats: config.formats ?? locale,
    brand: { name: config.brand?.name ?? "", colour: config.brand?.colour ?? "" },
    parent_origins: config.parent_origins ?? [],
  };
}

/** Settings from the embedding page; null where it sets none. */
export interface EmbedOptions {
  readonly colour: string | null;
}

/** Reads the address's fragment, `#colour=…`. Anybody can write one into a link, so it holds no text. */
export function readEmbedOptions(fragment: string = location.hash): EmbedOptions {
  const options = new URLSearchParams(fragment.slice(1));
  return { colour: options.get("colour") };
}
