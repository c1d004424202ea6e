import { useLingui } from "@lingui/react/macro";
import type { OneTimeLink } from "../api/types.ts";
import { Button } from "./Button.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { Dialog } from "./Dialog.tsx";
import "./LinkDialog.css";
import { Note } from "./Note.tsx";
import { QrCode } from "./QrCode.tsx";

interface LinkDialogProps {
  readonly title: string;
  /** Who gets it. */
  readonly name: string;
  readonly link: OneTimeLink;
  readonly onClose: () => void;
}

/** Shows a one-time link once, to be handed over by whatever means there are. */
export function LinkDialog({ title, name, link, onClose }: LinkDialogProps) {
  const { t, i18n } = useLingui();
  const until = i18n.date(link.expires_at, { dateStyle: "medium", timeStyle: "short" });
  return (
    <Dialog title={title} isOpen onClose={onClose} actions={<Button onPress={onClose}>{t`Done`}</Button>}>
      <p>{t`Send this link to ${name} yourself. It works once, until ${until}.`}</p>
      <code className="link-box">{link.link}</code>
      <CopyButton text={link.link} variant="primary">
        {t`Copy link`}
      </CopyButton>
      <div className="link-code">
        <QrCode value={link.link} label={t`QR code of the link`} />
      </div>
      <Note tone="warning">{t`Whoever has the link can sign in as ${name}. It is shown only now.`}</Note>
    </Dialog>
  );
}
