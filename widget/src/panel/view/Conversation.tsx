import type { Words } from "../../kit/words";
import { usePanel } from "../context";
import { replyOptions } from "../state/reply-options";
import type { PanelState } from "../state/state";
import type { Thread } from "../state/thread";
import { useAnnouncements } from "./announcements";
import { Composer } from "./Composer";
import { Header } from "./Header";
import { MessageLog } from "./MessageLog";

interface ConversationProps {
  readonly thread: Thread;
  readonly brand: PanelState["brand"];
  readonly visible: boolean;
  readonly offline: boolean;
}

/** The view of one conversation: header, messages, and the area to answer in. */
export function Conversation({ thread, brand, visible, offline }: ConversationProps) {
  const { words, chat } = usePanel();
  const options = replyOptions(thread);
  useAnnouncements(thread, brand.name);
  return (
    <>
      <Header back={() => chat.select(null)} offline={offline}>
        <h1 class="title" tabIndex={-1}>
          {thread.title || words("new-conversation")}
        </h1>
        <p class="quiet-text with">
          {thread.holder === "agent" && <span class="dot here" />}
          {holderName(thread, brand.name, words)}
        </p>
      </Header>
      <main class="conversation">
        <MessageLog thread={thread} brand={brand} options={options} visible={visible} />
        {thread.starting ? (
          <Starting thread={thread} />
        ) : thread.holder === "closed" ? (
          <Closed />
        ) : (
          <Composer key={thread.key} thread={thread} expects={options.expects} />
        )}
      </main>
    </>
  );
}

function holderName(thread: Thread, brand: string, words: Words): string {
  if (thread.holder === "agent" && thread.agent) return words("with-name", { name: thread.agent });
  if (thread.holder === "bot") return words("with-assistant", { name: brand });
  return words(`with-${thread.holder}`);
}

/** Below a conversation that the server has not acknowledged: nothing, a notice, or after a failure a button to try again. */
function Starting({ thread }: { thread: Thread }) {
  const { words, chat } = usePanel();
  const failed = thread.starting?.failed ?? false;
  const notice = thread.notice ?? (failed ? words("start-failed") : null);
  if (notice === null) return null;
  return (
    <div class="foot">
      <p class="notice">{notice}</p>
      {failed && (
        <button type="button" class="button wide" onClick={() => chat.retryStart(thread.key)}>
          {words("try-again")}
        </button>
      )}
    </div>
  );
}

function Closed() {
  const { words, chat } = usePanel();
  return (
    <div class="foot">
      <p class="quiet-text centre">{words("closed")}</p>
      <button type="button" class="button quiet wide" onClick={() => chat.start(words("new-conversation"))}>
        {words("start-new")}
      </button>
    </div>
  );
}
