/** Where the focus goes when a question comes or its field has gone. */

import { useEffect } from "preact/hooks";
import type { Expects } from "../protocol";

/**
 * A question that needs typing takes the focus, unless the customer's is somewhere else on purpose. A field that has gone leaves
 * it with the first choice, or with the messages where there is none.
 */
export function useFocusWhenAsked(field: { readonly current: HTMLElement | null }, asked: Expects | null): void {
  useEffect(() => {
    const active = document.activeElement;
    const lost = !active || active === document.body;
    if (!document.hasFocus() || !(lost || active.closest(".log, h1, .composer"))) return;
    if (asked && asked !== "text") field.current?.focus({ preventScroll: true });
    else if (lost) {
      const next = document.querySelector<HTMLElement>(".choices .row") ?? document.querySelector<HTMLElement>(".log");
      next?.focus({ preventScroll: true });
    }
  }, [asked]);
}
