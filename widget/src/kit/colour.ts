/**
 * Derives the shades of the company's accent colour and moves each until it has enough contrast: 4.5 : 1 for text and 3 : 1 for
 * edges (WCAG 2.2, 1.4.3 and 1.4.11).
 */

import { contrast, mix, parseColour, toCss, type Rgb } from "./rgb";

/** The shades for one theme, as CSS colours. */
export interface Shades {
  /** Background of buttons and of the customer's own messages. */
  readonly accent: string;
  /** The same under the pointer. */
  readonly hover: string;
  /** Text on `accent` and `hover`. */
  readonly on: string;
  /** A tinted surface. */
  readonly soft: string;
  /** Accent-coloured text on the surface and on `soft`. */
  readonly text: string;
  /** Outlines and focus rings. */
  readonly edge: string;
}

interface Theme {
  readonly surface: Rgb;
  readonly sunken: Rgb;
  /** The end of the scale farthest from the surface: black or white. Shades move towards it to gain contrast. */
  readonly farthest: Rgb;
  /** Share of the accent colour in `soft`. */
  readonly tint: number;
  readonly textContrast: number;
}

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [16, 20, 28];
const TEXT_CONTRAST = 4.5;
const EDGE_CONTRAST = 3;
/** Below this a button cannot be told from the surface around it. */
const FILL_CONTRAST = 1.6;
const HOVER_SHIFT = 0.14;

// `surface` and `sunken` equal the custom properties in style/tokens.css; a test compares them.
const LIGHT: Theme = { surface: [253, 253, 254], sunken: [243, 244, 247], farthest: INK, tint: 0.1, textContrast: TEXT_CONTRAST };
// Thin light letters on a dark surface are hard to read at 4.5 : 1.
const DARK: Theme = { surface: [22, 26, 33], sunken: [31, 37, 46], farthest: WHITE, tint: 0.2, textContrast: 6 };

/** The shades of `colour` (#rgb or #rrggbb) for both themes, or null for any other string. */
export function deriveShades(colour: string): { readonly light: Shades; readonly dark: Shades } | null {
  const base = parseColour(colour);
  return base && { light: shadesFor(base, LIGHT), dark: shadesFor(base, DARK) };
}

function shadesFor(base: Rgb, theme: Theme): Shades {
  const { surface, sunken, farthest, tint, textContrast } = theme;
  const fill = shiftUntil(base, farthest, (shade) => contrast(shade, surface) >= FILL_CONTRAST);
  const on = contrast(fill, WHITE) >= TEXT_CONTRAST || contrast(fill, WHITE) >= contrast(fill, INK) ? WHITE : INK;
  const awayFromText = on === WHITE ? INK : WHITE;
  const accent = shiftUntil(fill, awayFromText, (shade) => contrast(shade, on) >= TEXT_CONTRAST);
  const soft = mix(surface, base, tint);
  const standsOutOn = (backgrounds: readonly Rgb[], ratio: number) => (shade: Rgb) =>
    backgrounds.every((background) => contrast(shade, background) >= ratio);
  return {
    accent: toCss(accent),
    hover: toCss(mix(accent, awayFromText, HOVER_SHIFT)),
    on: toCss(on),
    soft: toCss(soft),
    text: toCss(shiftUntil(base, farthest, standsOutOn([surface, sunken, soft], textContrast))),
    edge: toCss(shiftUntil(base, farthest, standsOutOn([surface, sunken], EDGE_CONTRAST))),
  };
}

/** Moves a colour towards another in steps of 4 % until it satisfies the condition. */
function shiftUntil(from: Rgb, to: Rgb, condition: (shade: Rgb) => boolean): Rgb {
  for (let share = 0; share < 1; share += 0.04) {
    const shade = mix(from, to, share);
    if (condition(shade)) return shade;
  }
  return to;
}

/** Sets the shades of `colour` as custom properties, which a strict content policy allows. Ignores an invalid colour. */
export function applyAccent(colour: string, root: HTMLElement = document.documentElement): void {
  const shades = deriveShades(colour);
  if (!shades) return;
  for (const theme of ["light", "dark"] as const) {
    for (const [name, value] of Object.entries(shades[theme])) root.style.setProperty(`--${theme}-${name}`, value);
  }
}
