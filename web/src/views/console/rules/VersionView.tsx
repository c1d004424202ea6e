import { useLingui } from "@lingui/react/macro";
import { ListChecks } from "lucide-react";
import { useState } from "react";
import { api } from "../../../api/http.ts";
import type { MarketRule, MarketRuleSet } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Note } from "../../../ui/Note.tsx";
import { StatePanel } from "../../../ui/StatePanel.tsx";
import { Split } from "../Split.tsx";
import { DifferencesPanel } from "./DifferencesPanel.tsx";
import { moved, put, without } from "./edits.ts";
import { RuleDetails } from "./RuleDetails.tsx";
import { RuleDialog } from "./RuleDialog.tsx";
import type { Shown } from "./RulesPanel.tsx";
import { RuleTable } from "./RuleTable.tsx";
import { SimulationPanel } from "./SimulationPanel.tsx";
import { VersionDialogs, type VersionTask } from "./VersionDialogs.tsx";
import { VersionHead } from "./VersionHead.tsx";

interface VersionViewProps {
  readonly shown: Shown;
  readonly onChanged: () => Promise<void>;
}

/** What stands beside the rules. */
type Aside =
  | { readonly kind: "rule"; readonly id: string }
  | { readonly kind: "simulation" }
  | { readonly kind: "differences" };

/** A version's rules on the left; on the right the chosen one, or what the version changes. */
export function VersionView({ shown, onChanged }: VersionViewProps) {
  const { t } = useLingui();
  const { chosen } = shown;
  const [aside, setAside] = useState<Aside | null>(null);
  const [task, setTask] = useState<VersionTask | null>(null);
  // The rule that the form holds; "" is a new one.
  const [edited, setEdited] = useState<string | null>(null);
  const rules = chosen?.rules.rule ?? [];
  const change = useAction(async (set: MarketRuleSet, changed: readonly MarketRule[]) => {
    await api.patch(`/market/rules/${set.id}`, {
      revision: set.revision,
      rules: { ...set.rules, rule: changed },
    });
    await onChanged();
  });
  return (
    <>
      <Split
        hint={t`Choose a rule to read it, or try what another date changes.`}
        back={t`All rules`}
        onBack={() => setAside(null)}
        list={
          <>
            <VersionHead
              shown={shown}
              onTask={setTask}
              onAside={(kind) => setAside({ kind })}
              onAdd={() => setEdited("")}
            />
            {change.error !== null && <Note tone="danger">{change.error}</Note>}
            {rules.length === 0 ? (
              <StatePanel icon={<ListChecks size={40} />} title={t`There are no rules`} level={2}>
                <p>{t`People can join meetings. Nobody can register, host, buy, upgrade, renew or get support.`}</p>
              </StatePanel>
            ) : (
              <RuleTable
                rules={rules}
                findings={shown.findings}
                chosen={aside?.kind === "rule" ? aside.id : null}
                onChoose={(rule) => setAside({ kind: "rule", id: rule.id })}
                {...(chosen?.status === "draft" && {
                  edit: {
                    onEdit: ({ id }) => setEdited(id),
                    onMove: ({ id }, by) => void change.run(chosen, moved(rules, id, by)),
                    onRemove: ({ id }) => void change.run(chosen, without(rules, id)),
                  },
                })}
              />
            )}
            <p className="muted small">
              {t`The first rule that is about a question decides it. Where none is, joining is allowed and everything else denied.`}
            </p>
          </>
        }
        details={aside === null ? null : <Beside aside={aside} shown={shown} />}
      />
      {chosen !== null && edited !== null && (
        <RuleDialog
          rule={rules.find(({ id }) => id === edited) ?? null}
          onClose={() => setEdited(null)}
          onSave={async (rule) => {
            await api.patch(`/market/rules/${chosen.id}`, {
              revision: chosen.revision,
              rules: { ...chosen.rules, rule: put(rules, edited === "" ? null : edited, rule) },
            });
            setEdited(null);
            await onChanged();
          }}
        />
      )}
      {task !== null && (
        <VersionDialogs task={task} shown={shown} onClose={() => setTask(null)} onChanged={onChanged} />
      )}
    </>
  );
}

function Beside({ aside, shown }: { readonly aside: Aside; readonly shown: Shown }) {
  const { chosen, findings } = shown;
  if (aside.kind === "simulation") return <SimulationPanel key={chosen?.id} set={chosen} />;
  if (chosen === null) return null;
  if (aside.kind === "differences") return <DifferencesPanel set={chosen} />;
  const rule = chosen.rules.rule?.find(({ id }) => id === aside.id);
  if (rule === undefined) return null;
  return (
    <RuleDetails
      rule={rule}
      groups={chosen.rules.groups ?? {}}
      findings={findings.filter((finding) => finding.rule === rule.id)}
    />
  );
}
