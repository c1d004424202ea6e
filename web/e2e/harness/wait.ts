/** Waiting for conditions, never for time. */

import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 100;

/**
 * Asks until the answer is `undefined`, which means that nothing is wrong any more. Anything else says what is still wrong and
 * is shown when time is up.
 */
export async function until(
  what: string,
  timeoutMs: number,
  ask: () => Promise<string | undefined>,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const wrong = await ask();
    if (wrong === undefined) {
      return;
    }
    if (performance.now() > end) {
      throw new Error(`${what}: not within ${timeoutMs} ms: ${wrong}`);
    }
    await delay(POLL_MS);
  }
}
