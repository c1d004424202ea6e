import { useEffect } from "react";
import type { Call } from "../../call/call.ts";
import { canShareScreen } from "../../call/environment.ts";
import { me } from "../../call/state.ts";
import { type Shortcut, shortcutOf } from "./shortcuts.ts";
import type { ScreenControl } from "./useScreen.ts";

/** The keyboard's acts, and the space bar held to talk. */
export function useShortcuts(call: Call, screen: ScreenControl): void {
  const { set, togglePanel } = screen;
  useEffect(() => {
    let talking = false;
    const stopTalking = (): void => {
      if (talking) call.local.setMicrophone(false);
      talking = false;
    };
    const talk = (): void => {
      if (talking || call.local.getSnapshot().microphone.on) return;
      talking = true;
      call.local.setMicrophone(true);
    };
    const acts: Readonly<Record<Exclude<Shortcut, "talk">, () => void>> = {
      microphone: () => call.local.setMicrophone(!call.local.getSnapshot().microphone.on),
      camera: () => call.local.setCamera(!call.local.getSnapshot().camera.on),
      share: () => canShareScreen() && call.local.setScreen(!call.local.getSnapshot().screen.on),
      chat: () => togglePanel("chat"),
      participants: () => togglePanel("participants"),
      hand: () => {
        const { meeting } = call.getSnapshot();
        if (meeting !== null) call.act({ type: "raise_hand", raised: !me(meeting)?.hand_raised_at });
      },
      speaker: () => call.devices.prefer({ view: "speaker" }),
      gallery: () => call.devices.prefer({ view: "gallery" }),
      help: () => set({ dialog: "shortcuts" }),
    };
    const down = (event: KeyboardEvent): void => {
      const shortcut = shortcutOf(event, isField(event.target));
      if (shortcut === null) return;
      // The space bar presses the button that has the focus.
      if (shortcut === "talk" && isControl(event.target)) return;
      event.preventDefault();
      if (shortcut === "talk") talk();
      else if (!event.repeat) acts[shortcut]();
    };
    const up = (event: KeyboardEvent): void => {
      if (event.code === "Space") stopTalking();
    };
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    // The key may be let go where this page does not see it.
    addEventListener("blur", stopTalking);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", stopTalking);
    };
  }, [call, set, togglePanel]);
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** Something that the keyboard's focus is visibly on; a button pressed with the mouse does not swallow the space bar. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches(":focus-visible") &&
    target.closest("button, a, [role]") !== null
  );
}
