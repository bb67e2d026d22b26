import { expect, test } from "vitest";
import { calendarDay, createDateFormat } from "../../src/kit/format";
import { createWords } from "../../src/kit/words";

test("dates are relative to today and leave out the current year", () => {
  const now = () => new Date(2026, 10, 23, 12, 0);
  const format = createDateFormat("en-GB", createWords({ today: "Today", yesterday: "Yesterday" }), now);
  expect(format.day(new Date(2026, 10, 23, 8).toISOString())).toBe("Today");
  expect(format.day(new Date(2026, 10, 22, 23).toISOString())).toBe("Yesterday");
  expect(format.date("2026-12-03")).toBe("3 December");
  expect(format.date("2027-01-03")).toBe("3 January 2027");
  expect(format.isPast("2026-11-22")).toBe(true);
  expect(format.isPast("2026-11-23")).toBe(false);
  expect(calendarDay(now())).toBe("2026-11-23");
});
