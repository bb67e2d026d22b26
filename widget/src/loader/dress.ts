/** The bubble's looks, shut off from the page's stylesheets by the shadow root. */

import { style } from "./element";

const CSS = `
:host{--side:calc(20px + env(safe-area-inset-right))}
.left{--side:calc(20px + env(safe-area-inset-left))}
[hidden]{display:none!important}
.bubble{position:fixed;right:var(--side);bottom:calc(20px + env(safe-area-inset-bottom));box-sizing:border-box;width:56px;height:56px;margin:0;padding:0;border:0;border-radius:28px;background:var(--colour);color:var(--on);box-shadow:0 2px 6px #10141c1f,0 6px 20px #10141c29;cursor:pointer;animation:arrive .24s ease-out both}
.left .bubble,.left .screen{right:auto;left:var(--side)}
.bubble:focus-visible{outline:3px solid var(--colour);outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{position:absolute;inset:0;width:26px;height:26px;margin:auto;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round;transition:opacity .12s,transform .16s}
.fold,.open .talk{opacity:0;transform:scale(.6)}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;background:#b3261e;color:#fff;font:600 13px/22px system-ui;box-shadow:0 0 0 2px #fdfdfe}
.screen{position:fixed;right:var(--side);bottom:calc(92px + env(safe-area-inset-bottom));width:390px;height:680px;max-height:calc(100vh - 112px);box-sizing:border-box;overflow:hidden;border-radius:16px;background:#fdfdfe;box-shadow:0 0 0 1px #10141c14,0 8px 16px #10141c14,0 16px 48px #10141c33;opacity:0;transform:scale(.94);transform-origin:100% 100%;transition:opacity .16s ease-out,transform .16s ease-out;color-scheme:light dark}
.left .screen{transform-origin:0 100%}
.open .fold,.open .screen{opacity:1;transform:none}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:light dark}
@media (prefers-color-scheme:dark){.screen{background:#161a21;box-shadow:0 0 0 1px #343d4a,0 16px 48px #00000080}.badge{box-shadow:0 0 0 2px #161a21}}
@media (max-width:480px),(max-height:480px){.open.ready .bubble{display:none}.screen,.left .screen{inset:0;width:auto;height:auto;max-height:none;border-radius:0;padding:env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left)}}
@keyframes arrive{from{opacity:0;transform:scale(.8)}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media (forced-colors:active){.screen,.bubble{border:1px solid}}`;

/** The company's colour where the page sets none. It stands here once, so that whoever serves the file can put in another. */
const COLOUR = "#1d5fd0";

/** Dresses the shadow root in `colour` if it is #rrggbb. `nonce` serves browsers without constructable sheets. */
export function dress(root: ShadowRoot, host: HTMLElement, colour: string | undefined, nonce: string | undefined): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const sheet = document.createElement("style");
    if (nonce) sheet.nonce = nonce;
    sheet.textContent = CSS;
    root.prepend(sheet);
  }
  const fill = colour && /^#[\da-f]{6}$/i.test(colour) ? colour : COLOUR;
  style(host, { "--colour": fill, "--on": textOn(fill) });
}

/** White or ink, whichever stands out more on a colour (WCAG 2.2 contrast; both are equal at a luminance near 0.18). */
export function textOn(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "#10141c" : "#ffffff";
}
