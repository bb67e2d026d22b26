import { LinkedText } from "../../kit/LinkedText";
import { Icon } from "../../kit/Icon";
import type { Message } from "../../kit/message";
import { usePanel } from "../context";
import type { PanelState } from "../state/state";
import type { PendingMessage, Thread } from "../state/thread";
import { Card, isKnownCard } from "./Card";

interface MessageGroupProps {
  /** At least one, all of one author. */
  readonly messages: readonly Message[];
  readonly thread: Thread;
  readonly brand: PanelState["brand"];
}

/** Messages of one author, with name and time. The customer's own are marked as sent. */
export function MessageGroup({ messages, thread, brand }: MessageGroupProps) {
  const { words, format } = usePanel();
  const first = messages[0]!;
  const lastAt = messages.at(-1)!.at;
  if (first.from === "system") return <SystemMessages messages={messages} />;
  const own = first.from === "customer";
  const author = own ? words("you") : first.name || brand.name;
  return (
    <div class={own ? "group own" : "group"} data-from={first.from}>
      <p class={first.from === "agent" ? "author" : "unseen"}>{author}</p>
      {messages.map((message) => (
        <MessageBody key={message.seq} message={message} thread={thread} />
      ))}
      <p class="meta">
        <time dateTime={lastAt}>{format.time(lastAt)}</time>
        {own && (
          <span class="mark">
            <Icon name="check" size={14} />
            <span class="unseen">{words("sent")}</span>
          </span>
        )}
      </p>
    </div>
  );
}

function MessageBody({ message, thread }: { message: Message; thread: Thread }) {
  const { words } = usePanel();
  if (isKnownCard(message.card)) return <Card card={message.card} thread={thread} />;
  return (
    <div class="bubble" dir="auto">
      <LinkedText text={message.text} newTabLabel={words("new-tab")} />
    </div>
  );
}

function SystemMessages({ messages }: { messages: readonly Message[] }) {
  const { words } = usePanel();
  return (
    <div class="system">
      {messages.map((message) => (
        <p key={message.seq}>
          <LinkedText text={message.text} newTabLabel={words("new-tab")} />
        </p>
      ))}
    </div>
  );
}

/** A message of the customer that is being sent, or has failed and can be retried. */
export function PendingGroup({ message, onRetry }: { message: PendingMessage; onRetry: () => void }) {
  const { words } = usePanel();
  return (
    <div class={`group own ${message.state}`}>
      <p class="unseen">{words("you")}</p>
      <div class="bubble" dir="auto">
        {message.displayText}
      </div>
      {message.state === "sending" ? (
        <p class="meta">{words("sending")}</p>
      ) : (
        <button type="button" class="retry" onClick={onRetry}>
          <Icon name="failed" size={16} />
          {words("failed")}
        </button>
      )}
    </div>
  );
}

/** The typing sign. Screen readers do not announce it, since the message follows. */
export function TypingGroup({ name }: { name: string }) {
  const { words } = usePanel();
  return (
    <div class="group">
      <p class="unseen">{words("typing", { name })}</p>
      <div class="bubble typing" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
    </div>
  );
}
