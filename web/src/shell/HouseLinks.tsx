import { useLingui } from "@lingui/react/macro";
import { brand } from "./branding.ts";

/** At the foot of pages: where to find help, and what the law wants said. Nothing where the brand names none. */
export function HouseLinks() {
  const { t } = useLingui();
  const { support_url: url, support_email: email, links } = brand();
  const help = url ?? (email === null ? null : `mailto:${email}`);
  if (help === null && links.length === 0) return null;
  return (
    <footer className="house-links">
      {help !== null && (
        <a href={help} {...(url === null ? {} : { target: "_blank", rel: "noreferrer" })}>
          {t`Help`}
        </a>
      )}
      {links.map((link) => (
        <a key={`${link.label} ${link.url}`} href={link.url} target="_blank" rel="noreferrer">
          {link.label}
        </a>
      ))}
    </footer>
  );
}
