import { useLingui } from "@lingui/react/macro";
import { Scale } from "lucide-react";
import type { ReactNode } from "react";
import { go } from "../../shell/navigation.ts";
import { Page } from "../../shell/Page.tsx";
import type { ViewProps } from "../../shell/routes.ts";
import { Tabs } from "../../ui/Tabs.tsx";
import "./console.css";
import { RulesPanel } from "./rules/RulesPanel.tsx";

type Section = "rules";

interface SectionEntry {
  readonly id: Section;
  readonly label: string;
  readonly icon: ReactNode;
  readonly content: ReactNode;
}

/** What the operator, partners and tenants administer; each sees what their role may. */
export default function ConsoleView({ parameters }: ViewProps) {
  const { t } = useLingui();
  const sections: SectionEntry[] = [
    {
      id: "rules",
      label: t`Market rules`,
      icon: <Scale size={20} aria-hidden="true" />,
      content: <RulesPanel version={parameters["item"] ?? null} />,
    },
  ];
  const selected = sections.find(({ id }) => id === parameters["section"]) ?? sections[0];
  return (
    <Page title={t`Console`} width="wide">
      {selected !== undefined && (
        <Tabs
          label={t`Console`}
          tabs={sections}
          selected={selected.id}
          onSelect={(section) => go(`/console/${section}`)}
        />
      )}
    </Page>
  );
}
