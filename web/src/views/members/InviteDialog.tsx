import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../api/http.ts";
import type { Me, Member, MemberRole, OneTimeLink } from "../../api/types.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Choices } from "../../ui/Choices.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import type { HandedLink } from "./MembersView.tsx";
import { rolesToGive, useRoleName } from "./roles.ts";

interface InviteDialogProps {
  readonly me: Me;
  readonly onClose: () => void;
  readonly onInvited: (link: HandedLink) => void;
}

/** Makes a member and the link with which they set up their account. */
export function InviteDialog({ me, onClose, onInvited }: InviteDialogProps) {
  const { t } = useLingui();
  const form = useId();
  const roleName = useRoleName();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<MemberRole>("member");
  const invite = useAction(async () => {
    const made = await api.post<OneTimeLink & { readonly member: Member }>("/members", {
      email: email.trim(),
      ...(name.trim() === "" ? {} : { name: name.trim() }),
      role,
    });
    onInvited({ ...made, kind: "invitation" });
  });
  return (
    <Dialog
      title={t`Invite a member`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button variant="primary" type="submit" form={form} isPending={invite.pending}>
            {t`Make invitation link`}
          </Button>
        </>
      }
    >
      <Form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void invite.run();
        }}
      >
        <TextField label={t`Email`} type="email" value={email} onChange={setEmail} isRequired autoFocus />
        <TextField
          label={t`Name`}
          hint={t`They can change it.`}
          value={name}
          onChange={setName}
          maxLength={100}
        />
        <Choices
          label={t`Role`}
          choices={rolesToGive(me.role).map((id) => ({ id, label: roleName(id) }))}
          value={role}
          onChange={setRole}
        />
        {invite.error !== null && <Note tone="danger">{invite.error}</Note>}
      </Form>
    </Dialog>
  );
}
