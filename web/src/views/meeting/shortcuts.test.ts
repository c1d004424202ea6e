import { afterEach, describe, expect, it, vi } from "vitest";
import { shortcutKeys, shortcutOf } from "./shortcuts.ts";

const LINUX = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Safari/605.1";

function press(change: Partial<KeyboardEvent>): KeyboardEvent {
  return {
    code: "",
    key: "",
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    ...change,
  } as KeyboardEvent;
}

afterEach(() => vi.unstubAllGlobals());

describe("on most computers", () => {
  it.each([
    ["microphone", { altKey: true, code: "KeyA" }],
    ["gallery", { altKey: true, code: "F2" }],
    ["help", { ctrlKey: true, key: "/" }],
    ["help", { key: "?", shiftKey: true }],
    ["talk", { code: "Space", key: " " }],
    [null, { code: "KeyA", key: "a" }],
    [null, { altKey: true, ctrlKey: true, code: "KeyA" }],
  ] as const)("%s", (shortcut, keys) => {
    vi.stubGlobal("navigator", { userAgent: LINUX });
    expect(shortcutOf(press(keys), false)).toBe(shortcut);
  });

  it("leaves a question mark and a space to who is typing", () => {
    vi.stubGlobal("navigator", { userAgent: LINUX });
    expect(shortcutOf(press({ key: "?" }), true)).toBeNull();
    expect(shortcutOf(press({ code: "Space" }), true)).toBeNull();
    expect(shortcutOf(press({ altKey: true, code: "KeyA" }), true)).toBe("microphone");
  });
});

describe("on a Mac", () => {
  it("uses Command with Shift, and says so", () => {
    vi.stubGlobal("navigator", { userAgent: MAC });
    expect(shortcutOf(press({ metaKey: true, shiftKey: true, code: "KeyV" }), false)).toBe("camera");
    expect(shortcutOf(press({ altKey: true, code: "KeyV" }), false)).toBeNull();
    expect(shortcutKeys("camera")).toBe("⌘⇧V");
  });
});
