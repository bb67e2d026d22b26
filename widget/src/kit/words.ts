/** The panel's words: written in the service's Fluent files, handed over as JSON, with `{name}` where a value goes. */

/** Looks up a word by its key (without the `widget-` prefix) and fills in its values. */
export type Words = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** A `Words` over the given table. A key that is missing stands for itself, so a gap is seen and nothing breaks. */
export function wordsFrom(table: Readonly<Record<string, string>>): Words {
  return (key, values = {}) =>
    (table[key] ?? key).replace(/\{\s*\$?(\w+)\s*\}/g, (whole, name: string) =>
      name in values ? String(values[name]) : whole,
    );
}
