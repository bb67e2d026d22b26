/** Arithmetic on sRGB colours. */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Reads #rgb or #rrggbb. Null for any other string. */
export function parseColour(colour: string): Rgb | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(colour);
  const long = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour);
  const parts = long?.slice(1) ?? short?.slice(1).map((digit) => digit + digit);
  return parts ? (parts.map((part) => parseInt(part, 16)) as unknown as Rgb) : null;
}

/** The colour as #rrggbb. */
export function toCss(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Mixes two colours; `share` of the second, 0 to 1. Rounds, so that the contrast is computed for the colour on screen. */
export function mix(one: Rgb, other: Rgb, share: number): Rgb {
  return one.map((value, at) => Math.round(value + (other[at]! - value) * share)) as unknown as Rgb;
}

/** The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance"). */
function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
