import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/http.ts";
import { heedRefusal, sessionEnded } from "./session.ts";

export type Resource<T> =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly value: T }
  | { readonly state: "error"; readonly error: unknown };

export interface Loaded<T> {
  readonly resource: Resource<T>;
  /** Asks again; what is shown stays until the answer is here. */
  readonly reload: () => Promise<void>;
  /** Puts a changed value in place without asking. */
  readonly put: (value: T) => void;
}

/**
 * Something the server has. It is asked for again whenever `key` changes, when the network comes back, and when the
 * page is looked at again, so that nobody has to reload by hand.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [held, setHeld] = useState<{ key: string; resource: Resource<T> }>({
    key,
    resource: { state: "loading" },
  });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController | null>(null);

  const reload = useCallback(async () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    try {
      const value = await latest.current(controller.signal);
      if (!controller.signal.aborted) setHeld({ key, resource: { state: "ready", value } });
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) sessionEnded();
      else heedRefusal(error);
      setHeld((before) =>
        // What was read before is better than an error page while the network is away.
        before.key === key &&
        before.resource.state === "ready" &&
        error instanceof ApiError &&
        error.status === 0
          ? before
          : { key, resource: { state: "error", error } },
      );
    }
  }, [key]);

  useEffect(() => {
    void reload();
    const again = () => {
      if (document.visibilityState === "visible") void reload();
    };
    addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    return () => {
      removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
      running.current?.abort();
    };
  }, [reload]);

  const put = useCallback((value: T) => setHeld({ key, resource: { state: "ready", value } }), [key]);
  return { resource: held.key === key ? held.resource : { state: "loading" }, reload, put };
}
