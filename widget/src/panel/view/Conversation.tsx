/** One conversation: who it is with, its messages, and a way to answer. */

import { useEffect, useRef } from "preact/hooks";
import { offer } from "../offer";
import type { State, Thread } from "../state";
import { useTools } from "../tools";
import { Composer } from "./Composer";
import { Header } from "./Header";
import { Log } from "./Log";

interface Props {
  readonly thread: Thread;
  readonly brand: State["brand"];
  readonly attentive: boolean;
  readonly offline: boolean;
}

export function Conversation({ thread, brand, attentive, offline }: Props) {
  const { words, chat } = useTools();
  const offered = offer(thread);
  useAnnouncements(thread, brand.name);
  return (
    <>
      <Header back={() => chat.show(null)} offline={offline}>
        <h1 class="title" tabIndex={-1}>
          {thread.title || words("new-conversation")}
        </h1>
        <p class="quiet-text with">
          {thread.with === "agent" && <span class="dot here" />}
          {withWhom(thread, brand.name, words)}
        </p>
      </Header>
      <main class="conversation">
        <Log thread={thread} brand={brand} offered={offered} attentive={attentive} />
        {thread.starting?.failed ? (
          <StartFailed thread={thread} />
        ) : thread.starting ? (
          thread.notice && (
            <div class="foot">
              <p class="notice">{thread.notice}</p>
            </div>
          )
        ) : thread.with === "closed" ? (
          <Closed />
        ) : (
          <Composer key={thread.key} thread={thread} expects={offered.expects} />
        )}
      </main>
    </>
  );
}

function withWhom(thread: Thread, brand: string, words: (key: string, values?: Record<string, string>) => string): string {
  if (thread.with === "agent" && thread.agent) return words("with-name", { name: thread.agent });
  if (thread.with === "bot") return words("with-assistant", { name: brand });
  return words(`with-${thread.with}`);
}

function StartFailed({ thread }: { thread: Thread }) {
  const { words, chat } = useTools();
  return (
    <div class="foot">
      <p class="notice">{thread.notice ?? words("start-failed")}</p>
      <button type="button" class="button wide" onClick={() => chat.retryStart(thread.key)}>
        {words("try-again")}
      </button>
    </div>
  );
}

function Closed() {
  const { words, chat } = useTools();
  return (
    <div class="foot">
      <p class="quiet-text centre">{words("closed")}</p>
      <button type="button" class="button quiet wide" onClick={() => chat.start(words("new-conversation"))}>
        {words("start-new")}
      </button>
    </div>
  );
}

/** Reads out what is new, once, and nothing of what was there before. */
function useAnnouncements(thread: Thread, brand: string): void {
  const { announce, words } = useTools();
  const heard = useRef({ key: "", seq: 0 });
  const newest = thread.messages[thread.messages.length - 1]?.seq ?? 0;
  useEffect(() => {
    const { key, seq } = heard.current;
    heard.current = { key: thread.key, seq: newest };
    // A conversation just begun reads its first lines; one opened from the list is there to be read.
    if (key === thread.key ? seq === 0 : key === "" || seq > 0) return;
    const fresh = thread.messages.filter((message) => message.seq > seq && message.from !== "customer");
    if (fresh.length > 0) {
      announce(
        fresh
          .map((each) => (each.from === "system" ? each.text : words("says", { name: each.name || brand, text: each.text })))
          .join("\n"),
      );
    }
  }, [thread.key, newest]);
  useEffect(() => {
    if (thread.notice) announce(thread.notice);
  }, [thread.notice]);
}
