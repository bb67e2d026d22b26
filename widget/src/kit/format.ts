/** Days and times in the customer's language. Amounts come ready-made from the service. */

import type { Words } from "./words";

export interface Format {
  /** The time of day of an instant: "09:30". */
  time(at: string): string;
  /** The day of an instant: "Today", "Yesterday", "Monday 23 November". */
  day(at: string): string;
  /** A short mark for a list: the time today, else the day and month. */
  mark(at: string): string;
  /** A date without a time ("2026-12-03") in full: "3 December", with the year when it is not this one. */
  date(date: string): string;
  /** An instant as date and time. */
  moment(at: string): string;
  /** Whether a date has passed for somebody whose calendar says what this device's says. */
  past(date: string): boolean;
}

/** A `Format` for a language. A language that the browser does not know falls back to the browser's own. */
export function formatFor(locale: string, words: Words, now: () => Date = () => new Date()): Format {
  const style = (options: Intl.DateTimeFormatOptions) => {
    try {
      return new Intl.DateTimeFormat(locale, options);
    } catch {
      return new Intl.DateTimeFormat(undefined, options);
    }
  };
  const time = style({ timeStyle: "short" });
  const weekday = style({ weekday: "long", day: "numeric", month: "long" });
  const short = style({ day: "numeric", month: "short" });
  const long = style({ day: "numeric", month: "long" });
  const full = style({ day: "numeric", month: "long", year: "numeric" });
  const inFull = (day: Date) => (day.getFullYear() === now().getFullYear() ? long : full).format(day);
  return {
    time: (at) => time.format(new Date(at)),
    day(at) {
      const day = dayOf(new Date(at));
      if (day === dayOf(now())) return words("today");
      if (day === dayOf(new Date(now().getTime() - 86_400_000))) return words("yesterday");
      return weekday.format(new Date(at));
    },
    mark: (at) => (dayOf(new Date(at)) === dayOf(now()) ? time : short).format(new Date(at)),
    date: (date) => inFull(localDate(date)),
    moment: (at) => `${inFull(new Date(at))}, ${time.format(new Date(at))}`,
    past: (date) => date < dayOf(now()),
  };
}

/** The calendar day of an instant on this device, as YYYY-MM-DD. */
export function dayOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function localDate(date: string): Date {
  const [year, month, day] = date.split("-").map(Number);
  return new Date(year ?? 1970, (month ?? 1) - 1, day ?? 1);
}
