/** What a failed call means to a person: what happened and what to do. */

import type { I18n, MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { ApiError } from "../api/http.ts";

const TEXTS: Readonly<Record<string, MessageDescriptor>> = {
  unreachable: msg`The server cannot be reached. Check your network and try again.`,
  not_signed_in: msg`You are not signed in any more. Sign in and try again.`,
  sign_in_refused: msg`Email or password is not right. Check both and try again.`,
  forbidden: msg`You are not allowed to do this. Ask an administrator of your organisation.`,
  not_found: msg`This does not exist, or it has been deleted.`,
  join_refused: msg`This meeting cannot be joined. Check the number and the passcode, or ask the host for the full link.`,
  too_many_attempts: msg`There were too many attempts. Wait a few minutes and try again.`,
  rate_limited: msg`There were too many requests. Wait a moment and try again.`,
  locked: msg`The host has locked this meeting. Nobody else can join now.`,
  ended: msg`This meeting has ended.`,
  not_started: msg`The meeting has not started yet. Try again when the host is there.`,
  link_refused: msg`This link is used up or has expired. Ask for a new one.`,
  password_too_short: msg`The password is too short. Use at least 12 characters.`,
  password_breached: msg`This password is on lists of stolen passwords. Choose another one.`,
  password_too_common: msg`This password is too easy to guess. Choose another one.`,
  password_wrong: msg`The current password is not right.`,
  email_taken: msg`Somebody with this email is a member already.`,
  last_owner: msg`An organisation needs an owner. Make somebody else an owner first.`,
  passkey_refused: msg`The passkey was not accepted. Try again, or use your password.`,
  conflict: msg`Somebody else changed this meanwhile. Load it again and repeat your change.`,
  not_available: msg`This is not available yet.`,
};

/** A sentence for a person; an unknown code gets the sentence of its kind. */
export function errorText(i18n: I18n, error: unknown): string {
  if (!(error instanceof ApiError)) return i18n._(msg`Something went wrong in this page. Load it again.`);
  const known = TEXTS[error.code];
  if (known !== undefined) return i18n._(known);
  if (error.status === 401) return i18n._(msg`You are not signed in any more. Sign in and try again.`);
  if (error.status === 403)
    return i18n._(msg`You are not allowed to do this. Ask an administrator of your organisation.`);
  if (error.status === 404) return i18n._(msg`This does not exist, or it has been deleted.`);
  if (error.status === 429) return i18n._(msg`There were too many requests. Wait a moment and try again.`);
  if (error.status < 500)
    return i18n._(msg`The server did not accept this. Check what you entered and try again.`);
  return i18n._(
    msg`The server had a problem. Try again in a moment; if it stays, tell your administrator the code below.`,
  );
}

/** What to quote to an administrator. */
export function errorCode(error: unknown): string {
  return error instanceof ApiError ? error.code : "client_error";
}
