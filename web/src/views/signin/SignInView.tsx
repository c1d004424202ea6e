import { useLingui } from "@lingui/react/macro";
import { KeyRound } from "lucide-react";
import { useEffect, useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../api/http.ts";
import { askPasskey, passkeysSupported } from "../../api/passkeys.ts";
import type { Me } from "../../api/types.ts";
import { go } from "../../shell/navigation.ts";
import { useDocumentTitle } from "../../shell/Page.tsx";
import { setMe, useSession } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { nextPath } from "./next.ts";
import "./signin.css";

/** Sign in with a password or a passkey, then on to where one wanted to go. */
export default function SignInView() {
  const { t } = useLingui();
  const session = useSession();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  useDocumentTitle(t`Sign in`);
  const signedIn = session.state === "signed-in";
  useEffect(() => {
    if (signedIn) go(nextPath(location.search), { replace: true });
  }, [signedIn]);
  const byPassword = useAction(async () =>
    setMe(await api.post<Me>("/session", { email: email.trim(), password })),
  );
  const byPasskey = useAction(async () => {
    const answer = await askPasskey("/session/passkey/options");
    if (answer !== null) setMe(await api.post<Me>("/session/passkey", answer));
  });
  const error = byPassword.error ?? byPasskey.error;
  return (
    <div className="entry">
      <h1>{t`Sign in`}</h1>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          byPasskey.clear();
          void byPassword.run();
        }}
      >
        <TextField
          label={t`Email`}
          type="email"
          name="email"
          autoComplete="username webauthn"
          value={email}
          onChange={setEmail}
          isRequired
          autoFocus
        />
        <TextField
          label={t`Password`}
          type="password"
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          isRequired
        />
        {error !== null && <Note tone="danger">{error}</Note>}
        <Button type="submit" variant="primary" wide isPending={byPassword.pending}>
          {t`Sign in`}
        </Button>
      </Form>
      {passkeysSupported() && (
        <>
          <div className="entry__or">{t`or`}</div>
          <Button
            wide
            icon={<KeyRound size={20} aria-hidden="true" />}
            isPending={byPasskey.pending}
            onPress={() => {
              byPassword.clear();
              void byPasskey.run();
            }}
          >
            {t`Sign in with a passkey`}
          </Button>
        </>
      )}
      <p className="muted small">{t`Forgotten your password? An administrator of your organisation can give you a link to set a new one.`}</p>
    </div>
  );
}
