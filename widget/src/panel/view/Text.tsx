/** A message's text: text, never markup, with its https addresses made tappable. */

import { linkify } from "../../kit/linkify";
import { useTools } from "../tools";

export function Text({ text }: { text: string }) {
  const { words } = useTools();
  return (
    <>
      {linkify(text).map((piece) =>
        typeof piece === "string" ? (
          piece
        ) : (
          <a href={piece.url} target="_blank" rel="noopener noreferrer nofollow">
            {piece.shown}
            <span class="unseen"> {words("new-tab")}</span>
          </a>
        ),
      )}
    </>
  );
}
