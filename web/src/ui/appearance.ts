/** How the client looks on this device. Kept apart from React: it is applied before the first render. */

import { remember, remembered } from "./storage.ts";

export type Appearance = "system" | "light" | "dark" | "contrast";

export interface Looks {
  readonly appearance: Appearance;
  /** No motion beyond what the operating system asks to leave out. */
  readonly reduceMotion: boolean;
  /** Say to a screen reader what happens in a meeting. */
  readonly announcements: boolean;
}

const STORAGE_KEY = "meetinghouse.looks";
const DEFAULT: Looks = { appearance: "system", reduceMotion: false, announcements: true };

let current: Looks = DEFAULT;
const listeners = new Set<() => void>();

/** Reads what was chosen and applies it. */
export function startLooks(): void {
  apply({ ...DEFAULT, ...read() });
}

export function changeLooks(change: Partial<Looks>): void {
  apply({ ...current, ...change });
  remember(STORAGE_KEY, JSON.stringify(current));
}

export function looks(): Looks {
  return current;
}

export function subscribeLooks(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Partial<Looks> {
  try {
    return JSON.parse(remembered(STORAGE_KEY) ?? "{}") as Partial<Looks>;
  } catch {
    return {}; // Somebody else's writing under our name: the defaults are better than a blank page.
  }
}

function apply(next: Looks): void {
  current = next;
  const root = document.documentElement;
  if (next.appearance === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = next.appearance;
  if (next.reduceMotion) root.dataset["motion"] = "reduce";
  else delete root.dataset["motion"];
  for (const listener of listeners) listener();
}
