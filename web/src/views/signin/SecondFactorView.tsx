import { useLingui } from "@lingui/react/macro";
import { KeyRound } from "lucide-react";
import { api } from "../../api/http.ts";
import { askPasskey, deviceName, makePasskey, passkeysSupported } from "../../api/passkeys.ts";
import type { Me } from "../../api/types.ts";
import { useDocumentTitle } from "../../shell/Page.tsx";
import { loadSession, setMe, signOut } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import "./signin.css";

interface SecondFactorViewProps {
  readonly me: Me;
  readonly wanted: "show" | "add";
}

/** In place of every page until one has shown, or added, the passkey that the organisation asks for. */
export default function SecondFactorView({ me, wanted }: SecondFactorViewProps) {
  const { t } = useLingui();
  useDocumentTitle(t`One more step`);
  const prove = useAction(async () => {
    if (wanted === "show") {
      const answer = await askPasskey("/session/second-factor/options");
      if (answer !== null) setMe(await api.post<Me>("/session/second-factor", answer));
      return;
    }
    const made = await makePasskey("/me/passkeys/options");
    if (made === null) return;
    await api.post("/me/passkeys", { ...made, name: deviceName() });
    await loadSession();
  });
  const leave = useAction(signOut);
  const error = prove.error ?? leave.error;
  const organisation = me.tenant.name;
  return (
    <div className="entry">
      <h1>{t`One more step`}</h1>
      <p>
        {wanted === "show"
          ? t`${organisation} asks everybody for a passkey beside the password. Use yours to go on.`
          : t`${organisation} asks everybody for a passkey beside the password, and you have none yet. Add one to go on: by fingerprint, face or the lock of your device.`}
      </p>
      {error !== null && <Note tone="danger">{error}</Note>}
      {passkeysSupported() ? (
        <Button
          variant="primary"
          wide
          icon={<KeyRound size={20} aria-hidden="true" />}
          isPending={prove.pending}
          onPress={() => void prove.run()}
        >
          {wanted === "show" ? t`Use a passkey` : t`Add a passkey`}
        </Button>
      ) : (
        <Note tone="warning">{t`This browser cannot make passkeys here. They need a current browser and a page with HTTPS.`}</Note>
      )}
      <Button wide isPending={leave.pending} onPress={() => void leave.run()}>
        {t`Sign out`}
      </Button>
    </div>
  );
}
