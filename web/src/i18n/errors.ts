/** What a failed call means to a person: what happened and what to do. */

import type { I18n, MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { ApiError } from "../api/http.ts";
import { SignallingError } from "../call/signalling.ts";

const UNREACHABLE = msg`The server cannot be reached. Check your network and try again.`;
const TICKET = msg`Your permission to join is used up or no longer valid. Join again with your link.`;

const TEXTS: Readonly<Record<string, MessageDescriptor>> = {
  unreachable: UNREACHABLE,
  not_signed_in: msg`You are not signed in any more. Sign in and try again.`,
  wrong_credentials: msg`Email or password is not right. Check both and try again.`,
  not_allowed: msg`You are not allowed to do this. Ask an administrator of your organisation.`,
  missing_scope: msg`You are not allowed to do this. Ask an administrator of your organisation.`,
  not_found: msg`This does not exist, or it has been deleted.`,
  join_refused: msg`This meeting cannot be joined. Check the number and the passcode, or ask the host for the full link.`,
  too_many_attempts: msg`There were too many attempts. Wait a few minutes and try again.`,
  rate_limited: msg`There were too many requests. Wait a moment and try again.`,
  locked: msg`The host has locked this meeting. Nobody else can join now.`,
  ended: msg`This meeting has ended.`,
  not_started: msg`The meeting has not started yet. Try again when the host is there.`,
  meeting_full: msg`This meeting is full. Try again when somebody has left.`,
  draining: msg`This server is about to be renewed and starts no meetings now. Try again in a moment.`,
  removed: msg`The host removed you from this meeting.`,
  not_allowed_here: msg`The rules of this service do not allow joining this meeting here. Tell the host.`,
  plan_refused: msg`The plan of this organisation does not include this. Ask who administers it for another plan.`,
  tenant_suspended: msg`This organisation is suspended, so no meeting of it can begin. Ask who administers it.`,
  tenant_ended: msg`This organisation is no longer served here.`,
  no_policy: msg`The host's organisation has not said yet where its meetings may take place. Tell the host.`,
  no_permitted_region: msg`The host's organisation does not permit meetings in this region. Tell the host.`,
  unknown_meeting: msg`This meeting does not exist, or it has been deleted.`,
  ticket_invalid: TICKET,
  ticket_expired: TICKET,
  ticket_used: TICKET,
  disconnected: UNREACHABLE,
  timeout: UNREACHABLE,
  link_refused: msg`This link is used up or has expired. Ask for a new one.`,
  password_too_short: msg`The password is too short. Use a longer one.`,
  password_too_long: msg`The password is too long. Use a shorter one.`,
  password_too_common: msg`This password is too easy to guess. Choose another one.`,
  wrong_password: msg`The current password is not right.`,
  invalid_email: msg`This is not an email address. Check it and try again.`,
  email_missing: msg`Give the email address that you will sign in with.`,
  name_missing: msg`Give a name that can be shown.`,
  email_taken: msg`Somebody with this email is a member already.`,
  last_owner: msg`An organisation needs an owner. Make somebody else an owner first.`,
  last_credential: msg`This is your only way to sign in. Set a password or add another passkey first.`,
  disabled: msg`This account is disabled. Enable it first.`,
  passkey_known: msg`This device has a passkey for your account already.`,
  too_many_passkeys: msg`You have very many passkeys. Remove one before you add another.`,
  challenge_expired: msg`This took too long. Try again.`,
  passkey_refused: msg`The passkey was not accepted. Try again, or use your password.`,
  second_factor_needed: msg`Your organisation asks for a passkey. Use or add yours first.`,
  second_factor_first: msg`Add a passkey of your own first, in Settings, so that you do not lock yourself out.`,
  last_second_factor: msg`Your organisation asks for a passkey. Add another one before you remove this one.`,
  no_provider: msg`No organisation signs in here with this address. Use your password or a passkey, or the link that your organisation gave you.`,
  provider_unreachable: msg`Your organisation's sign-in cannot be reached. Try again in a moment; if it stays, tell your administrator.`,
  provider_wrong: msg`Your organisation's sign-in answered something that cannot be believed, so you are not signed in. Tell your administrator.`,
  provider_refused: msg`Your organisation's sign-in did not let you in.`,
  not_a_member: msg`You are not a member of this organisation here. Ask an administrator to invite you.`,
  account_disabled: msg`Your account is disabled. Ask an administrator of your organisation.`,
  email_unverified: msg`Your organisation's sign-in gives no email address that it has verified. Tell your administrator.`,
  linked_otherwise: msg`The account with your address belongs to somebody else of your organisation's sign-in. Tell your administrator.`,
  seats_taken: msg`The plan of this organisation has no seat left. Disable somebody, or ask for another plan.`,
  invalid_url: msg`This is not the address of a server. Write it with https:// in front.`,
  client_missing: msg`Give the client id that the provider made for this service.`,
  invalid_domain: msg`This is no mail domain. Write what stands behind the @, as harbour.example.`,
  conflict: msg`Somebody else changed this meanwhile. Load it again and repeat your change.`,
  invalid_code: msg`A code is 2 to 32 small letters and digits, with single dashes between them.`,
  code_taken: msg`There is one with this code already. Choose another code.`,
  code_looks_alike: msg`This code looks like one that there is already. Choose another code.`,
  partner_cycle: msg`A partner cannot stand below itself.`,
  too_many_tiers: msg`Partners stand above one another in at most three tiers. Choose one further up.`,
  invalid_country: msg`This is no country or region. Write its code of ISO 3166-1, as CN or HK.`,
  invalid_subdivision: msg`This is no part of that country or region. Write a code of ISO 3166-2, as US-CA.`,
  not_a_draft: msg`This version is submitted and cannot be changed. Make it a draft again, or draft another one.`,
  changed_meanwhile: msg`Somebody else changed this version meanwhile. Load it again and repeat your change.`,
  not_submitted: msg`This version is a draft. Submit it first.`,
  approved_already: msg`You have approved this version already. Somebody else has to approve it too.`,
  not_approved: msg`This version has too few approvals. Two people have to approve it.`,
  activated: msg`This version is activated and stays as it is. Draft another one.`,
  activation_pending: msg`Another version waits for its date. Call it off first.`,
  rules_changed: msg`Other rules are in force than those that this version was made to follow. Make it a draft again and compare.`,
  in_the_past: msg`This moment is past. Choose a later one, or none for now.`,
  locks_operator_out: msg`Under these rules the operator's own people could not go on. Allow them first.`,
  has_begun: msg`This version is in force already. Roll back instead.`,
  active_already: msg`This version is in force already.`,
  not_available: msg`This is not available yet.`,
};

/** A sentence for a person; an unknown code gets the sentence of its kind. */
export function errorText(i18n: I18n, error: unknown): string {
  if (error instanceof SignallingError) return refusedText(i18n, error.code);
  if (!(error instanceof ApiError)) return i18n._(msg`Something went wrong in this page. Load it again.`);
  // What is wrong with rules is said in the words of their file.
  if (error.code === "invalid_rules") return i18n._(msg`The rules are not valid. ${error.detail}`);
  if (error.code === "not_allowed_here" && error.rule !== null) return ruleText(i18n, error);
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

/** A rule's own sentence, which the server says in this page's language, and whom to ask instead. */
function ruleText(i18n: I18n, { detail, offers }: ApiError): string {
  if (offers.length === 0) return detail;
  const names = offers.join(", ");
  return `${detail} ${i18n._(msg`You can ask: ${names}`)}`;
}

/** Why the meeting let nobody (back) in. */
export function refusedText(i18n: I18n, code: string): string {
  return i18n._(
    TEXTS[code] ??
      msg`The meeting did not let you in. Join again with your link; if that does not help, tell the host.`,
  );
}

/** What to quote to an administrator. */
export function errorCode(error: unknown): string {
  return error instanceof ApiError ? error.code : "client_error";
}
