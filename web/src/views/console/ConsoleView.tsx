import { useLingui } from "@lingui/react/macro";
import { Building2, Fingerprint, Handshake, Palette, Receipt, Scale, ScrollText } from "lucide-react";
import type { ReactNode } from "react";
import type { Me } from "../../api/types.ts";
import { go } from "../../shell/navigation.ts";
import { Page } from "../../shell/Page.tsx";
import type { ViewProps } from "../../shell/routes.ts";
import { loadSession, useSession } from "../../shell/session.ts";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Tabs } from "../../ui/Tabs.tsx";
import { AuditPanel } from "./audit/AuditPanel.tsx";
import { BrandPanel } from "./brand/BrandPanel.tsx";
import "./console.css";
import { IdentityPanel } from "./identity/IdentityPanel.tsx";
import { PartnersPanel } from "./partners/PartnersPanel.tsx";
import { RulesPanel } from "./rules/RulesPanel.tsx";
import { StatementsPanel } from "./statements/StatementsPanel.tsx";
import { TenantsPanel } from "./tenants/TenantsPanel.tsx";

type Section = "tenants" | "partners" | "rules" | "statements" | "sign-in" | "audit" | "brand";

interface SectionEntry {
  readonly id: Section;
  readonly label: string;
  readonly icon: ReactNode;
  /** The permission without which it is not shown. */
  readonly needs: string;
  readonly content: ReactNode;
}

/** What the operator, partners and tenants administer; each sees what their role may. */
export default function ConsoleView({ parameters }: ViewProps) {
  const { t } = useLingui();
  const session = useSession();
  if (session.state === "error") {
    return (
      <ErrorPanel
        error={session.error}
        title={t`The console could not be loaded`}
        onRetry={() => void loadSession()}
        level={1}
      />
    );
  }
  if (session.state !== "signed-in") return null;
  return (
    <Console me={session.me} section={parameters["section"] ?? null} item={parameters["item"] ?? null} />
  );
}

interface ConsoleProps {
  readonly me: Me;
  readonly section: string | null;
  readonly item: string | null;
}

function Console({ me, section, item }: ConsoleProps) {
  const { t } = useLingui();
  const may = (scope: string) => me.scopes.includes(scope);
  const all: readonly SectionEntry[] = [
    {
      id: "tenants",
      label: t`Tenants`,
      icon: <Building2 size={20} aria-hidden="true" />,
      needs: "tenants:read",
      content: <TenantsPanel mayWrite={may("tenants:write")} />,
    },
    {
      id: "partners",
      label: t`Partners`,
      icon: <Handshake size={20} aria-hidden="true" />,
      needs: "tenants:read",
      content: <PartnersPanel mayWrite={may("partners:write")} />,
    },
    {
      id: "rules",
      label: t`Market rules`,
      icon: <Scale size={20} aria-hidden="true" />,
      needs: "market",
      content: <RulesPanel version={item} />,
    },
    {
      id: "statements",
      label: t`Statements`,
      icon: <Receipt size={20} aria-hidden="true" />,
      needs: "admin",
      content: <StatementsPanel />,
    },
    {
      id: "sign-in",
      label: t`Sign-in`,
      icon: <Fingerprint size={20} aria-hidden="true" />,
      needs: "identity",
      content: <IdentityPanel />,
    },
    {
      id: "brand",
      label: t`Brand`,
      icon: <Palette size={20} aria-hidden="true" />,
      needs: "brand",
      content: <BrandPanel maySetHosts={may("hosts")} />,
    },
    {
      id: "audit",
      label: t`Audit log`,
      icon: <ScrollText size={20} aria-hidden="true" />,
      needs: "admin",
      content: <AuditPanel />,
    },
  ];
  const sections = all.filter(({ needs }) => may(needs));
  const selected = sections.find(({ id }) => id === section) ?? sections[0];
  return (
    <Page title={t`Console`} width="wide">
      {selected !== undefined && (
        <Tabs
          label={t`Console`}
          tabs={sections}
          selected={selected.id}
          onSelect={(chosen) => go(`/console/${chosen}`)}
        />
      )}
    </Page>
  );
}
