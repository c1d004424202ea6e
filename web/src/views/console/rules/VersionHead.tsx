import { useLingui } from "@lingui/react/macro";
import { CalendarSearch, Diff, Ellipsis, Plus } from "lucide-react";
import { go } from "../../../shell/navigation.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { Menu, MenuItem } from "../../../ui/Menu.tsx";
import { Note } from "../../../ui/Note.tsx";
import { Select } from "../../../ui/Select.tsx";
import { useMarketWords } from "../useMarketWords.ts";
import type { Shown } from "./RulesPanel.tsx";
import { useStatusWords } from "./useStatusWords.ts";
import type { VersionTask } from "./VersionDialogs.tsx";

interface VersionHeadProps {
  readonly shown: Shown;
  readonly onTask: (task: VersionTask) => void;
  readonly onAside: (kind: "simulation" | "differences") => void;
  readonly onAdd: () => void;
}

/** Which version is shown, where it stands, and what can be done with it now. */
export function VersionHead({ shown, onTask, onAside, onAdd }: VersionHeadProps) {
  const { t } = useLingui();
  const status = useStatusWords();
  const { lines, chosen } = shown;
  return (
    <>
      <div className="split__head">
        <Select
          label={t`Version`}
          placeholder={t`No rules are in force`}
          options={lines.map((line) => ({
            id: String(line.version),
            label: `${line.version} · ${line.name}`,
            hint: status(line.status),
          }))}
          value={chosen === null ? null : String(chosen.version)}
          onChange={(version) => go(`/console/rules/${version}`)}
        />
        <div className="split__actions">
          <Button
            icon={<CalendarSearch size={20} aria-hidden="true" />}
            onPress={() => onAside("simulation")}
          >
            {t`Try a date`}
          </Button>
          {chosen !== null && <NextStep shown={shown} onTask={onTask} onAdd={onAdd} />}
          {chosen !== null && (
            <Menu
              label={t`More`}
              placement="bottom end"
              trigger={<IconButton label={t`More`} icon={<Ellipsis size={20} aria-hidden="true" />} />}
            >
              {chosen.status !== "active" && (
                <MenuItem icon={<Diff size={20} />} onAction={() => onAside("differences")}>
                  {t`Compare with what is in force`}
                </MenuItem>
              )}
              {chosen.status !== "draft" && (
                <MenuItem icon={<Plus size={20} />} onAction={() => onTask({ kind: "draft", set: chosen })}>
                  {t`New draft from this…`}
                </MenuItem>
              )}
              {(chosen.status === "submitted" || chosen.status === "approved") && (
                <MenuItem onAction={() => onTask({ kind: "reopen", set: chosen })}>
                  {t`Make it a draft again…`}
                </MenuItem>
              )}
            </Menu>
          )}
        </div>
      </div>
      {chosen !== null && <Standing shown={shown} />}
    </>
  );
}

/** The one act that leads on from where a version stands. */
function NextStep({ shown, onTask, onAdd }: Omit<VersionHeadProps, "onAside">) {
  const { t } = useLingui();
  const set = shown.chosen;
  if (set === null) return null;
  const waiting = shown.activations.find(
    (one) => one.rule_set_id === set.id && one.began_at === null && one.cancelled_at === null,
  );
  switch (set.status) {
    case "draft":
      return (
        <>
          <Button icon={<Plus size={20} aria-hidden="true" />} onPress={onAdd}>
            {t`Add a rule`}
          </Button>
          <Button variant="primary" onPress={() => onTask({ kind: "submit", set })}>
            {t`Submit…`}
          </Button>
        </>
      );
    case "submitted":
      return (
        <Button variant="primary" onPress={() => onTask({ kind: "approve", set })}>
          {t`Approve…`}
        </Button>
      );
    case "approved":
      return (
        <Button variant="primary" onPress={() => onTask({ kind: "activate", set })}>
          {t`Activate…`}
        </Button>
      );
    case "scheduled":
      return waiting === undefined ? null : (
        <Button onPress={() => onTask({ kind: "cancel", set, activation: waiting })}>{t`Call off…`}</Button>
      );
    case "former":
      return <Button onPress={() => onTask({ kind: "restore", set })}>{t`Roll back to this…`}</Button>;
    case "active":
      return <Button onPress={() => onTask({ kind: "draft", set })}>{t`New draft…`}</Button>;
  }
}

function Standing({ shown }: { readonly shown: Shown }) {
  const { t } = useLingui();
  const words = useMarketWords();
  const set = shown.chosen;
  if (set === null) return null;
  const last = shown.activations.findLast((one) => one.rule_set_id === set.id && one.cancelled_at === null);
  const at = last === undefined ? "" : words.moment(last.starts_at);
  const approvals = set.approvals.length;
  const texts = {
    draft: t`A draft: nobody is bound by it. Submit it when it is complete; then two people approve it.`,
    submitted: t`Submitted and unchangeable; approvals so far: ${approvals}.`,
    approved: t`Approved. It binds nobody until it is activated.`,
    scheduled: t`It comes in force on ${at}.`,
    active: t`In force since ${at}.`,
    former: t`It was in force from ${at} on, and is no longer.`,
  };
  return (
    <Note tone={set.status === "active" ? "success" : set.status === "former" ? "plain" : "warning"}>
      {texts[set.status]}
    </Note>
  );
}
