import { Trans, useLingui } from "@lingui/react/macro";
import { CalendarCheck, Copy } from "lucide-react";
import { Link } from "react-aria-components/Link";
import { api, withQuery } from "../../api/http.ts";
import type { Me, MeetingObject, Page } from "../../api/types.ts";
import { spokenNumber } from "../../call/entry.ts";
import { useAction } from "../../shell/useAction.ts";
import { useNow } from "../../shell/useNow.ts";
import { useResource } from "../../shell/useResource.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Note } from "../../ui/Note.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import { startMeeting } from "../meetings/start.ts";
import { beginning, sameDay, timeRange } from "../meetings/times.ts";
import { useCopyInvitation } from "../meetings/useCopyInvitation.ts";
import { readStartChoices } from "./choices.ts";

/** More than this nobody holds on one day; the page of all meetings has the rest. */
const AT_MOST = 20;

/** Today's meetings beside the actions, each with Start and Copy invitation. */
export function Today({ me }: { readonly me: Me }) {
  const { t } = useLingui();
  const now = useNow();
  const { resource, reload } = useResource("today", (signal) =>
    api.get<Page<MeetingObject>>(withQuery("/meetings", { when: "upcoming", limit: AT_MOST }), { signal }),
  );
  return (
    <section className="today" aria-label={t`Today’s meetings`}>
      {resource.state === "loading" && <SkeletonRows rows={2} />}
      {resource.state === "error" && (
        <ErrorPanel
          error={resource.error}
          title={t`Today’s meetings could not be loaded`}
          onRetry={reload}
          level={2}
        />
      )}
      {resource.state === "ready" && <List me={me} now={now} meetings={todays(resource.value.items, now)} />}
    </section>
  );
}

function todays(meetings: readonly MeetingObject[], now: Date): readonly MeetingObject[] {
  return meetings.filter((meeting) => {
    if (meeting.in_progress) return true;
    const at = beginning(meeting);
    return at !== null && sameDay(at, now);
  });
}

interface ListProps {
  readonly me: Me;
  readonly now: Date;
  readonly meetings: readonly MeetingObject[];
}

function List({ me, meetings }: ListProps) {
  const { t } = useLingui();
  const start = useAction((id: string) => startMeeting(me, id, readStartChoices()));
  if (meetings.length === 0) {
    return (
      <StatePanel icon={<CalendarCheck size={40} />} title={t`No meetings today`}>
        <Trans>
          Start one now, or <Link href="/meetings?schedule">schedule one</Link> for later.
        </Trans>
      </StatePanel>
    );
  }
  return (
    <>
      <ul>
        {meetings.map((meeting) => (
          <li key={meeting.id} className="today__meeting">
            <MeetingLine
              meeting={meeting}
              isMine={meeting.host.id === me.id}
              onStart={() => void start.run(meeting.id)}
            />
          </li>
        ))}
      </ul>
      {start.error !== null && <Note tone="danger">{start.error}</Note>}
    </>
  );
}

interface MeetingLineProps {
  readonly meeting: MeetingObject;
  readonly isMine: boolean;
  readonly onStart: () => void;
}

function MeetingLine({ meeting, isMine, onStart }: MeetingLineProps) {
  const { t, i18n } = useLingui();
  const copy = useCopyInvitation();
  const at = beginning(meeting);
  return (
    <>
      <Link className="today__words" href={`/meetings/${meeting.id}`}>
        <span className="today__time">
          {at === null ? t`Now` : timeRange(i18n, at, meeting.duration_minutes)}
          {meeting.in_progress && <span className="badge" data-tone="success">{t`In progress`}</span>}
        </span>
        <bdi className="today__title truncate">{meeting.title}</bdi>
        <span className="muted small">{spokenNumber(meeting.number)}</span>
      </Link>
      <IconButton
        label={t`Copy invitation`}
        icon={<Copy size={20} aria-hidden="true" />}
        onPress={() => void copy(meeting.id)}
      />
      {isMine && (
        <Button size="small" variant="primary" onPress={onStart}>
          {t`Start`}
        </Button>
      )}
    </>
  );
}
