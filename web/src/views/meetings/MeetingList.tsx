import { useLingui } from "@lingui/react/macro";
import { CalendarDays, DoorOpen, History, Repeat } from "lucide-react";
import { Link } from "react-aria-components/Link";
import type { MeetingObject } from "../../api/types.ts";
import { spokenNumber } from "../../call/entry.ts";
import { useNow } from "../../shell/useNow.ts";
import type { usePages } from "../../shell/usePages.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import { beginning, dayName, sameDay, timeRange } from "./times.ts";

interface MeetingListProps {
  readonly loaded: ReturnType<typeof usePages<MeetingObject>>;
  readonly when: "upcoming" | "previous";
  readonly chosen: string | null;
  readonly onSchedule: () => void;
}

/** Meetings by day. */
export function MeetingList({ loaded, when, chosen, onSchedule }: MeetingListProps) {
  const { t } = useLingui();
  const now = useNow();
  const { resource, reload, hasMore, more } = loaded;
  if (resource.state === "loading") return <SkeletonRows rows={5} />;
  if (resource.state === "error") {
    return (
      <ErrorPanel error={resource.error} title={t`Your meetings could not be loaded`} onRetry={reload} />
    );
  }
  const meetings = resource.value.filter((meeting) => meeting.kind !== "personal");
  return (
    <>
      {when === "upcoming" && (
        <Link
          className="meeting-row"
          href="/meetings/personal"
          data-chosen={chosen === "personal" || undefined}
        >
          <DoorOpen size={20} aria-hidden="true" />
          <span className="meeting-row__words">
            <span className="meeting-row__title truncate">{t`Personal room`}</span>
            <span className="muted small">{t`The same link every time`}</span>
          </span>
        </Link>
      )}
      {meetings.length === 0 && (
        <StatePanel
          icon={when === "upcoming" ? <CalendarDays size={40} /> : <History size={40} />}
          title={when === "upcoming" ? t`Nothing planned` : t`No previous meetings`}
          actions={when === "upcoming" && <Button onPress={onSchedule}>{t`Schedule a meeting`}</Button>}
        >
          {when === "upcoming"
            ? t`Meetings that you schedule appear here, with their invitations.`
            : t`Meetings that have ended appear here.`}
        </StatePanel>
      )}
      {byDay(meetings).map(({ day, meetings: ofDay }) => (
        <Day key={day?.toDateString() ?? "any"} day={day} now={now} meetings={ofDay} chosen={chosen} />
      ))}
      {hasMore && (
        <Button wide onPress={more}>
          {t`Show more`}
        </Button>
      )}
    </>
  );
}

interface DayOfMeetings {
  /** Null for meetings without a time. */
  readonly day: Date | null;
  readonly meetings: readonly MeetingObject[];
}

/** Neighbours of one day together, in the server's order. */
function byDay(meetings: readonly MeetingObject[]): readonly DayOfMeetings[] {
  const days: { day: Date | null; meetings: MeetingObject[] }[] = [];
  for (const meeting of meetings) {
    const day = beginning(meeting);
    const last = days.at(-1);
    const same =
      last !== undefined && (last.day === null || day === null ? last.day === day : sameDay(last.day, day));
    if (same) last.meetings.push(meeting);
    else days.push({ day, meetings: [meeting] });
  }
  return days;
}

function Day({
  day,
  now,
  meetings,
  chosen,
}: DayOfMeetings & { readonly now: Date; readonly chosen: string | null }) {
  const { t, i18n } = useLingui();
  const name = day === null ? t`Any time` : sameDay(day, now) ? t`Today` : dayName(i18n, day, now);
  return (
    <section className="meetings__day">
      <h2 className="meetings__date">{name}</h2>
      <ul>
        {meetings.map((meeting) => (
          <li key={meeting.id}>
            <MeetingRow meeting={meeting} isChosen={meeting.id === chosen} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function MeetingRow({ meeting, isChosen }: { readonly meeting: MeetingObject; readonly isChosen: boolean }) {
  const { t, i18n } = useLingui();
  const at = beginning(meeting);
  return (
    <Link
      className="meeting-row"
      href={`/meetings/${meeting.id}`}
      data-chosen={isChosen || undefined}
      {...(isChosen ? { "aria-current": "true" as const } : {})}
    >
      <span className="meeting-row__words">
        <bdi className="meeting-row__title truncate">{meeting.title}</bdi>
        <span className="meeting-row__facts muted small">
          {at !== null && <span>{timeRange(i18n, at, meeting.duration_minutes)}</span>}
          <span>{spokenNumber(meeting.number)}</span>
        </span>
      </span>
      {meeting.recurrence !== null && <Repeat size={16} role="img" aria-label={t`Repeats`} />}
      {meeting.in_progress && <span className="badge" data-tone="success">{t`In progress`}</span>}
    </Link>
  );
}
