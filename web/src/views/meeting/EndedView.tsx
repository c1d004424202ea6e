import { useLingui } from "@lingui/react/macro";
import { CircleX, DoorOpen, PhoneOff, UserX } from "lucide-react";
import type { ReactNode } from "react";
import type { Ending } from "../../call/view.ts";
import { refusedText } from "../../i18n/errors.ts";
import { BareFrame } from "../../shell/Frame.tsx";
import { ButtonLink } from "../../ui/Button.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";

interface EndedViewProps {
  readonly ending: Ending | null;
  readonly title: string;
}

interface Words {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text: string;
}

/** Why one is no longer in the meeting, and where to go. */
export function EndedView({ ending, title }: EndedViewProps) {
  const { t, i18n } = useLingui();
  const reasons: Readonly<Record<string, Words>> = {
    left: { icon: <DoorOpen size={40} />, title: t`You left the meeting`, text: title },
    ended: {
      icon: <PhoneOff size={40} />,
      title: t`The meeting has ended`,
      text: t`The host ended it for everybody.`,
    },
    removed: {
      icon: <UserX size={40} />,
      title: t`You were removed`,
      text: t`The host removed you from this meeting.`,
    },
    denied: {
      icon: <UserX size={40} />,
      title: t`You were not let in`,
      text: t`The host did not admit you to this meeting.`,
    },
    replaced: {
      icon: <CircleX size={40} />,
      title: t`You joined in another place`,
      text: t`This meeting goes on in the tab or on the device that you opened last.`,
    },
    expired: {
      icon: <CircleX size={40} />,
      title: t`The way back has expired`,
      text: t`You were away for too long. Join again with your link.`,
    },
    lost: {
      icon: <CircleX size={40} />,
      title: t`The connection was lost`,
      text: t`You were away for too long. Join again with your link.`,
    },
  };
  const refused: Words = {
    icon: <CircleX size={40} />,
    title: t`You could not get into the meeting`,
    text: refusedText(i18n, ending !== null && "refused" in ending ? ending.refused : ""),
  };
  const key = ending !== null && "reason" in ending ? ending.reason : "";
  const words = reasons[key] ?? refused;
  return (
    <BareFrame>
      <div className="elsewhere">
        <StatePanel
          level={1}
          icon={words.icon}
          title={words.title}
          role="status"
          actions={
            <>
              {key !== "ended" && <ButtonLink href="/join" variant="primary">{t`Join a meeting`}</ButtonLink>}
              <ButtonLink href="/">{t`Home`}</ButtonLink>
            </>
          }
        >
          <p>{words.text}</p>
          {ending !== null && "refused" in ending && (
            <p>
              {t`Code:`} <span className="state__code">{ending.refused}</span>
            </p>
          )}
        </StatePanel>
      </div>
    </BareFrame>
  );
}
