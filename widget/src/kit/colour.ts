/**
 * The tones of the company's accent colour, each adjusted until it can be read: 4.5 : 1 for text, 3 : 1 for edges
 * (WCAG 2.2, 1.4.3 and 1.4.11).
 */

type Rgb = readonly [number, number, number];

/** The tones for one theme, as CSS colours. */
export interface Tones {
  /** The fill of buttons and of the customer's bubbles, and the same under the pointer. */
  readonly accent: string;
  readonly hover: string;
  /** Text on the fill. */
  readonly on: string;
  /** A tint of the surface, and accent-coloured text that can stand on surface and tint alike. */
  readonly soft: string;
  readonly text: string;
  /** Outlines and focus rings. */
  readonly edge: string;
}

interface Theme {
  readonly surface: Rgb;
  readonly sunken: Rgb;
  readonly away: Rgb;
  readonly tint: number;
  /** How far accent-coloured text stands out; thin light letters on a dark ground need more than the rule asks. */
  readonly text: number;
}

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [16, 20, 28];
// Kept equal to --surface and --sunken of style/tokens.css; a test holds them together.
const LIGHT: Theme = { surface: [253, 253, 254], sunken: [243, 244, 247], away: INK, tint: 0.1, text: 4.5 };
const DARK: Theme = { surface: [22, 26, 33], sunken: [31, 37, 46], away: WHITE, tint: 0.2, text: 6 };

/** The tones of `colour` (#rgb or #rrggbb) for both themes, or null when it is not such a colour. */
export function tones(colour: string): { readonly light: Tones; readonly dark: Tones } | null {
  const base = parse(colour);
  return base && { light: derive(base, LIGHT), dark: derive(base, DARK) };
}

function derive(base: Rgb, theme: Theme): Tones {
  // A fill that the surface swallows is moved away from it first; then its text is chosen.
  const fill = until(base, theme.away, (tone) => contrast(tone, theme.surface) >= 1.6);
  const on = contrast(fill, WHITE) >= 4.5 || contrast(fill, WHITE) >= contrast(fill, INK) ? WHITE : INK;
  const further = on === WHITE ? INK : WHITE;
  const accent = until(fill, further, (tone) => contrast(tone, on) >= 4.5);
  const soft = mix(theme.surface, base, theme.tint);
  return {
    accent: css(accent),
    hover: css(mix(accent, further, 0.14)),
    on: css(on),
    soft: css(soft),
    text: css(
      until(base, theme.away, (tone) => [theme.surface, theme.sunken, soft].every((under) => contrast(tone, under) >= theme.text)),
    ),
    edge: css(until(base, theme.away, (tone) => [theme.surface, theme.sunken].every((under) => contrast(tone, under) >= 3))),
  };
}

/** `from` moved towards `to` in small steps until `enough` is satisfied. */
function until(from: Rgb, to: Rgb, enough: (tone: Rgb) => boolean): Rgb {
  for (let part = 0; part < 1; part += 0.04) {
    const tone = mix(from, to, part);
    if (enough(tone)) return tone;
  }
  return to;
}

function parse(colour: string): Rgb | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(colour);
  const long = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour);
  const parts = long?.slice(1) ?? short?.slice(1).map((digit) => digit + digit);
  return parts ? (parts.map((part) => parseInt(part, 16)) as unknown as Rgb) : null;
}

/** Rounded to whole steps, so that what is measured is what is shown. */
function mix(from: Rgb, to: Rgb, part: number): Rgb {
  return from.map((value, at) => Math.round(value + (to[at]! - value) * part)) as unknown as Rgb;
}

/** The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const css = (colour: Rgb) => `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

/** Puts the tones of `colour` on the page: as custom properties, which a strict content policy allows. */
export function paint(colour: string, root: HTMLElement = document.documentElement): void {
  const both = tones(colour);
  if (!both) return;
  for (const theme of ["light", "dark"] as const) {
    for (const [tone, value] of Object.entries(both[theme])) root.style.setProperty(`--${theme}-${tone}`, value);
  }
}
