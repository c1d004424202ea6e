import { useLingui } from "@lingui/react/macro";
import { Building2, CalendarDays, House, LogOut, Settings, Users } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Link } from "react-aria-components/Link";
import type { Me } from "../api/types.ts";
import { errorText } from "../i18n/errors.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { ButtonLink } from "../ui/Button.tsx";
import { Menu, MenuItem } from "../ui/Menu.tsx";
import { toasts } from "../ui/toasts.ts";
import { Brand } from "./Brand.tsx";
import "./Frame.css";
import { HouseLinks } from "./HouseLinks.tsx";
import { LanguageMenu } from "./LanguageMenu.tsx";
import { go } from "./navigation.ts";
import { OfflineBar } from "./OfflineBar.tsx";
import { type Session, signOut } from "./session.ts";

interface FrameProps {
  readonly session: Session;
  readonly path: string;
  readonly children: ReactNode;
}

/** What stands around every page but the meeting: the way to the other pages, and who one is. */
export function Frame({ session, path, children }: FrameProps) {
  const { t } = useLingui();
  const me = session.state === "signed-in" ? session.me : null;
  return (
    <div className="frame" data-nav={me !== null || undefined}>
      <a className="frame__skip" href="#main">{t`Skip to content`}</a>
      <header className="frame__header">
        <Brand />
        {me === null ? <span className="frame__nav" /> : <Navigation me={me} path={path} />}
        <div className="frame__account">
          {me !== null && <Account me={me} />}
          {session.state === "signed-out" && (
            <>
              <LanguageMenu />
              <ButtonLink href="/sign-in">{t`Sign in`}</ButtonLink>
            </>
          )}
        </div>
      </header>
      <OfflineBar />
      <main className="frame__main" id="main" tabIndex={-1}>
        {children}
      </main>
      <HouseLinks />
    </div>
  );
}

function Navigation({ me, path }: { readonly me: Me; readonly path: string }) {
  const { t } = useLingui();
  const links = [
    { href: "/", label: t`Home`, icon: <House size={20} aria-hidden="true" /> },
    { href: "/meetings", label: t`Meetings`, icon: <CalendarDays size={20} aria-hidden="true" /> },
    ...(me.role === "member"
      ? []
      : [
          { href: "/members", label: t`Members`, icon: <Users size={20} aria-hidden="true" /> },
          { href: "/console", label: t`Console`, icon: <Building2 size={20} aria-hidden="true" /> },
        ]),
    { href: "/settings", label: t`Settings`, icon: <Settings size={20} aria-hidden="true" /> },
  ];
  return (
    <nav className="frame__nav" aria-label={t`Pages`}>
      {links.map(({ href, label, icon }) => {
        const here = href === "/" ? path === "/" : path.startsWith(href);
        return (
          <Link
            key={href}
            href={href}
            className="frame__link"
            {...(here ? { "aria-current": "page" as const } : {})}
            data-current={here || undefined}
          >
            {icon}
            {label}
          </Link>
        );
      })}
    </nav>
  );
}

function Account({ me }: { readonly me: Me }) {
  const { t, i18n } = useLingui();
  const leave = async () => {
    try {
      await signOut();
      go("/");
    } catch (error) {
      toasts.show(errorText(i18n, error), { tone: "danger" });
    }
  };
  return (
    <Menu
      label={t`Account`}
      placement="bottom end"
      trigger={
        <AriaButton className="account" aria-label={t`Account of ${me.name}`}>
          <Avatar name={me.name} size="small" />
        </AriaButton>
      }
    >
      <MenuItem
        href="/settings"
        {...(me.email === null ? {} : { hint: me.email })}
        icon={<Settings size={20} />}
      >
        {me.name}
      </MenuItem>
      <MenuItem onAction={leave} icon={<LogOut size={20} />}>{t`Sign out`}</MenuItem>
    </Menu>
  );
}

/** Around pages that need no navigation: sign-in, enrolment, joining. */
export function BareFrame({ children }: { readonly children: ReactNode }) {
  return (
    <div className="bare">
      <header className="bare__header">
        <Brand />
        <LanguageMenu />
      </header>
      <OfflineBar />
      <main className="bare__main" id="main" tabIndex={-1}>
        {children}
      </main>
      <HouseLinks />
    </div>
  );
}
