/** On phones and in other small windows the panel is the whole screen: it stays above the on-screen keyboard, and the page behind stands still. */

export interface PhoneScreen {
  take(): void;
  release(): void;
}

/** Fits `screen` to what can be seen of a phone's screen between `take` and `release`. Elsewhere it does nothing. */
export function phoneScreen(screen: HTMLElement): PhoneScreen {
  const phone = matchMedia("(max-width:480px),(max-height:480px)");
  const view = window.visualViewport;
  let taken = false;
  let held: { readonly top: number; readonly style: string } | undefined;

  const fit = () => {
    const full = taken && phone.matches;
    if (full !== !!held) full ? hold() : letGo();
    Object.assign(
      screen.style,
      full && view ? { top: `${view.offsetTop}px`, bottom: "auto", height: `${view.height}px` } : { top: "", bottom: "", height: "" },
    );
  };
  // iOS scrolls the page behind whatever lies over it, unless the body is fixed in place.
  const hold = () => {
    const { style } = document.body;
    held = { top: scrollY, style: style.cssText };
    Object.assign(style, { position: "fixed", top: `${-scrollY}px`, width: "100%", overflow: "hidden" });
  };
  const letGo = () => {
    const { top, style } = held!;
    held = undefined;
    document.body.style.cssText = style;
    scrollTo({ top, behavior: "instant" });
  };
  view?.addEventListener("resize", fit);
  view?.addEventListener("scroll", fit);
  phone.addEventListener("change", fit);
  return {
    take() {
      taken = true;
      fit();
    },
    release() {
      taken = false;
      fit();
    },
  };
}
