/** In small windows (phones) the open panel fills the screen, above the on-screen keyboard, and the page behind does not scroll. */

const SMALL_WINDOW = "(max-width:480px),(max-height:480px)";

export interface FullScreen {
  enter(): void;
  leave(): void;
}

/** Fits `panel` to the visible part of a small window from `enter` to `leave`. Has no effect in larger windows. */
export function createFullScreen(panel: HTMLElement): FullScreen {
  const smallWindow = matchMedia(SMALL_WINDOW);
  const viewport = window.visualViewport;
  let active = false;
  let unlockPage: (() => void) | undefined;

  const update = () => {
    const full = active && smallWindow.matches;
    if (full) {
      unlockPage ??= lockPage();
    } else {
      unlockPage?.();
      unlockPage = undefined;
    }
    const fitted = full && viewport;
    Object.assign(panel.style, {
      top: fitted ? `${viewport.offsetTop}px` : "",
      bottom: fitted ? "auto" : "",
      height: fitted ? `${viewport.height}px` : "",
    });
  };
  viewport?.addEventListener("resize", update);
  viewport?.addEventListener("scroll", update);
  smallWindow.addEventListener("change", update);

  return {
    enter() {
      active = true;
      update();
    },
    leave() {
      active = false;
      update();
    },
  };
}

/** Stops the page from scrolling: iOS scrolls it behind an overlay unless its body is fixed. Returns the function that undoes it. */
function lockPage(): () => void {
  const { style } = document.body;
  const top = scrollY;
  const before = style.cssText;
  Object.assign(style, { position: "fixed", top: `${-top}px`, width: "100%", overflow: "hidden" });
  return () => {
    style.cssText = before;
    scrollTo({ top, behavior: "instant" });
  };
}
