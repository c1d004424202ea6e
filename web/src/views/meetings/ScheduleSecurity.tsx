import { useLingui } from "@lingui/react/macro";
import { Choices } from "../../ui/Choices.tsx";
import { Switch } from "../../ui/Switch.tsx";
import type { Draft } from "./draft.ts";

interface ScheduleSecurityProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

/** Who comes in, and what they may do inside. */
export function ScheduleSecurity({ draft, onChange }: ScheduleSecurityProps) {
  const { t } = useLingui();
  return (
    <>
      <fieldset className="switches">
        <legend className="visually-hidden">{t`Security`}</legend>
        <Switch
          isSelected={draft.passcode}
          onChange={(passcode) => onChange({ ...draft, passcode })}
          hint={t`The link contains it; who types the number must know it.`}
        >
          {t`Passcode`}
        </Switch>
        <Switch
          isSelected={draft.lobby}
          onChange={(lobby) => onChange({ ...draft, lobby, joinBeforeHost: !lobby })}
          hint={t`You let everybody in yourself.`}
        >
          {t`Lobby`}
        </Switch>
        <Switch
          isSelected={draft.joinBeforeHost}
          onChange={(joinBeforeHost) => onChange({ ...draft, joinBeforeHost })}
          hint={t`People can meet while you are not there yet.`}
        >
          {t`Join before host`}
        </Switch>
        <Switch
          isSelected={draft.muteOnEntry}
          onChange={(muteOnEntry) => onChange({ ...draft, muteOnEntry })}
        >
          {t`Mute people when they come in`}
        </Switch>
      </fieldset>
      <Choices
        label={t`Who may share`}
        choices={[
          { id: "host", label: t`Host only` },
          { id: "one", label: t`One at a time` },
          { id: "many", label: t`Several at once` },
        ]}
        value={draft.share}
        onChange={(share) => onChange({ ...draft, share })}
      />
      <Choices
        label={t`Who may chat`}
        choices={[
          { id: "everyone", label: t`Everyone` },
          { id: "host", label: t`With the host only` },
          { id: "off", label: t`Nobody` },
        ]}
        value={draft.chat}
        onChange={(chat) => onChange({ ...draft, chat })}
      />
    </>
  );
}
