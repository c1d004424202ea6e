import { useLingui } from "@lingui/react/macro";
import { Building2, KeyRound } from "lucide-react";
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
import { leaveForProvider } from "./organisation.ts";
import "./signin.css";

/** Sign in with a password, a passkey or through one's organisation, then on to where one wanted to go. */
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
  // The link that an organisation gives its people names it.
  const organisation = new URLSearchParams(location.search).get("organisation");
  const [lacksEmail, setLacksEmail] = useState(false);
  const byOrganisation = useAction(() =>
    leaveForProvider(organisation === null ? { email: email.trim() } : { organisation }),
  );
  const leave = () => {
    byPassword.clear();
    byPasskey.clear();
    const lacks = organisation === null && email.trim() === "";
    setLacksEmail(lacks);
    if (!lacks) void byOrganisation.run();
  };
  const error = byPassword.error ?? byPasskey.error ?? byOrganisation.error;
  return (
    <div className="entry">
      <h1>{t`Sign in`}</h1>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          byPasskey.clear();
          byOrganisation.clear();
          void byPassword.run();
        }}
      >
        <TextField
          label={t`Email`}
          type="email"
          name="email"
          autoComplete="username webauthn"
          value={email}
          onChange={(text) => {
            setEmail(text);
            setLacksEmail(false);
          }}
          error={
            lacksEmail
              ? t`Type your email address first: its ending says which organisation is yours.`
              : undefined
          }
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
      <div className="entry__or">{t`or`}</div>
      {passkeysSupported() && (
        <Button
          wide
          icon={<KeyRound size={20} aria-hidden="true" />}
          isPending={byPasskey.pending}
          onPress={() => {
            byPassword.clear();
            byOrganisation.clear();
            void byPasskey.run();
          }}
        >
          {t`Sign in with a passkey`}
        </Button>
      )}
      <Button
        wide
        variant={organisation === null ? "secondary" : "primary"}
        icon={<Building2 size={20} aria-hidden="true" />}
        isPending={byOrganisation.pending}
        onPress={leave}
      >
        {t`Sign in with your organisation`}
      </Button>
      <p className="muted small">{t`Forgotten your password? An administrator of your organisation can give you a link to set a new one.`}</p>
    </div>
  );
}
