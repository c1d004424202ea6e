/** Whose house this is. The product's own name stands until the server has said otherwise. */

import { useEffect, useSyncExternalStore } from "react";
import { api } from "../api/http.ts";
import type { Branding } from "../api/types.ts";

let name = "Meetinghouse";
let asked = false;
const listeners = new Set<() => void>();

async function load(): Promise<void> {
  asked = true;
  try {
    name = (await api.get<Branding>("/branding")).name;
    for (const listener of listeners) listener();
  } catch {
    // The own name is good enough; the next load of the page asks again.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The name that titles and the header show. */
export function useBrandName(): string {
  const shown = useSyncExternalStore(subscribe, () => name);
  useEffect(() => {
    if (!asked) void load();
  }, []);
  return shown;
}
