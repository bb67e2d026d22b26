import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { DateFormat } from "../../kit/format";
import { useStore } from "../../kit/store";
import type { Words } from "../../kit/words";
import type { ChatClient } from "../client/chat-client";
import { PanelContext, type PanelServices } from "../context";
import type { PanelStore } from "../state/state";
import { useVisible, type Visibility } from "../visibility";
import { Conversation } from "./Conversation";
import { useHeadingFocus } from "./focus";
import { Home } from "./Home";

/** A lost connection is mentioned after this delay: most are back sooner. The first connection gets longer. */
const OFFLINE_DELAY_MS = 1500;
const FIRST_CONNECT_DELAY_MS = 4000;

export interface AppProps {
  readonly store: PanelStore;
  readonly visibility: Visibility;
  readonly chat: ChatClient;
  readonly words: Words;
  readonly format: DateFormat;
  readonly close: (() => void) | null;
}

/** The panel: the home view or a conversation, and the live region for screen readers. */
export function App({ store, visibility, chat, words, format, close }: AppProps) {
  const state = useStore(store);
  const visible = useVisible(visibility);
  const [announcement, setAnnouncement] = useState({ text: "", number: 0 });
  const announce = (text: string) => setAnnouncement(({ number }) => ({ text, number: number + 1 }));
  const services: PanelServices = useMemo(() => ({ words, format, chat, close, announce }), []);
  const thread = state.currentKey === null ? undefined : state.threads[state.currentKey];
  const offline = useOffline(state.connection !== "online", state.welcomed ? OFFLINE_DELAY_MS : FIRST_CONNECT_DELAY_MS);
  useHeadingFocus(state.currentKey === null ? "home" : "conversation", visible);
  useConnectionAnnouncements(offline, announce, words);
  return (
    <PanelContext.Provider value={services}>
      <div class="panel" data-view={thread ? "conversation" : "home"} data-link={state.connection}>
        {thread ? (
          <Conversation key="conversation" thread={thread} brand={state.brand} visible={visible} offline={offline} />
        ) : (
          <Home state={state} offline={offline} />
        )}
        <div class="unseen" role="status" aria-live="polite">
          {/* The key makes a new element, so that the same text twice is read twice. */}
          <span key={announcement.number}>{announcement.text}</span>
        </div>
      </div>
    </PanelContext.Provider>
  );
}

/** True when the connection has been missing for `delayMs`. */
function useOffline(disconnected: boolean, delayMs: number): boolean {
  const [offline, setOffline] = useState(false);
  useEffect(() => {
    setOffline(false);
    if (!disconnected) return undefined;
    const timer = setTimeout(() => setOffline(true), delayMs);
    return () => clearTimeout(timer);
  }, [disconnected]);
  return offline;
}

function useConnectionAnnouncements(offline: boolean, announce: (text: string) => void, words: Words): void {
  const wasOffline = useRef(false);
  useEffect(() => {
    if (offline) announce(words("offline"));
    else if (wasOffline.current) announce(words("back-online"));
    wasOffline.current = offline;
  }, [offline]);
}
