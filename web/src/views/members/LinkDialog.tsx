import { useLingui } from "@lingui/react/macro";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";
import { QrCode } from "../../ui/QrCode.tsx";
import type { HandedLink } from "./MembersView.tsx";

interface LinkDialogProps {
  readonly handed: HandedLink | null;
  readonly onClose: () => void;
}

/** Shows a one-time link once, to be handed over by whatever means there are. */
export function LinkDialog({ handed, onClose }: LinkDialogProps) {
  const { t, i18n } = useLingui();
  if (handed === null) return null;
  const name = handed.member.name || (handed.member.email ?? "");
  const until = i18n.date(handed.expires_at, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Dialog
      title={handed.kind === "invitation" ? t`Invitation for ${name}` : t`New password for ${name}`}
      isOpen
      onClose={onClose}
      actions={<Button onPress={onClose}>{t`Done`}</Button>}
    >
      <p>{t`Send this link to ${name} yourself. It works once, until ${until}.`}</p>
      <code className="link-box">{handed.link}</code>
      <CopyButton text={handed.link} variant="primary">
        {t`Copy link`}
      </CopyButton>
      <div className="link-code">
        <QrCode value={handed.link} label={t`QR code of the link`} />
      </div>
      <Note tone="warning">{t`Whoever has the link can sign in as ${name}. It is shown only now.`}</Note>
    </Dialog>
  );
}
