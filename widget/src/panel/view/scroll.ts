/** Keeps the newest message in view. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Distance from the end, in pixels, within which the view scrolls along with new messages. */
const NEAR_END_PX = 64;

export interface StickToEndOptions {
  /** The conversation's key: another conversation starts at its end. */
  readonly key: string;
  /** Number of pending messages: when the customer sends one, the view goes to the end. */
  readonly pending: number;
  /** Changes with everything that changes the content's height. */
  readonly content: string;
}

/** Scrolls `box` to its end as it grows, unless the customer has scrolled up. Returns whether it is at the end. */
export function useStickToEnd(box: { readonly current: HTMLDivElement | null }, { key, pending, content }: StickToEndOptions) {
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(true);
  const previousPending = useRef(0);
  const scrollToEnd = useCallback(() => {
    const element = box.current;
    if (!element) return;
    stick.current = true;
    setAtEnd(true);
    element.scrollTop = element.scrollHeight;
  }, []);
  useLayoutEffect(scrollToEnd, [key]);
  useLayoutEffect(() => {
    if (stick.current || pending > previousPending.current) scrollToEnd();
    previousPending.current = pending;
  }, [pending, content]);
  useEffect(() => {
    const element = box.current!;
    const onScroll = () => {
      stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
      setAtEnd(stick.current);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    // The on-screen keyboard and a growing text field make the box smaller.
    const resizeObserver = new ResizeObserver(() => {
      if (stick.current) scrollToEnd();
    });
    resizeObserver.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      resizeObserver.disconnect();
    };
  }, []);
  return { atEnd, scrollToEnd };
}
