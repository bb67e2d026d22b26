/** Moves the keyboard focus when views and questions change. */

import { useEffect, useRef } from "preact/hooks";
import type { Expects } from "../../kit/message";

/** Focuses the new view's heading, so that screen readers read it: when the view changes, and when the panel becomes visible. */
export function useHeadingFocus(view: string, visible: boolean): void {
  const focusedView = useRef<string | null>(null);
  useEffect(() => {
    if (!visible) return;
    const firstView = focusedView.current === null;
    const viewChanged = focusedView.current !== view;
    focusedView.current = view;
    // A stand-alone page leaves the first focus to the browser.
    if (firstView && window.parent === window) return;
    if (viewChanged || document.activeElement === document.body) document.querySelector<HTMLElement>("h1")?.focus();
  }, [view, visible]);
}

/**
 * Focuses the field when a question expects a typed answer, unless the customer has the focus outside the conversation. When
 * a question has no such field and the focused field is gone, focuses the first choice, or the messages if there is none.
 */
export function useFieldFocus(field: { readonly current: HTMLElement | null }, expects: Expects | null): void {
  useEffect(() => {
    const active = document.activeElement;
    const focusLost = !active || active === document.body;
    const mayMoveFocus = focusLost || active.closest(".log, h1, .composer") !== null;
    if (!document.hasFocus() || !mayMoveFocus) return;
    if (expects && expects !== "text") {
      field.current?.focus({ preventScroll: true });
    } else if (focusLost) {
      const target = document.querySelector<HTMLElement>(".choices .row") ?? document.querySelector<HTMLElement>(".log");
      target?.focus({ preventScroll: true });
    }
  }, [expects]);
}
