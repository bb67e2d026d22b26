/** The strip at the top: back (in a conversation), whose chat it is, and close. */

import type { ComponentChildren } from "preact";
import { useTools } from "../tools";
import { Icon } from "./Icon";

export function Header({ back, children }: { back?: () => void; children: ComponentChildren }) {
  const { words, close } = useTools();
  return (
    <header class="header">
      {back && (
        <button type="button" class="icon-button" onClick={back} aria-label={words("back")} title={words("back")}>
          <Icon name="back" />
        </button>
      )}
      <div class="header-middle">{children}</div>
      {close && (
        <button type="button" class="icon-button" onClick={close} aria-label={words("close")} title={words("close")}>
          <Icon name="close" />
        </button>
      )}
    </header>
  );
}

/** Says honestly that the connection is missing; the panel keeps trying by itself. */
export function OfflineBar() {
  const { words } = useTools();
  return (
    <p class="offline">
      <span class="dot pulse" />
      {words("offline")}
    </p>
  );
}
