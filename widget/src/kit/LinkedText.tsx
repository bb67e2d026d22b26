import { linkify } from "./linkify";

/** A message's text, never as markup, with its https addresses as links. `newTabLabel` tells screen readers that they open a tab. */
export function LinkedText({ text, newTabLabel }: { text: string; newTabLabel: string }) {
  return (
    <>
      {linkify(text).map((segment) =>
        typeof segment === "string" ? (
          segment
        ) : (
          <a href={segment.url} target="_blank" rel="noopener noreferrer nofollow">
            {segment.label}
            <span class="unseen"> {newTabLabel}</span>
          </a>
        ),
      )}
    </>
  );
}
