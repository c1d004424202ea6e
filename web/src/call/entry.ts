/**
 * The ways into a meeting: a link, a number, a ticket that another page got, or the same tab coming back after a reload.
 *
 * Tickets and resume secrets live in `sessionStorage`, which ends with the tab and is never sent.
 */
import { readJson, type Store, writeJson } from "./preferences.ts";

const TICKET = "meetinghouse.ticket";
const SESSION = "meetinghouse.session";
const PASSCODE = "meetinghouse.passcode.";

/** A ticket to use on the meeting page, with what to switch on. */
export interface RememberedTicket {
  readonly ticket: string;
  readonly signallingUrl?: string;
  readonly audio: boolean;
  readonly video: boolean;
  readonly name: string;
}

/** A meeting that this tab is in. */
export interface RememberedSession {
  readonly resume: string;
  readonly audio: boolean;
  readonly video: boolean;
}

export function rememberTicket(ticket: RememberedTicket, store: Store = sessionStorage): void {
  writeJson(store, TICKET, ticket);
}

/** The ticket, once: it opens one connection. */
export function takeTicket(store: Store = sessionStorage): RememberedTicket | null {
  const ticket = readJson(store, TICKET) as RememberedTicket | null;
  writeJson(store, TICKET, null);
  return typeof ticket?.ticket === "string" ? ticket : null;
}

export function rememberSession(session: RememberedSession | null, store: Store = sessionStorage): void {
  writeJson(store, SESSION, session);
}

export function readSession(store: Store = sessionStorage): RememberedSession | null {
  const session = readJson(store, SESSION) as RememberedSession | null;
  return typeof session?.resume === "string" ? session : null;
}

/** What somebody typed, or the link they opened. */
export interface Invitation {
  /** A number of 9–11 digits or a link id. */
  readonly meeting: string;
  readonly passcode: string | null;
}

const LINK = /\/j\/([A-Za-z0-9_-]{22,})\/?(?:[?#]|$)/;
const FRAGMENT_PASSCODE = /[#&]p=(\d{6,10})(?:&|$)/;
const BARE_LINK_ID = /^[A-Za-z0-9_-]{22,}$/;

/** Reads a number (with spaces or dashes), a link id or a whole link; null when it is none of them. */
export function parseInvitation(text: string): Invitation | null {
  const trimmed = text.trim();
  const link = LINK.exec(trimmed);
  if (link?.[1] !== undefined)
    return { meeting: link[1], passcode: FRAGMENT_PASSCODE.exec(trimmed)?.[1] ?? null };
  const digits = trimmed.replace(/[\s\u00a0\u3000.-]/g, "");
  if (/^\d{9,11}$/.test(digits)) return { meeting: digits, passcode: null };
  return BARE_LINK_ID.test(trimmed) ? { meeting: trimmed, passcode: null } : null;
}

/**
 * The passcode of the opened link: out of the address bar, where screenshots and shared screens would show it, into the tab's
 * memory, so that a reload still knows it.
 */
export function takePasscode(
  linkId: string,
  location: Location,
  history: History,
  store: Store = sessionStorage,
): string | null {
  const passcode = FRAGMENT_PASSCODE.exec(location.hash)?.[1];
  if (passcode === undefined) return readJson(store, PASSCODE + linkId) as string | null;
  writeJson(store, PASSCODE + linkId, passcode);
  history.replaceState(history.state, "", location.pathname + location.search);
  return passcode;
}

/** "123 456 789": as people read numbers aloud. */
export function spokenNumber(number: string): string {
  return number.length <= 9
    ? number.replace(/(\d{3})(?=\d)/g, "$1 ")
    : [number.slice(0, 3), number.slice(3, -4), number.slice(-4)].join(" ");
}
