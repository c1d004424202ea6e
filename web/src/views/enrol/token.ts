import { keepInTab, keptInTab } from "../../ui/storage.ts";

const FRAGMENT = /^#t=([A-Za-z0-9_.~-]+)$/;
const STORAGE_KEY = "meetinghouse.enrolment";

/**
 * The token of the opened one-time link: taken out of the address bar, where a shared screen would show it, into this
 * tab's memory, so that a reload still knows it.
 */
export function takeToken(): string | null {
  const token = FRAGMENT.exec(location.hash)?.[1];
  if (token === undefined) return keptInTab(STORAGE_KEY);
  keepInTab(STORAGE_KEY, token);
  history.replaceState(null, "", location.pathname);
  return token;
}

export function forgetToken(): void {
  keepInTab(STORAGE_KEY, null);
}
