import { useLingui } from "@lingui/react/macro";
import { ChevronLeft, Download, SearchX, Users } from "lucide-react";
import { ApiError, api } from "../../api/http.ts";
import type { MeetingObject, ParticipantQuality, SessionQuality } from "../../api/types.ts";
import { Page } from "../../shell/Page.tsx";
import type { ViewProps } from "../../shell/routes.ts";
import { useNow } from "../../shell/useNow.ts";
import { useResource } from "../../shell/useResource.ts";
import { ButtonLink } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Note } from "../../ui/Note.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import { dayName, timeRange } from "../meetings/times.ts";
import { ParticipantCard } from "./ParticipantCard.tsx";
import "./quality.css";

const MINUTE_MS = 60_000;

interface Loaded {
  readonly meeting: MeetingObject;
  readonly quality: SessionQuality;
}

/** How a session went: for everybody together, then for each, those with trouble first. */
export default function QualityView({ parameters }: ViewProps) {
  const { t } = useLingui();
  const meeting = `/meetings/${encodeURIComponent(parameters["id"] ?? "")}`;
  const session = `${meeting}/sessions/${encodeURIComponent(parameters["session"] ?? "")}`;
  const { resource, reload } = useResource<Loaded>(session, async (signal) => {
    const [held, quality] = await Promise.all([
      api.get<MeetingObject>(meeting, { signal }),
      api.get<SessionQuality>(`${session}/quality`, { signal }),
    ]);
    return { meeting: held, quality };
  });
  const isGone =
    resource.state === "error" && resource.error instanceof ApiError && resource.error.status === 404;
  return (
    <Page
      title={t`How it went`}
      actions={
        resource.state === "ready" && (
          <ButtonLink
            href={`/api/v1${session}/trace`}
            icon={<Download size={16} aria-hidden="true" />}
            download={`session-${resource.value.quality.session.id}.json`}
          >
            {t`Save a trace`}
          </ButtonLink>
        )
      }
    >
      <div className="quality">
        <ButtonLink href={meeting} variant="quiet" icon={<ChevronLeft size={20} aria-hidden="true" />}>
          {resource.state === "ready" ? resource.value.meeting.title : t`The meeting`}
        </ButtonLink>
        {resource.state === "loading" && <SkeletonRows rows={6} />}
        {isGone && (
          <StatePanel icon={<SearchX size={40} />} title={t`There is nothing about this session`}>
            {t`Perhaps its meeting has been deleted.`}
          </StatePanel>
        )}
        {resource.state === "error" && !isGone && (
          <ErrorPanel error={resource.error} title={t`The session could not be loaded`} onRetry={reload} />
        )}
        {resource.state === "ready" && <Session {...resource.value} />}
      </div>
    </Page>
  );
}

function Session({ quality }: Loaded) {
  const { t, i18n } = useLingui();
  const now = useNow();
  const { session, participants, troubled, everybodys } = quality;
  const from = new Date(session.started_at);
  const until = session.ended_at === null ? now : new Date(session.ended_at);
  const minutes = Math.max(1, Math.round((until.getTime() - from.getTime()) / MINUTE_MS));
  const all = participants.length;
  return (
    <>
      <p className="muted">
        {dayName(i18n, from, now)}, {timeRange(i18n, from, minutes)}
        {session.ended_at === null && ` · ${t`In progress`}`}
      </p>
      {all === 0 ? (
        <StatePanel icon={<Users size={40} />} title={t`Nobody was in this session`} />
      ) : (
        <Note tone={troubled > 0 ? "warning" : "success"}>
          {troubled === 0 && t`Nothing hindered anybody.`}
          {troubled > 0 && t`${troubled} of ${all} participants had trouble.`}{" "}
          {everybodys &&
            t`Most had the same trouble at the same time: look at the server or its network first.`}
        </Note>
      )}
      {byTrouble(participants).map((participant) => (
        <ParticipantCard
          key={participant.id}
          participant={participant}
          from={from.getTime()}
          until={until.getTime()}
        />
      ))}
    </>
  );
}

function byTrouble(participants: readonly ParticipantQuality[]): readonly ParticipantQuality[] {
  const trouble = ({ verdict }: ParticipantQuality): number =>
    verdict.cause === null ? 0 : verdict.bad_seconds;
  return [...participants].sort((a, b) => trouble(b) - trouble(a));
}
