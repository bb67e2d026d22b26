/** Translated texts. The server writes them in Fluent files and puts them into the page as JSON, with `{name}` for a value. */

/** Returns the text for a key (without the `widget-` prefix), with its values filled in. */
export type Words = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** `Words` over a table of texts. Returns the key where a text is missing, and leaves the braces where a value is missing. */
export function createWords(table: Readonly<Record<string, string>>): Words {
  return (key, values = {}) => {
    const text = table[key] ?? key;
    return text.replace(/\{\s*\$?(\w+)\s*\}/g, (placeholder, name: string) =>
      name in values ? String(values[name]) : placeholder,
    );
  };
}
