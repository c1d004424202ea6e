import { useLingui } from "@lingui/react/macro";
import { Copy } from "lucide-react";
import type { Meeting } from "../../api/signalling.ts";
import { spokenNumber } from "../../call/entry.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { QrCode } from "../../ui/QrCode.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How others get here: the link, the number, a text to send, a code to scan. */
export default function InviteDialog({
  meeting,
  onClose,
}: {
  readonly meeting: Meeting;
  readonly onClose: () => void;
}) {
  const { t } = useLingui();
  const number = spokenNumber(meeting.number);
  const text = [
    t`You are invited to a meeting: ${meeting.title}`,
    "",
    t`Join: ${meeting.join_url}`,
    t`Meeting number: ${number}`,
    ...(meeting.passcode ? [t`Passcode: ${meeting.passcode}`] : []),
  ].join("\n");
  const copy = async (what: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(what);
      toasts.show(t`Copied.`, { tone: "success" });
    } catch {
      toasts.show(t`The browser did not let it be copied. Select the text and copy it.`, { tone: "warning" });
    }
  };
  const icon = <Copy size={16} aria-hidden="true" />;
  return (
    <Dialog
      title={t`Invite`}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button icon={icon} onPress={() => void copy(text)}>{t`Copy invitation`}</Button>
          <Button
            variant="primary"
            icon={icon}
            onPress={() => void copy(meeting.join_url)}
          >{t`Copy link`}</Button>
        </>
      }
    >
      <div className="invite">
        <div className="invite__code">
          <QrCode value={meeting.join_url} label={t`Opens this meeting on a phone`} />
        </div>
        <dl className="invite__facts">
          <dt>{t`Link`}</dt>
          <dd className="invite__link">{meeting.join_url}</dd>
          <dt>{t`Meeting number`}</dt>
          <dd>{number}</dd>
          {meeting.passcode && (
            <>
              <dt>{t`Passcode`}</dt>
              <dd>{meeting.passcode}</dd>
            </>
          )}
        </dl>
      </div>
    </Dialog>
  );
}
