import { type RefObject, useEffect, useRef } from "react";
import type { ScreenControl } from "./useScreen.ts";

/** Where the keyboard is: in the meeting when it begins, and back at the panel's button when a panel is closed. */
export function useFocus(frame: RefObject<HTMLElement | null>, { panel, set }: ScreenControl): void {
  useEffect(() => {
    if (document.activeElement === document.body) frame.current?.focus({ preventScroll: true });
  }, [frame]);

  const last = useRef(panel);
  useEffect(() => {
    const closed = panel === null ? last.current : null;
    last.current = panel;
    if (closed === null || document.activeElement !== document.body) return;
    frame.current?.querySelector<HTMLElement>(`[data-opens="${closed}"]`)?.focus();
  }, [frame, panel]);

  useEffect(() => {
    if (panel === null) return;
    const close = (event: KeyboardEvent): void => {
      // Menus and dialogs over the panel take the key first.
      if (event.key === "Escape" && !event.defaultPrevented && isIn(event.target, ".panel"))
        set({ panel: null });
    };
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [panel, set]);
}

function isIn(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}
