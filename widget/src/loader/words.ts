/** The few words that are needed before anything has been fetched. The panel brings the rest. */

const WORDS = {
  en: { open: "Open chat", close: "Close chat", title: "Chat", unread: "unread messages" },
  es: { open: "Abrir el chat", close: "Cerrar el chat", title: "Chat", unread: "mensajes sin leer" },
};

/** The words for a language tag ("es-MX"), English when there are none. */
export function wordsFor(locale: string): (typeof WORDS)["en"] {
  return WORDS[locale.slice(0, 2).toLowerCase() as keyof typeof WORDS] ?? WORDS.en;
}
