import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import type { Participant } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { TextField } from "../../ui/TextField.tsx";

interface RenameDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly person: Participant;
  readonly call: Call;
}

/** A new name for this meeting. */
export function RenameDialog({ isOpen, onClose, person, call }: RenameDialogProps) {
  const { t } = useLingui();
  const [name, setName] = useState(person.name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === "") return;
    call.act({ type: "rename", participant: person.id, name: name.trim() });
    onClose();
  };
  return (
    <Dialog title={t`Rename`} isOpen={isOpen} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField label={t`New name`} value={name} onChange={setName} maxLength={80} autoFocus isRequired />
        <div className="form__actions">
          <Button type="submit" variant="primary" isDisabled={name.trim() === ""}>
            {t`Save`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
