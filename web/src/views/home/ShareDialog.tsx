import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Form } from "react-aria-components/Form";
import type { Me } from "../../api/types.ts";
import { parseInvitation } from "../../call/entry.ts";
import { go } from "../../shell/navigation.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { startNewMeeting } from "../meetings/start.ts";

interface ShareDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly me: Me;
}

/** Into which meeting one wants to share: a running one, or a new one when nothing is given. */
export function ShareDialog({ isOpen, onClose, me }: ShareDialogProps) {
  const { t } = useLingui();
  const form = useId();
  const [text, setText] = useState("");
  const [unreadable, setUnreadable] = useState(false);
  const title = t`${me.name}’s meeting`;
  const start = useAction(() => startNewMeeting(me, title, { video: false }));
  const submit = () => {
    if (text.trim() === "") {
      void start.run();
      return;
    }
    const invitation = parseInvitation(text);
    if (invitation === null) {
      setUnreadable(true);
      return;
    }
    const fragment = invitation.passcode === null ? "" : `#p=${invitation.passcode}`;
    go(
      /^\d+$/.test(invitation.meeting)
        ? `/join?meeting=${invitation.meeting}`
        : `/j/${invitation.meeting}${fragment}`,
    );
  };
  return (
    <Dialog
      title={t`Share screen`}
      isOpen={isOpen}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button variant="primary" type="submit" form={form} isPending={start.pending}>
            {t`Continue`}
          </Button>
        </>
      }
    >
      <Form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <p className="muted">{t`Once you are in the meeting, press “Share screen” in the toolbar and choose what the others see.`}</p>
        <TextField
          label={t`Meeting number or link`}
          hint={t`Leave it empty to start a new meeting.`}
          value={text}
          onChange={(value) => {
            setText(value);
            setUnreadable(false);
          }}
          error={
            unreadable ? t`This is neither a meeting number (9 to 11 digits) nor a meeting link.` : undefined
          }
          autoComplete="off"
          autoFocus
        />
        {start.error !== null && <Note tone="danger">{start.error}</Note>}
      </Form>
    </Dialog>
  );
}
