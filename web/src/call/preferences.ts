/** What this browser remembers of its user's choices. Nothing of it is sent anywhere. */

export interface Preferences {
  readonly name: string;
  readonly microphoneId: string;
  readonly cameraId: string;
  readonly speakerId: string;
  /** Which way a phone's camera looks. */
  readonly facing: "user" | "environment";
  readonly joinMuted: boolean;
  readonly joinWithoutVideo: boolean;
  readonly mirror: boolean;
  readonly hideSelf: boolean;
  readonly view: "gallery" | "speaker";
  /** Sounds when somebody joins or waits. */
  readonly sounds: boolean;
}

export const DEFAULTS: Preferences = {
  name: "",
  microphoneId: "",
  cameraId: "",
  speakerId: "",
  facing: "user",
  joinMuted: false,
  joinWithoutVideo: false,
  mirror: true,
  hideSelf: false,
  view: "gallery",
  sounds: true,
};

const KEY = "meetinghouse.preferences";

/** The part of Storage that is used; private windows may have one that throws. */
export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export function readPreferences(store: Store): Preferences {
  const kept = readJson(store, KEY);
  if (typeof kept !== "object" || kept === null) return DEFAULTS;
  const valid = Object.entries(kept).filter(
    ([key, value]) => key in DEFAULTS && typeof value === typeof DEFAULTS[key as keyof Preferences],
  );
  return { ...DEFAULTS, ...Object.fromEntries(valid) };
}

export function writePreferences(store: Store, change: Partial<Preferences>): Preferences {
  const next = { ...readPreferences(store), ...change };
  writeJson(store, KEY, next);
  return next;
}

/** Reads JSON that may be absent, of an older version, or forbidden. */
export function readJson(store: Store, key: string): unknown {
  try {
    return JSON.parse(store.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

export function writeJson(store: Store, key: string, value: unknown): void {
  try {
    if (value === null) store.removeItem(key);
    else store.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the choice lasts as long as the page.
  }
}
