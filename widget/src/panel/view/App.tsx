/** The panel: home or a conversation, the bar that admits a lost connection, and the one voice for listeners. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Attention, useAttention } from "../attention";
import type { Connection } from "../connection";
import type { Format } from "../../kit/format";
import { type Store, useStore } from "../../kit/store";
import { ToolsContext, type Tools } from "../tools";
import type { Words } from "../../kit/words";
import { Conversation } from "./Conversation";
import { Home } from "./Home";

export interface AppProps {
  readonly store: Store;
  readonly attention: Attention;
  readonly chat: Connection;
  readonly words: Words;
  readonly format: Format;
  readonly greeting: string;
  readonly close: (() => void) | null;
}

export function App({ store, attention, chat, words, format, greeting, close }: AppProps) {
  const state = useStore(store);
  const attentive = useAttention(attention);
  const [said, say] = useState({ text: "", times: 0 });
  const announce = (text: string) => say(({ times }) => ({ text, times: times + 1 }));
  const tools: Tools = useMemo(() => ({ words, format, chat, greeting, close, announce }), []);
  const thread = state.current === null ? undefined : state.threads[state.current];
  const offline = useOffline(state.link !== "online", state.welcomed);
  useFocusOnChange(state.current === null ? "home" : "conversation", attentive);
  const wasOffline = useRef(false);
  useEffect(() => {
    if (offline) announce(words("offline"));
    else if (wasOffline.current) announce(words("back-online"));
    wasOffline.current = offline;
  }, [offline]);
  return (
    <ToolsContext.Provider value={tools}>
      <div class="panel" data-view={thread ? "conversation" : "home"} data-link={state.link}>
        {thread ? (
          <Conversation key="conversation" thread={thread} brand={state.brand} attentive={attentive} offline={offline} />
        ) : (
          <Home state={state} offline={offline} />
        )}
        <div class="unseen" role="status" aria-live="polite">
          <span key={said.times}>{said.text}</span>
        </div>
      </div>
    </ToolsContext.Provider>
  );
}

/** True once a missing connection has lasted long enough to be worth a word: a blink is not. */
function useOffline(missing: boolean, welcomed: boolean): boolean {
  const [long, set] = useState(false);
  useEffect(() => {
    set(false);
    if (!missing) return undefined;
    const timer = setTimeout(() => set(true), welcomed ? 1500 : 4000);
    return () => clearTimeout(timer);
  }, [missing]);
  return long;
}

/** A new view is announced by its heading: focus goes there when the view changes and when the panel is shown. */
function useFocusOnChange(view: string, attentive: boolean): void {
  const was = useRef("");
  useEffect(() => {
    if (!attentive) return;
    const first = was.current === "";
    const active = document.activeElement;
    if (was.current !== view || active === document.body) {
      if (!first || window.parent !== window) document.querySelector<HTMLElement>("h1")?.focus();
    }
    was.current = view;
  }, [view, attentive]);
}
