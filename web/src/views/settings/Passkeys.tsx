import { useLingui } from "@lingui/react/macro";
import { KeyRound, Trash2 } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/http.ts";
import { deviceName, makePasskey, passkeysSupported } from "../../api/passkeys.ts";
import type { Me, Passkey } from "../../api/types.ts";
import { loadSession } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";

/** The passkeys of the account: add one on this device, remove those of lost ones. */
export function Passkeys({ me }: { readonly me: Me }) {
  const { t, i18n } = useLingui();
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const add = useAction(async () => {
    const answer = await makePasskey("/me/passkeys/options");
    if (answer === null) return;
    await api.post("/me/passkeys", { ...answer, name: deviceName() });
    await loadSession();
  });
  const remove = useAction(async () => {
    if (removing === null) return;
    await api.delete(`/me/passkeys/${encodeURIComponent(removing.id)}`);
    setRemoving(null);
    await loadSession();
  });
  return (
    <>
      <p className="muted">{t`With a passkey you sign in by fingerprint, face or the lock of your device, and there is no password to steal.`}</p>
      {me.passkeys.length > 0 && (
        <ul className="rows">
          {me.passkeys.map((passkey) => (
            <li key={passkey.id} className="rows__row">
              <KeyRound size={20} aria-hidden="true" />
              <span className="rows__words">
                <span>{passkey.name}</span>
                <span className="muted small">{t`Added ${i18n.date(passkey.created_at, { dateStyle: "medium" })}`}</span>
              </span>
              <IconButton
                label={t`Remove ${passkey.name}`}
                icon={<Trash2 size={20} aria-hidden="true" />}
                onPress={() => setRemoving(passkey)}
              />
            </li>
          ))}
        </ul>
      )}
      {add.error !== null && <Note tone="danger">{add.error}</Note>}
      {passkeysSupported() ? (
        <div className="form__actions">
          <Button
            isPending={add.pending}
            onPress={() => void add.run()}
            icon={<KeyRound size={16} aria-hidden="true" />}
          >
            {t`Add a passkey`}
          </Button>
        </div>
      ) : (
        <Note>{t`This browser cannot make passkeys here. They need a current browser and a page with HTTPS.`}</Note>
      )}
      <ConfirmDialog
        title={t`Remove this passkey?`}
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        action={t`Remove passkey`}
        onConfirm={remove.run}
      >
        <p>{t`You can no longer sign in with “${removing?.name ?? ""}”.`}</p>
        {remove.error !== null && <Note tone="danger">{remove.error}</Note>}
      </ConfirmDialog>
    </>
  );
}
