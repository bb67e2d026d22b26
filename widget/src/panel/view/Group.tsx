/** Lines of one author: who, what, when, and for the customer's own whether they arrived. */

import type { Message } from "../protocol";
import type { Send, State, Thread } from "../state";
import { useTools } from "../tools";
import { Card, isKnownCard } from "./Card";
import { Icon } from "../../kit/Icon";
import { Text } from "./Text";

interface Props {
  readonly messages: readonly Message[];
  readonly thread: Thread;
  readonly brand: State["brand"];
}

export function Group({ messages, thread, brand }: Props) {
  const { words, format } = useTools();
  const first = messages[0]!;
  const at = messages[messages.length - 1]!.at;
  if (first.from === "system") return <SystemLines messages={messages} />;
  const own = first.from === "customer";
  const who = own ? words("you") : first.name || brand.name;
  return (
    <div class={own ? "group own" : "group"} data-from={first.from}>
      <p class={first.from === "agent" ? "author" : "unseen"}>{who}</p>
      {messages.map((message) => (
        <Line key={message.seq} message={message} thread={thread} />
      ))}
      <p class="meta">
        <time dateTime={at}>{format.time(at)}</time>
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

function Line({ message, thread }: { message: Message; thread: Thread }) {
  if (isKnownCard(message.card)) return <Card card={message.card} message={message} thread={thread} />;
  return (
    <div class="bubble" dir="auto">
      <Text text={message.text} />
    </div>
  );
}

function SystemLines({ messages }: { messages: readonly Message[] }) {
  return (
    <div class="system">
      {messages.map((message) => (
        <p key={message.seq}>
          <Text text={message.text} />
        </p>
      ))}
    </div>
  );
}

/** Something on its way, or that did not get through. */
export function SendGroup({ send, onRetry }: { send: Send; onRetry: () => void }) {
  const { words } = useTools();
  return (
    <div class={`group own ${send.state}`}>
      <p class="unseen">{words("you")}</p>
      <div class="bubble" dir="auto">
        {send.shown}
      </div>
      {send.state === "sending" ? (
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

/** Something is being written. Seen, and not read out: the message will be. */
export function Typing({ name }: { name: string }) {
  const { words } = useTools();
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
