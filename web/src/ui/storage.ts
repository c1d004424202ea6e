/** What this device remembers. A browser may forbid storage altogether (even asking for it then throws): memory must do. */

type Kind = "localStorage" | "sessionStorage";

const memory: Record<Kind, Map<string, string>> = { localStorage: new Map(), sessionStorage: new Map() };

function readFrom(kind: Kind, key: string): string | null {
  try {
    return globalThis[kind].getItem(key);
  } catch {
    return memory[kind].get(key) ?? null;
  }
}

function writeTo(kind: Kind, key: string, value: string | null): void {
  if (value === null) memory[kind].delete(key);
  else memory[kind].set(key, value);
  try {
    if (value === null) globalThis[kind].removeItem(key);
    else globalThis[kind].setItem(key, value);
  } catch {
    // Forbidden or full: it lasts as long as the page.
  }
}

/** A choice that outlives the tab. */
export const remembered = (key: string): string | null => readFrom("localStorage", key);
export const remember = (key: string, value: string | null): void => writeTo("localStorage", key, value);

/** Something of this tab, as long as it lives. */
export const keptInTab = (key: string): string | null => readFrom("sessionStorage", key);
export const keepInTab = (key: string, value: string | null): void => writeTo("sessionStorage", key, value);
