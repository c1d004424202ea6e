import { useLingui } from "@lingui/react/macro";
import { CalendarSearch, ChevronLeft, ListChecks } from "lucide-react";
import { useState } from "react";
import { api } from "../../../api/http.ts";
import type { MarketRule, MarketRuleSet } from "../../../api/types.ts";
import { useResource } from "../../../shell/useResource.ts";
import { Button } from "../../../ui/Button.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { StatePanel } from "../../../ui/StatePanel.tsx";
import { useMarketWords } from "../useMarketWords.ts";
import { RuleDetails } from "./RuleDetails.tsx";
import { RuleTable } from "./RuleTable.tsx";
import { SimulationPanel } from "./SimulationPanel.tsx";

/** The rules in force on the left; on the right the chosen one, or what another date changes. */
export function RulesPanel() {
  const { t } = useLingui();
  const { resource, reload } = useResource("/market/rules/active", (signal) =>
    api.get<MarketRuleSet>("/market/rules/active", { signal }),
  );
  if (resource.state === "loading") return <SkeletonRows rows={6} />;
  if (resource.state === "error") {
    return <ErrorPanel error={resource.error} title={t`The rules could not be loaded`} onRetry={reload} />;
  }
  return <Rules set={resource.value} />;
}

type Aside = { readonly kind: "rule"; readonly rule: MarketRule } | { readonly kind: "simulation" };

function Rules({ set }: { readonly set: MarketRuleSet }) {
  const { t } = useLingui();
  const words = useMarketWords();
  const [aside, setAside] = useState<Aside | null>(null);
  const rules = set.rules.rule ?? [];
  const since = set.activated_at === null ? null : words.moment(set.activated_at);
  return (
    <div className="split" data-chosen={aside !== null || undefined}>
      <div className="split__list">
        <div className="split__head">
          <div>
            <h2>{set.name === "" ? t`No rules are in force` : set.name}</h2>
            {since !== null && <p className="muted small">{t`In force since ${since}`}</p>}
          </div>
          <Button
            icon={<CalendarSearch size={20} aria-hidden="true" />}
            onPress={() => setAside({ kind: "simulation" })}
          >
            {t`Try a date`}
          </Button>
        </div>
        <p className="muted">
          {t`The first rule that is about a question decides it. Where none is, joining is allowed and everything else denied.`}
        </p>
        {rules.length === 0 ? (
          <StatePanel icon={<ListChecks size={40} />} title={t`There are no rules`} level={3}>
            <p>{t`People can join meetings. Nobody can register, host, buy, upgrade, renew or get support.`}</p>
          </StatePanel>
        ) : (
          <RuleTable
            rules={rules}
            chosen={aside?.kind === "rule" ? aside.rule.id : null}
            onChoose={(rule) => setAside({ kind: "rule", rule })}
          />
        )}
      </div>
      <div className="split__details">
        {aside === null ? (
          <p className="split__hint muted">{t`Choose a rule to read it, or try what another date changes.`}</p>
        ) : (
          <>
            <div className="split__back">
              <Button
                variant="quiet"
                icon={<ChevronLeft size={20} aria-hidden="true" />}
                onPress={() => setAside(null)}
              >
                {t`All rules`}
              </Button>
            </div>
            {aside.kind === "rule" ? (
              <RuleDetails rule={aside.rule} groups={set.rules.groups ?? {}} />
            ) : (
              <SimulationPanel />
            )}
          </>
        )}
      </div>
    </div>
  );
}
