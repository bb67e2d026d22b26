/** Reads new messages out to screen readers. */

import { useEffect, useRef } from "preact/hooks";
import { usePanel } from "../context";
import type { Thread } from "../state/thread";

/** Announces each new message of the other side once, and each notice. Says nothing about the history of an opened conversation. */
export function useAnnouncements(thread: Thread, brand: string): void {
  const { announce, words } = usePanel();
  const announced = useRef({ key: "", seq: 0 });
  const newestSeq = thread.messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    const { key, seq } = announced.current;
    announced.current = { key: thread.key, seq: newestSeq };
    if (key === thread.key) {
      if (seq === 0) return; // the history has just been loaded
    } else if (key === "" || seq > 0) {
      return; // a conversation from the list
    }
    // Otherwise a new message, or the first ones of a conversation that was started on screen, whose key has changed.
    const added = thread.messages.filter((message) => message.seq > seq && message.from !== "customer");
    if (added.length === 0) return;
    const texts = added.map(({ from, name, text }) => (from === "system" ? text : words("says", { name: name || brand, text })));
    announce(texts.join("\n"));
  }, [thread.key, newestSeq]);
  useEffect(() => {
    if (thread.notice) announce(thread.notice);
  }, [thread.notice]);
}
