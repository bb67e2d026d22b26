import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../kit/Icon";
import { usePanel } from "../context";
import type { ReplyOptions } from "../state/reply-options";
import type { PanelState } from "../state/state";
import type { Thread } from "../state/thread";
import { Choices } from "./Choices";
import { groupByDay, type Day } from "./group-messages";
import { MessageGroup, PendingGroup, TypingGroup } from "./MessageGroup";
import { useStickToEnd } from "./scroll";

interface MessageLogProps {
  readonly thread: Thread;
  readonly brand: PanelState["brand"];
  readonly options: ReplyOptions;
  readonly visible: boolean;
}

/** The scrolling list of a conversation's messages and choices. Marks messages as seen when they are on screen. */
export function MessageLog({ thread, brand, options, visible }: MessageLogProps) {
  const { words, chat } = usePanel();
  const box = useRef<HTMLDivElement>(null);
  const newestSeq = thread.messages.at(-1)?.seq ?? 0;
  const { choices, emphasizeFirst } = options;
  const { atEnd, scrollToEnd } = useStickToEnd(box, {
    key: thread.key,
    pending: thread.pending.length,
    content: `${newestSeq} ${thread.typing || thread.slowReply} ${choices.length}`,
  });
  useEffect(() => {
    if (visible && atEnd && newestSeq > 0) chat.markSeen(thread.key, newestSeq);
  }, [thread.key, newestSeq, visible, atEnd, thread.historyLoaded]);
  const empty = thread.messages.length === 0 && thread.pending.length === 0;
  const showTyping = thread.typing || (thread.slowReply && thread.holder === "bot" && !empty);
  return (
    <div class="log-frame">
      <div class="log" ref={box} tabIndex={0} role="log" aria-live="off" aria-label={words("messages")}>
        {empty && !thread.notice && <LogSkeleton />}
        {groupByDay(thread.messages).map((day) => (
          <DaySection key={day.date} day={day} thread={thread} brand={brand} />
        ))}
        {thread.pending.map((message) => (
          <PendingGroup key={message.id} message={message} onRetry={() => chat.retryMessage(thread.key, message.id)} />
        ))}
        {showTyping && <TypingGroup name={thread.agent ?? brand.name} />}
        {choices.length > 0 && (
          <Choices
            choices={choices}
            emphasizeFirst={emphasizeFirst}
            onChoose={(choice) => {
              chat.sendChoice(thread.key, choice);
              box.current?.focus({ preventScroll: true }); // The tapped button is about to disappear.
            }}
          />
        )}
      </div>
      {!atEnd && <ScrollToEndButton unread={thread.seenSeq > 0 && newestSeq > thread.seenSeq} onClick={scrollToEnd} />}
    </div>
  );
}

function DaySection({ day, thread, brand }: { day: Day; thread: Thread; brand: PanelState["brand"] }) {
  const { format } = usePanel();
  const title = format.day(day.groups[0]![0]!.at);
  return (
    <section aria-label={title}>
      <p class="day" aria-hidden="true">
        <span>{title}</span>
      </p>
      {day.groups.map((messages) => (
        <MessageGroup key={messages[0]!.seq} messages={messages} thread={thread} brand={brand} />
      ))}
    </section>
  );
}

function ScrollToEndButton({ unread, onClick }: { unread: boolean; onClick: () => void }) {
  const { words } = usePanel();
  return (
    <button type="button" class={unread ? "pill new" : "pill"} onClick={onClick}>
      <Icon name="down" size={16} />
      {words(unread ? "new-messages" : "to-newest")}
    </button>
  );
}

function LogSkeleton() {
  return (
    <div class="skeleton talk" aria-hidden="true">
      <i />
      <i />
    </div>
  );
}
