/** The shortcuts people know, and which keys they are on this computer. */

export type Shortcut =
  | "microphone"
  | "camera"
  | "share"
  | "chat"
  | "participants"
  | "hand"
  | "speaker"
  | "gallery"
  | "talk"
  | "help";

/** `code` is the key's place, so that other keyboards and Alt's special letters do not matter. */
const KEYS: Readonly<
  Record<Exclude<Shortcut, "talk" | "help">, { readonly code: string; readonly shown: string }>
> = {
  microphone: { code: "KeyA", shown: "A" },
  camera: { code: "KeyV", shown: "V" },
  share: { code: "KeyS", shown: "S" },
  chat: { code: "KeyH", shown: "H" },
  participants: { code: "KeyU", shown: "U" },
  hand: { code: "KeyY", shown: "Y" },
  speaker: { code: "F1", shown: "F1" },
  gallery: { code: "F2", shown: "F2" },
};

const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.userAgent);

/** As shown to a person. On a Mac, Command with Shift, since Command alone belongs to the browser. */
export function shortcutKeys(shortcut: Shortcut): string {
  if (shortcut === "talk") return isMac() ? "␣" : "Space";
  if (shortcut === "help") return isMac() ? "⌘/" : "Ctrl+/";
  const { shown } = KEYS[shortcut];
  return isMac() ? `⌘⇧${shown}` : `Alt+${shown}`;
}

/** Which shortcut a key press is; `typing` in a field only those with a modifier count. */
export function shortcutOf(event: KeyboardEvent, typing: boolean): Shortcut | null {
  const command = isMac()
    ? event.metaKey && event.shiftKey && !event.altKey
    : event.altKey && !event.ctrlKey && !event.metaKey;
  if (command) {
    const found = Object.entries(KEYS).find(([, { code }]) => code === event.code);
    return (found?.[0] as Shortcut | undefined) ?? null;
  }
  if ((isMac() ? event.metaKey : event.ctrlKey) && event.key === "/") return "help";
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "?") return "help";
  return event.code === "Space" ? "talk" : null;
}
