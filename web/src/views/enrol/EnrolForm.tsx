import { useLingui } from "@lingui/react/macro";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../api/http.ts";
import { deviceName, makePasskey, passkeysSupported } from "../../api/passkeys.ts";
import type { Enrolment, Me } from "../../api/types.ts";
import { go } from "../../shell/navigation.ts";
import { setMe } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { PASSWORD_LENGTH } from "../settings/password.ts";
import { forgetToken } from "./token.ts";

interface EnrolFormProps {
  readonly token: string;
  readonly enrolment: Enrolment;
}

/** Name and email as far as they are not known, then a password or a passkey. */
export function EnrolForm({ token, enrolment }: EnrolFormProps) {
  const { t } = useLingui();
  const reset = enrolment.kind === "reset";
  const [name, setName] = useState(enrolment.name ?? "");
  const [email, setEmail] = useState(enrolment.email ?? "");
  const [password, setPassword] = useState("");
  const who = {
    token,
    ...(reset ? {} : { name: name.trim() }),
    ...(enrolment.email === null ? { email: email.trim() } : {}),
  };
  const finish = (me: Me) => {
    forgetToken();
    setMe(me);
    go("/", { replace: true });
  };
  const byPassword = useAction(async () => finish(await api.post<Me>("/enrolments", { ...who, password })));
  const byPasskey = useAction(async () => {
    const answer = await makePasskey("/enrolments/passkey/options", who);
    if (answer === null) return;
    finish(await api.post<Me>("/enrolments", { ...who, passkey: { ...answer, name: deviceName() } }));
  });
  const error = byPassword.error ?? byPasskey.error;
  const known = (reset || name.trim() !== "") && email.trim() !== "";
  return (
    <div className="entry">
      <h1>{reset ? t`Set a new password` : t`Welcome to ${enrolment.tenant_name}`}</h1>
      <p className="muted">
        {enrolment.kind === "owner" &&
          t`You are the first owner of this installation. Say who you are, and how you will sign in.`}
        {enrolment.kind === "invitation" &&
          t`You are invited to join. Say who you are, and how you will sign in.`}
        {reset && t`Choose how you will sign in from now on. Everywhere else you will be signed out.`}
      </p>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          byPasskey.clear();
          void byPassword.run();
        }}
      >
        {!reset && (
          <TextField
            label={t`Your name`}
            hint={t`The others see it in meetings.`}
            autoComplete="name"
            value={name}
            onChange={setName}
            maxLength={100}
            isRequired
            autoFocus
          />
        )}
        <TextField
          label={t`Email`}
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          isReadOnly={enrolment.email !== null}
          isRequired
        />
        <TextField
          label={t`Password`}
          type="password"
          autoComplete="new-password"
          hint={t`At least ${PASSWORD_LENGTH} characters. A few words that only you put together are good.`}
          value={password}
          onChange={setPassword}
          minLength={PASSWORD_LENGTH}
          isRequired
        />
        {error !== null && <Note tone="danger">{error}</Note>}
        <Button type="submit" variant="primary" wide isPending={byPassword.pending}>
          {reset ? t`Set password` : t`Create account`}
        </Button>
      </Form>
      {passkeysSupported() && (
        <>
          <div className="entry__or">{t`or`}</div>
          <Button
            wide
            icon={<KeyRound size={20} aria-hidden="true" />}
            isDisabled={!known}
            isPending={byPasskey.pending}
            onPress={() => {
              byPassword.clear();
              void byPasskey.run();
            }}
          >
            {t`Use a passkey instead`}
          </Button>
          <p className="muted small">{t`With a passkey you sign in by fingerprint, face or the lock of your device, and there is no password to steal.`}</p>
        </>
      )}
    </div>
  );
}
