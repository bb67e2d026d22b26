/** The loader's four phrases, built in because nothing is fetched before the first click. A new language is a file in locales/. */

import { en } from "./locales/en";
import { es } from "./locales/es";

export type LoaderWords = typeof en;

const LANGUAGES: Readonly<Record<string, LoaderWords>> = { en, es };

/** The phrases for a language tag ("es-MX"). Falls back to English. */
export function wordsFor(locale: string): LoaderWords {
  const language = locale.slice(0, 2).toLowerCase();
  return LANGUAGES[language] ?? en;
}
