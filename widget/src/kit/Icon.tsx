/** Icons of 24 × 24 units with a stroke of 1.75. Hidden from screen readers: each icon stands beside a text or a label. */

const PATHS = {
  back: "M19 12H5.5M11 5.5 4.5 12l6.5 6.5",
  close: "m6 6 12 12M18 6 6 18",
  next: "m9.5 5.5 6.5 6.5-6.5 6.5",
  send: "M12 19.5V5M5.5 11.5 12 5l6.5 6.5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  failed: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 8v4.5M12 16v.01",
  out: "M8 6.5h-1a2 2 0 0 0-2 2V17a2 2 0 0 0 2 2h8.5a2 2 0 0 0 2-2v-1M13 5h6v6M19 5l-8 8",
  card: "M5 5.5h14A2.5 2.5 0 0 1 21.5 8v8a2.5 2.5 0 0 1-2.5 2.5H5A2.5 2.5 0 0 1 2.5 16V8A2.5 2.5 0 0 1 5 5.5ZM2.5 10h19M6.5 14.5h3",
  calendar: "M6 5h12a2.5 2.5 0 0 1 2.5 2.5V17a2.5 2.5 0 0 1-2.5 2.5H6A2.5 2.5 0 0 1 3.5 17V7.5A2.5 2.5 0 0 1 6 5ZM3.5 9.5h17M8 3v3.5M16 3v3.5",
  down: "M12 5v13.5M5.5 12.5 12 19l6.5-6.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  const mirrored = name === "back" || name === "next"; // in right-to-left languages
  return (
    <svg
      class={mirrored ? "icon turns" : "icon"}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
