import { type RefObject, useEffect, useState } from "react";

/** Long enough to find a button, short enough not to cover faces. */
const IDLE_MS = 3000;

/**
 * True after three seconds without movement where bars cover the picture: on touch and in full screen. Never while the keyboard's
 * focus is in a bar or something of it is open.
 */
export function useIdle(frame: RefObject<HTMLElement | null>): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const covers = (): boolean => matchMedia("(hover: none)").matches || document.fullscreenElement !== null;
    const inBar = (): boolean => {
      const { activeElement } = document;
      if (document.querySelector(".popover, .dialog") !== null) return true;
      return (
        activeElement?.matches(":focus-visible") === true &&
        activeElement.closest(".toolbar, .meeting__top") !== null
      );
    };
    const rest = (): void => {
      if (covers() && !inBar()) setIdle(true);
      else timer = setTimeout(rest, IDLE_MS);
    };
    const stir = (): void => {
      setIdle(false);
      clearTimeout(timer);
      timer = setTimeout(rest, IDLE_MS);
    };
    stir();
    const element = frame.current;
    const events = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
    for (const event of events) element?.addEventListener(event, stir);
    return () => {
      clearTimeout(timer);
      for (const event of events) element?.removeEventListener(event, stir);
    };
  }, [frame]);
  return idle;
}
