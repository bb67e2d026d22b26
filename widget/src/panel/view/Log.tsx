/** The messages of a conversation, by day and by author, with the place where the eye rests kept still. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { dayOf } from "../../kit/format";
import type { Offer } from "../offer";
import type { Message } from "../protocol";
import type { State, Thread } from "../state";
import { useTools } from "../tools";
import { Choices } from "./Choices";
import { Group, SendGroup, Typing } from "./Group";
import { Icon } from "../../kit/Icon";

interface Props {
  readonly thread: Thread;
  readonly brand: State["brand"];
  readonly offered: Offer;
  readonly attentive: boolean;
}

/** Lines of one author closer than this stand together. */
const TOGETHER_MS = 5 * 60_000;
/** Nearer to the end than this, the view follows what comes. */
const NEAR_PX = 64;

export function Log({ thread, brand, offered: { choices, lead }, attentive }: Props) {
  const { words, chat } = useTools();
  const box = useRef<HTMLDivElement>(null);
  const newest = thread.messages[thread.messages.length - 1]?.seq ?? 0;
  const { atEnd, toEnd } = useFollow(box, thread.key, thread.sends.length, `${newest} ${thread.typing || thread.waiting} ${choices.length}`);
  useEffect(() => {
    if (attentive && atEnd && newest > 0) chat.seen(thread.key, newest);
  }, [thread.key, newest, attentive, atEnd, thread.loaded]);
  const days = byDay(thread.messages);
  const empty = days.length === 0 && thread.sends.length === 0;
  return (
    <div class="log-frame">
      <div class="log" ref={box} tabIndex={0} role="log" aria-live="off" aria-label={words("messages")}>
        {empty && !thread.notice && <LogSkeleton />}
        {days.map(({ day, groups }) => (
          <section key={day} aria-label={useDay(groups)}>
            <p class="day" aria-hidden="true">
              <span>{useDay(groups)}</span>
            </p>
            {groups.map((group) => (
              <Group key={group[0]!.seq} messages={group} thread={thread} brand={brand} />
            ))}
          </section>
        ))}
        {thread.sends.map((send) => (
          <SendGroup key={send.id} send={send} onRetry={() => chat.retry(thread.key, send.id)} />
        ))}
        {(thread.typing || (thread.waiting && thread.with === "bot" && !empty)) && <Typing name={thread.agent ?? brand.name} />}
        {choices.length > 0 && (
          <Choices
            choices={choices}
            lead={lead}
            onChoose={(choice) => {
              chat.choose(thread.key, choice);
              box.current?.focus({ preventScroll: true });
            }}
          />
        )}
      </div>
      {!atEnd && <MorePill unread={thread.seen > 0 && newest > thread.seen} onClick={toEnd} />}
    </div>
  );
}

function useDay(groups: readonly (readonly Message[])[]): string {
  return useTools().format.day(groups[0]![0]!.at);
}

function MorePill({ unread, onClick }: { unread: boolean; onClick: () => void }) {
  const { words } = useTools();
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

/** Keeps the end in view while the reader is there, and leaves them alone when they have scrolled up. */
function useFollow(box: { readonly current: HTMLDivElement | null }, key: string, sends: number, content: string) {
  const [atEnd, setAtEnd] = useState(true);
  const follow = useRef(true);
  const sent = useRef(0);
  const toEnd = useCallback(() => {
    const log = box.current;
    if (!log) return;
    follow.current = true;
    setAtEnd(true);
    log.scrollTop = log.scrollHeight;
  }, []);
  useLayoutEffect(toEnd, [key]);
  useLayoutEffect(() => {
    if (follow.current || sends > sent.current) toEnd();
    sent.current = sends;
  }, [sends, content]);
  useEffect(() => {
    const log = box.current!;
    const onScroll = () => {
      follow.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
      setAtEnd(follow.current);
    };
    log.addEventListener("scroll", onScroll, { passive: true });
    // The on-screen keyboard and a growing field make the log smaller: its end stays in view.
    const sizes = new ResizeObserver(() => follow.current && toEnd());
    sizes.observe(log);
    return () => {
      log.removeEventListener("scroll", onScroll);
      sizes.disconnect();
    };
  }, []);
  return { atEnd, toEnd };
}

interface Day {
  readonly day: string;
  readonly groups: Message[][];
}

function byDay(messages: readonly Message[]): readonly Day[] {
  const days: Day[] = [];
  for (const message of messages) {
    const day = dayOf(new Date(message.at));
    if (days[days.length - 1]?.day !== day) days.push({ day, groups: [] });
    const { groups } = days[days.length - 1]!;
    const last = groups[groups.length - 1];
    if (last && together(last[last.length - 1]!, message)) last.push(message);
    else groups.push([message]);
  }
  return days;
}

function together(one: Message, next: Message): boolean {
  return one.from === next.from && one.name === next.name && Date.parse(next.at) - Date.parse(one.at) < TOGETHER_MS;
}
