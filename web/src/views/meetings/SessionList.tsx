import { useLingui } from "@lingui/react/macro";
import { ChevronRight } from "lucide-react";
import { Link } from "react-aria-components/Link";
import type { MeetingObject, SessionObject } from "../../api/types.ts";
import { useNow } from "../../shell/useNow.ts";
import { usePages } from "../../shell/usePages.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { dayName, durationName, timeRange } from "./times.ts";

const MINUTE_MS = 60_000;

/** When a meeting was held, each with how it went behind it. */
export function SessionList({ meeting }: { readonly meeting: MeetingObject }) {
  const { t, i18n } = useLingui();
  const now = useNow();
  const { resource, reload, hasMore, more } = usePages<SessionObject>(
    `/meetings/${encodeURIComponent(meeting.id)}/sessions`,
  );
  const length = ({ started_at, ended_at }: SessionObject): string => {
    if (ended_at === null) return t`In progress`;
    const minutes = Math.round((Date.parse(ended_at) - Date.parse(started_at)) / MINUTE_MS);
    return durationName(i18n, Math.max(1, minutes));
  };
  return (
    <section className="card">
      <h3>{t`Sessions`}</h3>
      {resource.state === "loading" && <SkeletonRows rows={2} />}
      {resource.state === "error" && (
        <ErrorPanel
          error={resource.error}
          title={t`The sessions could not be loaded`}
          onRetry={reload}
          level={3}
        />
      )}
      {resource.state === "ready" && resource.value.length === 0 && (
        <p className="muted">{t`Nobody has met here yet. How it went can be read here afterwards.`}</p>
      )}
      {resource.state === "ready" && resource.value.length > 0 && (
        <ul>
          {resource.value.map((session) => (
            <li key={session.id}>
              <Link
                className="meeting-row"
                href={`/meetings/${encodeURIComponent(meeting.id)}/sessions/${encodeURIComponent(session.id)}`}
              >
                <span className="meeting-row__words">
                  <span className="meeting-row__title truncate">
                    {dayName(i18n, new Date(session.started_at), now)},{" "}
                    {timeRange(i18n, new Date(session.started_at), null)}
                  </span>
                  <span className="muted small">{length(session)}</span>
                </span>
                <ChevronRight size={20} aria-hidden="true" />
              </Link>
            </li>
          ))}
        </ul>
      )}
      {hasMore && <Button onPress={more}>{t`Show more`}</Button>}
    </section>
  );
}
