import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { BrandView } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { Note } from "../../../ui/Note.tsx";
import { TextField } from "../../../ui/TextField.tsx";

interface HostsFormProps {
  readonly brand: BrandView;
  readonly maySet: boolean;
  readonly onSaved: (brand: BrandView) => void;
}

/** Under which host names one is met. Who may not set them reads them, and whom to ask. */
export function HostsForm({ brand, maySet, onSaved }: HostsFormProps) {
  const { t } = useLingui();
  const [text, setText] = useState(brand.hosts.join("\n"));
  const save = useAction(async () => {
    const hosts = text.split(/[\s,]+/).filter((one) => one !== "");
    const saved = await api.put<BrandView>("/brands/own/hosts", { hosts });
    setText(saved.hosts.join("\n"));
    onSaved(saved);
  });
  return (
    <Form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <h2>{t`Host names`}</h2>
      {brand.hosts.length > 1 && (
        <p className="muted small">
          {t`Links are made with the first and work at each. A passkey works at the host name where it was made: at another one sign in with a password and add a passkey there.`}
        </p>
      )}
      {maySet ? (
        <>
          <TextField
            label={t`One a line, the one for links first`}
            rows={3}
            value={text}
            onChange={setText}
          />
          {save.error !== null && <Note tone="danger">{save.error}</Note>}
          <div className="split__actions">
            <Button type="submit" isPending={save.pending}>
              {t`Save host names`}
            </Button>
          </div>
        </>
      ) : (
        <>
          {brand.hosts.length > 0 && (
            <ul className="brand-page__hosts">
              {brand.hosts.map((host) => (
                <li key={host}>{host}</li>
              ))}
            </ul>
          )}
          <p className="muted small">
            {t`Host names need a certificate and a name in DNS: whom you buy from sets them.`}
          </p>
        </>
      )}
    </Form>
  );
}
