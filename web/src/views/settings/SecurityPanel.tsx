import { useLingui } from "@lingui/react/macro";
import type { Me } from "../../api/types.ts";
import { Passkeys } from "./Passkeys.tsx";
import { PasswordForm } from "./PasswordForm.tsx";
import { SignIns } from "./SignIns.tsx";

/** How one signs in, and where one is signed in. */
export function SecurityPanel({ me }: { readonly me: Me }) {
  const { t } = useLingui();
  return (
    <div className="settings">
      <section className="settings__part" aria-labelledby="settings-password">
        <h2 id="settings-password">{me.has_password ? t`Change password` : t`Set a password`}</h2>
        <PasswordForm me={me} />
      </section>
      <section className="settings__part" aria-labelledby="settings-passkeys">
        <h2 id="settings-passkeys">{t`Passkeys`}</h2>
        <Passkeys me={me} />
      </section>
      <section className="settings__part" aria-labelledby="settings-sign-ins">
        <h2 id="settings-sign-ins">{t`Where you are signed in`}</h2>
        <SignIns />
      </section>
    </div>
  );
}
