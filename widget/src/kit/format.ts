/** Dates and times in the customer's language. Amounts arrive formatted from the server. */

import type { Words } from "./words";

const DAY_MS = 86_400_000;

/** Instants are ISO 8601 with time and zone; dates are YYYY-MM-DD. */
export interface DateFormat {
  /** The time of an instant: "09:30". */
  time(instant: string): string;
  /** The day of an instant: "Today", "Yesterday", "Monday 23 November". */
  day(instant: string): string;
  /** Short form for lists: the time if the instant is today, else day and month. */
  short(instant: string): string;
  /** "3 December", with the year if it is not the current one. */
  date(date: string): string;
  /** Date and time of an instant. */
  dateTime(instant: string): string;
  /** Whether a date is before today, by the device's calendar. */
  isPast(date: string): boolean;
}

/** The formats of a locale. If the browser does not know the locale, its own is used. */
export function createDateFormat(locale: string, words: Words, now: () => Date = () => new Date()): DateFormat {
  const formatter = (options: Intl.DateTimeFormatOptions) => {
    try {
      return new Intl.DateTimeFormat(locale, options);
    } catch {
      return new Intl.DateTimeFormat(undefined, options);
    }
  };
  const time = formatter({ timeStyle: "short" });
  const weekday = formatter({ weekday: "long", day: "numeric", month: "long" });
  const dayAndMonth = formatter({ day: "numeric", month: "short" });
  const thisYear = formatter({ day: "numeric", month: "long" });
  const otherYear = formatter({ day: "numeric", month: "long", year: "numeric" });

  const isToday = (day: string) => day === calendarDay(now());
  const isYesterday = (day: string) => day === calendarDay(new Date(now().getTime() - DAY_MS));
  const longDate = (date: Date) => (date.getFullYear() === now().getFullYear() ? thisYear : otherYear).format(date);

  return {
    time: (instant) => time.format(new Date(instant)),
    day(instant) {
      const day = calendarDay(new Date(instant));
      if (isToday(day)) return words("today");
      if (isYesterday(day)) return words("yesterday");
      return weekday.format(new Date(instant));
    },
    short(instant) {
      const date = new Date(instant);
      return (isToday(calendarDay(date)) ? time : dayAndMonth).format(date);
    },
    date: (date) => longDate(parseDate(date)),
    dateTime: (instant) => `${longDate(new Date(instant))}, ${time.format(new Date(instant))}`,
    isPast: (date) => date < calendarDay(now()),
  };
}

/** The day of an instant in the device's time zone, as YYYY-MM-DD. */
export function calendarDay(instant: Date): string {
  const twoDigits = (part: number) => String(part).padStart(2, "0");
  return `${instant.getFullYear()}-${twoDigits(instant.getMonth() + 1)}-${twoDigits(instant.getDate())}`;
}

function parseDate(date: string): Date {
  const [year = 1970, month = 1, day = 1] = date.split("-").map(Number);
  return new Date(year, month - 1, day);
}
