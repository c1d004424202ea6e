/** Who is signed in. One store for the whole client; the join path works without it. */

import { useEffect, useSyncExternalStore } from "react";
import { ApiError, api } from "../api/http.ts";
import type { Me } from "../api/types.ts";
import { readPreferences, writePreferences } from "../call/preferences.ts";

export type Session =
  | { readonly state: "loading" }
  | { readonly state: "signed-out" }
  | { readonly state: "signed-in"; readonly me: Me }
  | { readonly state: "error"; readonly error: unknown };

let current: Session = { state: "loading" };
let asked = false;
const listeners = new Set<() => void>();

function set(next: Session): void {
  current = next;
  if (next.state === "signed-in") proposeName(next.me.name);
  for (const listener of listeners) listener();
}

/** The name that the join screen proposes, unless this device has one already. */
function proposeName(name: string): void {
  try {
    if (readPreferences(localStorage).name === "") writePreferences(localStorage, { name });
  } catch {
    // Storage is forbidden: the name is typed.
  }
}

/** Asks the server who we are. */
export async function loadSession(): Promise<void> {
  asked = true;
  if (current.state === "error") set({ state: "loading" });
  try {
    set({ state: "signed-in", me: await api.get<Me>("/me") });
  } catch (error) {
    set(
      error instanceof ApiError && error.status === 401 ? { state: "signed-out" } : { state: "error", error },
    );
  }
}

/** Takes what a sign-in, an enrolment or a change of profile answered. */
export function setMe(me: Me): void {
  asked = true;
  set({ state: "signed-in", me });
}

export async function signOut(): Promise<void> {
  await api.delete("/session");
  set({ state: "signed-out" });
}

/** The server said 401 to something: what we showed is no longer ours to show. */
export function sessionEnded(): void {
  if (current.state === "signed-in") set({ state: "signed-out" });
}

/** What an answer says about the session itself: it is over, or has to show a second factor first. */
export function heedRefusal(error: unknown): void {
  if (!(error instanceof ApiError)) return;
  if (error.code === "not_signed_in") sessionEnded();
  if (error.code === "second_factor_needed") void loadSession();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The session; the first who asks starts the question. */
export function useSession(): Session {
  const session = useSyncExternalStore(subscribe, () => current);
  useEffect(() => {
    if (!asked) void loadSession();
  }, []);
  return session;
}
