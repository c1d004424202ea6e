import { useLingui } from "@lingui/react/macro";
import { CalendarX2, Download, Pencil, Trash2, Video } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { ApiError, api } from "../../api/http.ts";
import type { Invitation, Me, MeetingObject } from "../../api/types.ts";
import { spokenNumber } from "../../call/entry.ts";
import { go } from "../../shell/navigation.ts";
import { useAction } from "../../shell/useAction.ts";
import { useResource } from "../../shell/useResource.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Note } from "../../ui/Note.tsx";
import { QrCode } from "../../ui/QrCode.tsx";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";
import { StatePanel } from "../../ui/StatePanel.tsx";
import { readStartChoices } from "../home/choices.ts";
import { DeleteMeetingDialog } from "./DeleteMeetingDialog.tsx";
import { MeetingFacts } from "./MeetingFacts.tsx";
import { SessionList } from "./SessionList.tsx";
import { startMeeting } from "./start.ts";
import { invitationPath } from "./useCopyInvitation.ts";

const ScheduleDialog = lazy(() => import("./ScheduleDialog.tsx"));

interface MeetingDetailsProps {
  readonly me: Me;
  readonly id: string;
  /** The list beside it is out of date. */
  readonly onChanged: () => void;
}

/** One meeting: start it, invite to it, change it, delete it. */
export function MeetingDetails({ me, id, onChanged }: MeetingDetailsProps) {
  const { t } = useLingui();
  const path = `/meetings/${encodeURIComponent(id)}`;
  const { resource, reload, put } = useResource(path, (signal) =>
    // The personal room is made when it is first looked at.
    id === "personal"
      ? api.post<MeetingObject>("/meetings/personal", {}, { signal })
      : api.get<MeetingObject>(path, { signal }),
  );
  if (resource.state === "loading") return <SkeletonRows rows={4} />;
  if (resource.state === "error") {
    const gone = resource.error instanceof ApiError && resource.error.status === 404;
    if (!gone)
      return (
        <ErrorPanel error={resource.error} title={t`The meeting could not be loaded`} onRetry={reload} />
      );
    return (
      <StatePanel icon={<CalendarX2 size={40} />} title={t`This meeting does not exist`}>
        {t`Perhaps it has been deleted.`}
      </StatePanel>
    );
  }
  return (
    <Ready
      me={me}
      meeting={resource.value}
      onSaved={(meeting) => {
        put(meeting);
        onChanged();
      }}
      onDeleted={() => {
        onChanged();
        go("/meetings", { replace: true });
      }}
    />
  );
}

interface ReadyProps {
  readonly me: Me;
  readonly meeting: MeetingObject;
  readonly onSaved: (meeting: MeetingObject) => void;
  readonly onDeleted: () => void;
}

function Ready({ me, meeting, onSaved, onDeleted }: ReadyProps) {
  const { t } = useLingui();
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const start = useAction(() => startMeeting(me, meeting.id, readStartChoices()));
  const isMine = meeting.host.id === me.id;
  return (
    <article className="details">
      <h2 className="details__title">{meeting.title}</h2>
      <MeetingFacts meeting={meeting} />
      <div className="details__actions">
        {isMine ? (
          <Button
            variant="primary"
            icon={<Video size={20} aria-hidden="true" />}
            isPending={start.pending}
            onPress={() => void start.run()}
          >
            {t`Start`}
          </Button>
        ) : (
          <ButtonLink
            variant="primary"
            href={new URL(meeting.join_url).pathname + new URL(meeting.join_url).hash}
          >
            {t`Join`}
          </ButtonLink>
        )}
        {isMine && (
          <Button icon={<Pencil size={16} aria-hidden="true" />} onPress={() => setOpen("edit")}>
            {t`Edit`}
          </Button>
        )}
        {meeting.kind === "scheduled" && (
          <ButtonLink
            href={`/api/v1/meetings/${encodeURIComponent(meeting.id)}/calendar.ics`}
            icon={<Download size={16} aria-hidden="true" />}
            download={`${spokenNumber(meeting.number)}.ics`}
          >
            {t`Add to calendar`}
          </ButtonLink>
        )}
        {isMine && meeting.kind !== "personal" && (
          <Button
            variant="quiet"
            icon={<Trash2 size={16} aria-hidden="true" />}
            onPress={() => setOpen("delete")}
          >
            {t`Delete`}
          </Button>
        )}
      </div>
      {start.error !== null && <Note tone="danger">{start.error}</Note>}
      <InvitationText meeting={meeting} />
      <SessionList meeting={meeting} />
      {open === "edit" && (
        <Suspense fallback={null}>
          <ScheduleDialog
            me={me}
            meeting={meeting}
            onClose={() => setOpen(null)}
            onSaved={(changed) => {
              setOpen(null);
              onSaved(changed);
            }}
          />
        </Suspense>
      )}
      <DeleteMeetingDialog
        meeting={meeting}
        isOpen={open === "delete"}
        onClose={() => setOpen(null)}
        onDeleted={onDeleted}
      />
    </article>
  );
}

function InvitationText({ meeting }: { readonly meeting: MeetingObject }) {
  const { t } = useLingui();
  const path = invitationPath(meeting.id);
  const { resource, reload } = useResource(`${path} ${JSON.stringify(meeting)}`, (signal) =>
    api.get<Invitation>(path, { signal }),
  );
  return (
    <section className="card">
      <div className="page__head">
        <h3>{t`Invitation`}</h3>
        {resource.state === "ready" && (
          <CopyButton size="small" text={resource.value.text}>
            {t`Copy invitation`}
          </CopyButton>
        )}
      </div>
      {resource.state === "loading" && <Skeleton shape="block" />}
      {resource.state === "error" && (
        <ErrorPanel
          error={resource.error}
          title={t`The invitation could not be loaded`}
          onRetry={reload}
          level={3}
        />
      )}
      {resource.state === "ready" && (
        <div className="details__invitation">
          <pre>{resource.value.text}</pre>
          <div className="details__code">
            <QrCode value={meeting.join_url} label={t`QR code that joins this meeting`} />
          </div>
        </div>
      )}
    </section>
  );
}
