/** The bubble's styles. A shadow root keeps them and the page's stylesheets apart. */

import css from "../style/loader.css?inline";
import { setStyles } from "./element";

/** The bubble's colour by default. The server replaces this literal with the company's own, so it must occur once. */
const DEFAULT_COLOUR = "#1d5fd0";
const LIGHT_TEXT = "#ffffff";
const DARK_TEXT = "#10141c";
/** Relative luminance at which white and dark text have the same contrast (WCAG 2.2). */
const EQUAL_CONTRAST_LUMINANCE = 0.18;

/**
 * Adds the stylesheet to the shadow root and sets its colours on the host. Takes the default unless `colour` is `#rrggbb`.
 *
 * `nonce` (of the script) lets a strict content policy accept the `<style>` element that older browsers need.
 */
export function applyStyles(root: ShadowRoot, host: HTMLElement, colour: string | undefined, nonce: string | undefined): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const sheet = document.createElement("style");
    if (nonce) sheet.nonce = nonce;
    sheet.textContent = css;
    root.prepend(sheet);
  }
  const fill = colour && /^#[\da-f]{6}$/i.test(colour) ? colour : DEFAULT_COLOUR;
  setStyles(host, { "--colour": fill, "--on": textColourOn(fill) });
}

/** White or dark, whichever has more contrast with a background (`#rrggbb`). */
export function textColourOn(background: string): string {
  const luminanceOf = (start: number) => (parseInt(background.slice(start, start + 2), 16) / 255) ** 2.2;
  const luminance = 0.2126 * luminanceOf(1) + 0.7152 * luminanceOf(3) + 0.0722 * luminanceOf(5);
  return luminance > EQUAL_CONTRAST_LUMINANCE ? DARK_TEXT : LIGHT_TEXT;
}
