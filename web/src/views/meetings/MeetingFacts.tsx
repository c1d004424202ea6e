import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import type { MeetingObject } from "../../api/types.ts";
import { spokenNumber } from "../../call/entry.ts";
import { useNow } from "../../shell/useNow.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { draftOf, startDay } from "./draft.ts";
import "../../ui/Facts.css";
import { ruleName } from "./recurrence.ts";
import { beginning, dayName, timeRange } from "./times.ts";
import { localZone, zoneName } from "./zones.ts";

/** When it is, and how one gets in. */
export function MeetingFacts({ meeting }: { readonly meeting: MeetingObject }) {
  const { t, i18n } = useLingui();
  const now = useNow();
  const at = beginning(meeting);
  const zone = localZone();
  const elsewhere = meeting.time_zone !== null && meeting.time_zone !== zone ? meeting.time_zone : null;
  return (
    <dl className="facts">
      {at !== null && (
        <Fact name={t`When`}>
          {dayName(i18n, at, now)}, {timeRange(i18n, at, meeting.duration_minutes)}
        </Fact>
      )}
      {meeting.recurrence !== null && (
        <Fact name={t`Repeat`}>
          {ruleName(i18n, meeting.recurrence, startDay(draftOf(meeting, zone)), meeting.time_zone ?? zone)}
        </Fact>
      )}
      {elsewhere !== null && <Fact name={t`Planned in`}>{zoneName(i18n.locale, elsewhere, at ?? now)}</Fact>}
      <Fact name={t`Host`}>{meeting.host.name}</Fact>
      <Fact name={t`Meeting number`}>{spokenNumber(meeting.number)}</Fact>
      {meeting.passcode !== null && <Fact name={t`Passcode`}>{meeting.passcode}</Fact>}
      <Fact name={t`Lobby`}>{meeting.settings.lobby ? t`On` : t`Off`}</Fact>
      <Fact name={t`Link`}>
        <span className="facts__link">
          <span className="truncate">{meeting.join_url}</span>
          <CopyButton size="small" variant="quiet" text={meeting.join_url}>
            {t`Copy link`}
          </CopyButton>
        </span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="facts__row">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
