import { useLingui } from "@lingui/react/macro";
import { Accessibility, Keyboard, Lock, Mic, Palette, UserRound } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { go } from "../../shell/navigation.ts";
import { Page } from "../../shell/Page.tsx";
import { loadSession, useSession } from "../../shell/session.ts";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Tabs } from "../../ui/Tabs.tsx";
import { AccessibilityPanel } from "./AccessibilityPanel.tsx";
import { GeneralPanel } from "./GeneralPanel.tsx";
import { ProfilePanel } from "./ProfilePanel.tsx";
import { SecurityPanel } from "./SecurityPanel.tsx";
import { ShortcutsPanel } from "./ShortcutsPanel.tsx";
import "./settings.css";

// The call's own code comes only with the panel that tries devices.
const DevicesPanel = lazy(() => import("./DevicesPanel.tsx"));

type Section = "profile" | "security" | "devices" | "general" | "shortcuts" | "accessibility";

interface SectionEntry {
  readonly id: Section;
  readonly label: string;
  readonly icon: ReactNode;
  readonly content: ReactNode;
}

/** What one sets for oneself. Everything but the account is there without being signed in: it belongs to the device. */
export default function SettingsView() {
  const { t } = useLingui();
  const session = useSession();
  const account: SectionEntry[] =
    session.state === "signed-in"
      ? [
          {
            id: "profile",
            label: t`Profile`,
            icon: <UserRound size={20} aria-hidden="true" />,
            content: <ProfilePanel me={session.me} />,
          },
          {
            id: "security",
            label: t`Sign-in and security`,
            icon: <Lock size={20} aria-hidden="true" />,
            content: <SecurityPanel me={session.me} />,
          },
        ]
      : [];
  const sections: SectionEntry[] = [
    ...account,
    {
      id: "devices",
      label: t`Audio and video`,
      icon: <Mic size={20} aria-hidden="true" />,
      content: (
        <Suspense fallback={<SkeletonRows rows={4} />}>
          <DevicesPanel />
        </Suspense>
      ),
    },
    {
      id: "general",
      label: t`Appearance and language`,
      icon: <Palette size={20} aria-hidden="true" />,
      content: <GeneralPanel />,
    },
    {
      id: "shortcuts",
      label: t`Keyboard shortcuts`,
      icon: <Keyboard size={20} aria-hidden="true" />,
      content: <ShortcutsPanel />,
    },
    {
      id: "accessibility",
      label: t`Accessibility`,
      icon: <Accessibility size={20} aria-hidden="true" />,
      content: <AccessibilityPanel />,
    },
  ];
  const asked = new URLSearchParams(location.search).get("section");
  const selected = sections.find((section) => section.id === asked) ?? sections[0];
  return (
    <Page title={t`Settings`}>
      {session.state === "loading" && <SkeletonRows rows={5} />}
      {session.state === "error" && (
        <ErrorPanel
          error={session.error}
          title={t`Your account could not be loaded`}
          onRetry={() => void loadSession()}
        />
      )}
      {session.state !== "loading" && selected !== undefined && (
        <Tabs
          label={t`Settings`}
          orientation="vertical"
          tabs={sections}
          selected={selected.id}
          onSelect={(section) => go(`/settings?section=${section}`, { replace: true })}
        />
      )}
    </Page>
  );
}
