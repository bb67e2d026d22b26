/** Groups a conversation's messages for display. */

import { calendarDay } from "../../kit/format";
import type { Message } from "../../kit/message";

/** Messages of one author within this time of each other form one group. */
const SAME_GROUP_MS = 5 * 60_000;

export interface Day {
  /** YYYY-MM-DD, in the device's time zone. */
  readonly date: string;
  /** Each group has at least one message. */
  readonly groups: Message[][];
}

/** Groups messages, which are in order, by day and then by author. */
export function groupByDay(messages: readonly Message[]): readonly Day[] {
  const days: Day[] = [];
  for (const message of messages) {
    const date = calendarDay(new Date(message.at));
    let day = days.at(-1);
    if (day?.date !== date) {
      day = { date, groups: [] };
      days.push(day);
    }
    const group = day.groups.at(-1);
    if (group && isSameGroup(group.at(-1)!, message)) group.push(message);
    else day.groups.push([message]);
  }
  return days;
}

function isSameGroup(previous: Message, next: Message): boolean {
  const sameAuthor = previous.from === next.from && previous.name === next.name;
  return sameAuthor && Date.parse(next.at) - Date.parse(previous.at) < SAME_GROUP_MS;
}
