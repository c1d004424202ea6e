import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../api/http.ts";
import type { Me } from "../../api/types.ts";
import { setMe } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { toasts } from "../../ui/toasts.ts";
import { useRoleName } from "../members/roles.ts";

/** Who one is to the others. */
export function ProfilePanel({ me }: { readonly me: Me }) {
  const { t } = useLingui();
  const roleName = useRoleName();
  const [name, setName] = useState(me.name);
  const save = useAction(async () => {
    setMe(await api.patch<Me>("/me", { name: name.trim() }));
    toasts.show(t`Saved`, { tone: "success" });
  });
  return (
    <section className="settings" aria-labelledby="settings-profile">
      <h2 id="settings-profile">{t`Profile`}</h2>
      <div className="settings__who">
        <Avatar name={name} size="large" />
        <div>
          <strong>{me.name}</strong>
          <p className="muted">{me.email}</p>
          <p className="muted">
            {me.tenant.name} · {roleName(me.role)}
          </p>
        </div>
      </div>
      <Form
        className="form settings__form"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <TextField
          label={t`Your name`}
          hint={t`The others see it in meetings.`}
          value={name}
          onChange={setName}
          autoComplete="name"
          maxLength={100}
          isRequired
        />
        {save.error !== null && <Note tone="danger">{save.error}</Note>}
        <div className="form__actions">
          <Button
            type="submit"
            variant="primary"
            isPending={save.pending}
            isDisabled={name.trim() === "" || name.trim() === me.name}
          >
            {t`Save`}
          </Button>
        </div>
      </Form>
    </section>
  );
}
