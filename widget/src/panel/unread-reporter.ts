/** Reports the number of unread messages to the loader, which shows it on the bubble. */

import type { ParentWindow } from "./parent-window";
import { totalUnread } from "./state/conversation-list";
import type { PanelStore } from "./state/state";

/** A message that arrives on screen is unread for a moment until it is marked as seen; the delay keeps it out of the count. */
const DELAY_MS = 150;

export function reportUnread(store: PanelStore, parent: ParentWindow): void {
  let reported = 0;
  let timer: ReturnType<typeof setTimeout>;
  store.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const count = totalUnread(store.state);
      if (count !== reported) parent.post({ billchat: 1, type: "unread", count });
      reported = count;
    }, DELAY_MS);
  });
}
