import { useLingui } from "@lingui/react/macro";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { api } from "../../../api/http.ts";
import type { Identity, ScimGroup } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { CopyButton } from "../../../ui/CopyButton.tsx";
import { Note } from "../../../ui/Note.tsx";
import { Switch } from "../../../ui/Switch.tsx";

interface ScimSectionProps {
  readonly identity: Identity;
  readonly onSaved: (identity: Identity) => void;
  readonly onChanged: () => Promise<void>;
}

/** Lets the organisation's own system keep its members: by which tokens, and which of its groups are administrators. */
export function ScimSection({ identity, onSaved, onChanged }: ScimSectionProps) {
  const { t, i18n } = useLingui();
  const { url, tokens, groups } = identity.scim;
  const [secret, setSecret] = useState<string | null>(null);
  const make = useAction(async () => {
    const { token } = await api.post<{ token: string }>("/identity/scim/tokens");
    setSecret(token);
    await onChanged();
  });
  const revoke = useAction(async (id: string) => {
    await api.delete(`/identity/scim/tokens/${encodeURIComponent(id)}`);
    setSecret(null);
    await onChanged();
  });
  const set = useAction(async ({ id }: ScimGroup, makes_admins: boolean) =>
    onSaved(await api.patch<Identity>(`/identity/scim/groups/${encodeURIComponent(id)}`, { makes_admins })),
  );
  const error = make.error ?? revoke.error ?? set.error;
  return (
    <section className="settings__part" aria-labelledby="identity-scim">
      <h2 id="identity-scim">{t`Members from your own system (SCIM)`}</h2>
      <p className="muted">{t`Your directory adds, changes and deactivates members here by itself. Give it this address and a token:`}</p>
      <code className="link-box">{url}</code>
      {tokens.length > 0 && (
        <ul className="rows">
          {tokens.map((token) => (
            <li key={token.id} className="rows__row">
              <KeyRound size={20} aria-hidden="true" />
              <span className="rows__words">
                <span>{token.name}</span>
                <span className="muted small">{t`Added ${i18n.date(token.created_at, { dateStyle: "medium" })}`}</span>
              </span>
              <Button size="small" isDisabled={revoke.pending} onPress={() => void revoke.run(token.id)}>
                {t`Revoke token`}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {secret !== null && (
        <>
          <code className="link-box">{secret}</code>
          <Note tone="warning">{t`The token is shown only now.`}</Note>
        </>
      )}
      <div className="form__actions">
        {secret !== null && <CopyButton text={secret}>{t`Copy token`}</CopyButton>}
        <Button isPending={make.pending} onPress={() => void make.run()}>
          {t`Make a token`}
        </Button>
      </div>
      {groups.map((group) => (
        <Switch
          key={group.id}
          isSelected={group.makes_admins}
          isDisabled={set.pending}
          onChange={(selected) => void set.run(group, selected)}
          hint={t`${group.members} in this group`}
        >
          {t`${group.name}: administrators`}
        </Switch>
      ))}
      {error !== null && <Note tone="danger">{error}</Note>}
    </section>
  );
}
