/** What to do when a part of the client is gone from the server: a newer version was installed while this page was open. */

import { keepInTab, keptInTab } from "../ui/storage.ts";

const STORAGE_KEY = "meetinghouse.reloaded";
/** A second failure so soon after a reload has another reason; then the page says so instead of reloading for ever. */
const AGAIN_MS = 60_000;

/** Whether loading the page anew may help: not without a network, not twice in a row, and never in a meeting. */
export function shouldReload(now: number, last: number, path: string, online: boolean): boolean {
  return online && path !== "/meeting" && now - last > AGAIN_MS;
}

/** Loads the page anew, once, when one of its parts cannot be fetched. */
export function watchFreshness(): void {
  addEventListener("vite:preloadError", (event) => {
    const last = Number(keptInTab(STORAGE_KEY) ?? 0);
    if (!shouldReload(Date.now(), last, location.pathname, navigator.onLine)) return;
    event.preventDefault();
    keepInTab(STORAGE_KEY, String(Date.now()));
    location.reload();
  });
}
