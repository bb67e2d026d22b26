/** Finds web addresses in a text: https only, and none with a misleading host. */

/** A part of a text: plain text, or a link. */
export type TextSegment = string | { readonly url: string; readonly label: string };

const ADDRESS = /https:\/\/[^\s<>"'`]+/gi;
const CLOSING_PUNCTUATION = ".,;:!?…»”’]}*";

/** Splits a text into plain parts and links, in order. Joined together they are the same text. */
export function linkify(text: string): readonly TextSegment[] {
  const segments: TextSegment[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const label = withoutPunctuation(match[0]);
    const url = safeUrl(label);
    if (!url) continue;
    if (match.index > end) segments.push(text.slice(end, match.index));
    segments.push({ url, label });
    end = match.index + label.length;
  }
  if (end < text.length || segments.length === 0) segments.push(text.slice(end));
  return segments;
}

/** Removes the punctuation of the surrounding sentence from the end of an address. A parenthesis stays if the address opens it. */
function withoutPunctuation(address: string): string {
  let end = address.length;
  for (;;) {
    const last = address[end - 1]!;
    const unopenedParenthesis = last === ")" && !address.slice(0, end).includes("(");
    if (!unopenedParenthesis && !CLOSING_PUNCTUATION.includes(last)) return address.slice(0, end);
    end--;
  }
}

/**
 * The normalized address, or null if it is not safe to link.
 *
 * Refuses addresses with a user name: `https://bank.example@evil.example/` looks like bank.example and leads to evil.example.
 * Plain http is accepted for the page's own host only, as used in development.
 */
export function safeUrl(address: string, page: { host: string } = location): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.username || url.password) return null;
  const sameHost = url.protocol === "http:" && url.host === page.host;
  return url.protocol === "https:" || sameHost ? url.href : null;
}
