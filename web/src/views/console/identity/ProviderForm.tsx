import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { Identity, Provider } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { ConfirmDialog } from "../../../ui/Dialog.tsx";
import { Note } from "../../../ui/Note.tsx";
import { Switch } from "../../../ui/Switch.tsx";
import { TextField } from "../../../ui/TextField.tsx";
import { toasts } from "../../../ui/toasts.ts";
import { listed, typed } from "./values.ts";

const NONE: Provider = {
  issuer: "",
  client_id: "",
  has_secret: false,
  domains: [],
  makes_members: false,
  trusts_email: false,
  role_claim: "",
  admin_values: [],
  second_factor_values: [],
};

interface ProviderFormProps {
  readonly identity: Identity;
  readonly onSaved: (identity: Identity) => void;
  readonly onRemoved: () => void;
}

/** Sets the OpenID Connect provider. The server asks it before it is kept, so that nobody saves what cannot work. */
export function ProviderForm({ identity, onSaved, onRemoved }: ProviderFormProps) {
  const { t } = useLingui();
  const before = identity.provider ?? NONE;
  const [said, setSaid] = useState({
    issuer: before.issuer,
    client_id: before.client_id,
    makes_members: before.makes_members,
    trusts_email: before.trusts_email,
    role_claim: before.role_claim,
  });
  const [secret, setSecret] = useState("");
  const [domains, setDomains] = useState(typed(before.domains.map(({ name }) => name)));
  const [admins, setAdmins] = useState(typed(before.admin_values));
  const [factors, setFactors] = useState(typed(before.second_factor_values));
  const [removing, setRemoving] = useState(false);
  const set = (change: Partial<typeof said>) => setSaid({ ...said, ...change });
  const save = useAction(async () => {
    const body = {
      ...said,
      ...(secret === "" ? {} : { client_secret: secret }),
      domains: listed(domains),
      admin_values: listed(admins),
      second_factor_values: listed(factors),
    };
    onSaved(await api.put<Identity>("/identity/provider", body));
    setSecret("");
    toasts.show(t`Provider saved`, { tone: "success" });
  });
  const remove = useAction(async () => {
    await api.delete("/identity/provider");
    setRemoving(false);
    onRemoved();
  });
  const unproved = before.domains.filter(({ verified }) => !verified).map(({ name }) => name);
  const names = unproved.join(", ");
  return (
    <Form
      className="form settings__form"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <TextField
        label={t`Issuer`}
        hint={t`As the provider writes it, such as https://login.example.org/tenant`}
        type="url"
        value={said.issuer}
        onChange={(issuer) => set({ issuer })}
        isRequired
      />
      <TextField
        label={t`Client id`}
        value={said.client_id}
        onChange={(client_id) => set({ client_id })}
        isRequired
      />
      <TextField
        label={t`Client secret`}
        hint={
          before.has_secret ? t`One is kept, and shown to nobody. Leave this empty to keep it.` : undefined
        }
        type="password"
        autoComplete="off"
        value={secret}
        onChange={setSecret}
      />
      <TextField
        label={t`Mail domains`}
        hint={t`Whoever types an address of these on the sign-in page is sent to the provider. Separate them by commas.`}
        value={domains}
        onChange={setDomains}
      />
      {unproved.length > 0 && (
        <Note tone="warning">{t`Not yet proved to be yours: ${names}. Until then your people sign in by the link below.`}</Note>
      )}
      <Switch
        isSelected={said.makes_members}
        onChange={(makes_members) => set({ makes_members })}
        hint={t`Only with an address of a domain that is proved to be yours, and as long as your plan has seats. Others have to be invited.`}
      >
        {t`Who comes from the provider becomes a member`}
      </Switch>
      <Switch
        isSelected={said.trusts_email}
        onChange={(trusts_email) => set({ trusts_email })}
        hint={t`For a directory of your own that does not say which addresses are verified, as Entra ID.`}
      >
        {t`All addresses of the provider are right`}
      </Switch>
      <div className="form__row">
        <TextField
          label={t`Claim for roles`}
          hint={t`Such as groups. Empty: roles are given here.`}
          value={said.role_claim}
          onChange={(role_claim) => set({ role_claim })}
        />
        <TextField
          label={t`Values of administrators`}
          hint={t`Whoever has none of them is a member.`}
          value={admins}
          onChange={setAdmins}
        />
      </div>
      <TextField
        label={t`Values of a second factor`}
        hint={t`If the provider asks for one and says so in amr or acr, such as mfa.`}
        value={factors}
        onChange={setFactors}
      />
      {save.error !== null && <Note tone="danger">{save.error}</Note>}
      <div className="form__actions">
        {identity.provider !== null && (
          <Button variant="danger" onPress={() => setRemoving(true)}>
            {t`Remove provider…`}
          </Button>
        )}
        <Button type="submit" variant="primary" isPending={save.pending}>
          {t`Save`}
        </Button>
      </div>
      <ConfirmDialog
        title={t`Remove the provider?`}
        isOpen={removing}
        onClose={() => setRemoving(false)}
        action={t`Remove provider`}
        onConfirm={remove.run}
      >
        <p>{t`Nobody can sign in through it any more. Who has neither password nor passkey needs a link from you. Who is signed in stays so.`}</p>
        {remove.error !== null && <Note tone="danger">{remove.error}</Note>}
      </ConfirmDialog>
    </Form>
  );
}
