/** Keeps the screen on while a meeting is on it. */

/** Browsers let the lock go whenever the page is hidden, so it is asked for again when it is seen. */
export function keepAwake(page: Document, lock: WakeLock | undefined): () => void {
  if (lock === undefined) return () => {};
  let held: WakeLockSentinel | undefined;
  let ended = false;
  const ask = async (): Promise<void> => {
    if (ended || page.visibilityState !== "visible") return;
    try {
      const sentinel = await lock.request("screen");
      if (ended) void sentinel.release();
      else held = sentinel;
    } catch {
      // Low battery: the system decides.
    }
  };
  const onVisible = (): void => void ask();
  page.addEventListener("visibilitychange", onVisible);
  void ask();
  return () => {
    ended = true;
    page.removeEventListener("visibilitychange", onVisible);
    void held?.release();
  };
}
