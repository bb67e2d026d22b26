/** Finds web addresses in a text. Only https, and only addresses that lead where they seem to. */

/** A piece of a text: plain, or an address with the words to show for it. */
export type Piece = string | { readonly url: string; readonly shown: string };

const ADDRESS = /https:\/\/[^\s<>"'`]+/gi;

/** The text cut into plain pieces and addresses, in order; joined again it is the same text. */
export function linkify(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = trimmed(match[0]);
    const url = safeUrl(shown);
    if (!url) continue;
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push({ url, shown });
    from = match.index + shown.length;
  }
  if (from < text.length || pieces.length === 0) pieces.push(text.slice(from));
  return pieces;
}

/** An address without the punctuation of the sentence around it. */
function trimmed(address: string): string {
  let end = address.length;
  for (;;) {
    const last = address[end - 1]!;
    const closing = last === ")" && !address.slice(0, end).includes("(");
    if (!closing && !".,;:!?…»”’]}*".includes(last)) return address.slice(0, end);
    end--;
  }
}

/**
 * The address in its normal form, or null if nobody should be sent there.
 *
 * `https://bank.example@evil.example/` is refused: what stands before the @ reads like the place it leads to. Plain http
 * is taken only for the page's own host, where the panel itself came from.
 */
export function safeUrl(address: string, home: { host: string } = location): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.username || url.password) return null;
  const own = url.protocol === "http:" && url.host === home.host;
  return url.protocol === "https:" || own ? url.href : null;
}
