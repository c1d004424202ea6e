/** A brand while it is being written: every field is text, as people type it. */

import type { BrandLink, BrandLook } from "../../../api/types.ts";

export interface Draft {
  readonly name: string;
  readonly accent: string;
  readonly accentDark: string;
  readonly supportEmail: string;
  readonly supportUrl: string;
  readonly links: readonly BrandLink[];
  readonly mailName: string;
  readonly mailAddress: string;
  readonly footer: Readonly<Record<string, string>>;
}

export function draftOf(look: BrandLook): Draft {
  return {
    name: look.name,
    accent: look.accent,
    accentDark: look.accent_dark ?? "",
    supportEmail: look.support_email ?? "",
    supportUrl: look.support_url ?? "",
    links: look.links,
    mailName: look.mail_name ?? "",
    mailAddress: look.mail_address ?? "",
    footer: look.mail_footer,
  };
}

const given = (text: string): string | null => (text.trim() === "" ? null : text.trim());

export function lookOf(draft: Draft): BrandLook {
  return {
    name: draft.name.trim(),
    accent: draft.accent.trim(),
    accent_dark: given(draft.accentDark),
    support_email: given(draft.supportEmail),
    support_url: given(draft.supportUrl),
    links: draft.links.filter(({ label, url }) => label.trim() !== "" || url.trim() !== ""),
    mail_name: given(draft.mailName),
    mail_address: given(draft.mailAddress),
    mail_footer: Object.fromEntries(Object.entries(draft.footer).filter(([, text]) => text.trim() !== "")),
  };
}

/** Whether a colour is whole: while it is being typed nothing is asked about it. */
export function isColour(text: string): boolean {
  return /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text.trim());
}
