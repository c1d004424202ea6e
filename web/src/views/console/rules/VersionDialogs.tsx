import { type CalendarDateTime, getLocalTimeZone, toZoned } from "@internationalized/date";
import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { api } from "../../../api/http.ts";
import type { MarketActivation, MarketRuleSet } from "../../../api/types.ts";
import { go } from "../../../shell/navigation.ts";
import { useAction } from "../../../shell/useAction.ts";
import { DateField } from "../../../ui/DateField.tsx";
import { ConfirmDialog } from "../../../ui/Dialog.tsx";
import { Note } from "../../../ui/Note.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { toasts } from "../../../ui/toasts.ts";
import type { Shown } from "./RulesPanel.tsx";

/** What somebody is about to do to a version of the rules. */
export type VersionTask =
  | {
      readonly kind: "draft" | "submit" | "approve" | "activate" | "restore" | "reopen";
      readonly set: MarketRuleSet;
    }
  | { readonly kind: "cancel"; readonly set: MarketRuleSet; readonly activation: MarketActivation };

interface VersionDialogsProps {
  readonly task: VersionTask;
  readonly shown: Shown;
  readonly onClose: () => void;
  readonly onChanged: () => Promise<void>;
}

/** Asks before each act, and says what it does. */
export function VersionDialogs({ task, shown, onClose, onChanged }: VersionDialogsProps) {
  const { t } = useLingui();
  const { set } = task;
  const [name, setName] = useState(set.name);
  const [at, setAt] = useState<CalendarDateTime | null>(null);
  const [zone] = useState(getLocalTimeZone);
  const act = useAction(async () => {
    const path = `/market/rules/${set.id}`;
    const read = { revision: set.revision };
    switch (task.kind) {
      case "draft": {
        const made = await api.post<MarketRuleSet>("/market/rules", { name: name.trim(), rules: set.rules });
        go(`/console/rules/${made.version}`);
        break;
      }
      case "submit":
      case "approve":
        await api.post(`${path}/${task.kind}`, read);
        break;
      case "reopen":
        await api.post(`${path}/reopen`);
        break;
      case "activate":
        await api.post(`${path}/activate`, at === null ? {} : { at: toZoned(at, zone).toAbsoluteString() });
        break;
      case "restore": {
        const active = shown.lines.find(({ status }) => status === "active");
        const made = await api.post<MarketRuleSet>(`${path}/restore`, { instead_of: active?.id ?? "" });
        go(`/console/rules/${made.version}`);
        break;
      }
      case "cancel":
        await api.post(`/market/activations/${task.activation.id}/cancel`);
        break;
    }
    onClose();
    toasts.show(t`Saved`, { tone: "success" });
    await onChanged();
  });
  const version = set.version;
  const words = {
    draft: {
      title: t`Draft new rules from version ${version}`,
      text: t`The draft begins with the same rules. Nobody is bound by it until it is approved and activated.`,
      action: t`Make draft`,
    },
    submit: {
      title: t`Submit version ${version}?`,
      text: t`It cannot be changed after that, so that everybody approves the same rules.`,
      action: t`Submit`,
    },
    approve: {
      title: t`Approve version ${version}?`,
      text: t`You say that you have read all of its rules and agree to them. Your approval counts once.`,
      action: t`Approve`,
    },
    activate: {
      title: t`Activate version ${version}?`,
      text: t`From then on its rules bind everybody, in place of those in force. Meetings that run go on.`,
      action: t`Activate`,
    },
    restore: {
      title: t`Roll back to version ${version}?`,
      text: t`Its rules come in force again at once, as a new version.`,
      action: t`Roll back`,
    },
    reopen: {
      title: t`Make version ${version} a draft again?`,
      text: t`Its approvals are forgotten.`,
      action: t`Make it a draft`,
    },
    cancel: {
      title: t`Call off version ${version}?`,
      text: t`It does not come in force at its date. It stays approved and can be activated again.`,
      action: t`Call off`,
    },
  }[task.kind];
  return (
    <ConfirmDialog
      title={words.title}
      isOpen
      onClose={onClose}
      action={words.action}
      tone={task.kind === "restore" || task.kind === "cancel" ? "danger" : "primary"}
      onConfirm={act.run}
    >
      <p>{words.text}</p>
      {task.kind === "draft" && (
        <TextField label={t`Name`} value={name} onChange={setName} maxLength={200} autoFocus />
      )}
      {task.kind === "activate" && (
        <>
          <DateField label={t`From`} granularity="minute" value={at} onChange={setAt} />
          <p className="muted small">{t`The time is that of ${zone}. Empty: now.`}</p>
        </>
      )}
      {act.error !== null && <Note tone="danger">{act.error}</Note>}
    </ConfirmDialog>
  );
}
