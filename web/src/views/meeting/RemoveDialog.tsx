import { useLingui } from "@lingui/react/macro";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import type { ScreenControl } from "./useScreen.ts";

interface RemoveDialogProps {
  readonly call: Call;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** Asks before somebody is sent out; goes by itself when they have left meanwhile. */
export function RemoveDialog({ call, meeting, screen }: RemoveDialogProps) {
  const { t } = useLingui();
  const person = meeting.participants.find(({ id }) => id === screen.removing);
  const close = (): void => screen.set({ removing: null });
  const name = person?.name ?? "";
  return (
    <ConfirmDialog
      isOpen={person !== undefined}
      onClose={close}
      title={t`Remove ${name}?`}
      action={t`Remove`}
      onConfirm={async () => {
        if (person !== undefined) call.act({ type: "remove", participant: person.id });
        close();
      }}
    >
      <p>
        {meeting.meeting.lobby
          ? t`${name} leaves the meeting at once. Who comes back by the link waits in the lobby, and you decide.`
          : t`${name} leaves the meeting at once. Lock the meeting, or turn the lobby on, to keep people from coming back by the link.`}
      </p>
    </ConfirmDialog>
  );
}
