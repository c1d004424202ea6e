import { useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { OneTimeLink, PartnerKind, PartnerRow } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { Choices } from "../../../ui/Choices.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Note } from "../../../ui/Note.tsx";
import { Select } from "../../../ui/Select.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { useMarketWords } from "../useMarketWords.ts";

const KINDS: readonly PartnerKind[] = ["oem", "reseller"];

interface PartnerDialogProps {
  /** Null to add one. */
  readonly partner: PartnerRow | null;
  readonly partners: readonly PartnerRow[];
  readonly onClose: () => void;
  /** With the link for the first of a new one's staff. */
  readonly onSaved: (partner: PartnerRow, link: OneTimeLink | null) => void;
}

/** Adds a partner, or changes its name, kind and place. */
export function PartnerDialog({ partner, partners, onClose, onSaved }: PartnerDialogProps) {
  const { t } = useLingui();
  const words = useMarketWords();
  const id = useId();
  const [code, setCode] = useState("");
  const [name, setName] = useState(partner?.name ?? "");
  const [kind, setKind] = useState<PartnerKind>(partner?.kind ?? "reseller");
  const [parent, setParent] = useState(partner?.parent ?? "");
  const [email, setEmail] = useState("");
  const save = useAction(async () => {
    const said = { name: name.trim(), kind };
    if (partner === null) {
      const added = await api.post<OneTimeLink & { readonly partner: PartnerRow }>("/partners", {
        ...said,
        code: code.trim(),
        owner_email: email.trim(),
        ...(parent !== "" && { parent }),
      });
      onSaved(added.partner, added);
    } else {
      onSaved(await api.patch<PartnerRow>(`/partners/${partner.code}`, { ...said, parent }), null);
    }
  });
  return (
    <Dialog
      title={partner === null ? t`New partner` : t`Change ${partner.name}`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button variant="primary" type="submit" form={id} isPending={save.pending}>
            {partner === null ? t`Add partner` : t`Save`}
          </Button>
        </>
      }
    >
      <Form
        id={id}
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <TextField
          label={t`Name of the organisation`}
          value={name}
          onChange={setName}
          isRequired
          autoFocus
          maxLength={100}
        />
        {partner === null && (
          <TextField
            label={t`Code`}
            hint={t`What market rules call it: small letters, digits and dashes. It is never changed.`}
            value={code}
            onChange={setCode}
            isRequired
            maxLength={32}
          />
        )}
        <Choices
          label={t`Kind of partner`}
          choices={KINDS.map((one) => ({ id: one, label: words.partner(one) }))}
          value={kind}
          onChange={setKind}
        />
        <Select
          label={t`Buys from`}
          options={[
            { id: "", label: t`The operator` },
            ...partners
              .filter((one) => one.code !== partner?.code && one.ended_at === null)
              .map((one) => ({ id: one.code, label: one.name })),
          ]}
          value={parent}
          onChange={setParent}
        />
        {partner === null && (
          <TextField
            label={t`Email of the first of its staff`}
            hint={t`You get a link to hand over.`}
            type="email"
            value={email}
            onChange={setEmail}
            isRequired
          />
        )}
        {save.error !== null && <Note tone="danger">{save.error}</Note>}
      </Form>
    </Dialog>
  );
}
