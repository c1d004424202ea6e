import { useLingui } from "@lingui/react/macro";
import { api } from "../../api/http.ts";
import type { MeetingObject } from "../../api/types.ts";
import { useAction } from "../../shell/useAction.ts";
import { ConfirmDialog } from "../../ui/Dialog.tsx";
import { Note } from "../../ui/Note.tsx";
import { toasts } from "../../ui/toasts.ts";

interface DeleteMeetingDialogProps {
  readonly meeting: MeetingObject;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Names what deleting a meeting does to those who have its link. */
export function DeleteMeetingDialog({ meeting, isOpen, onClose, onDeleted }: DeleteMeetingDialogProps) {
  const { t } = useLingui();
  const remove = useAction(async () => {
    await api.delete(`/meetings/${encodeURIComponent(meeting.id)}`);
    onClose();
    toasts.show(t`“${meeting.title}” was deleted`, { tone: "success" });
    onDeleted();
  });
  return (
    <ConfirmDialog
      title={t`Delete this meeting?`}
      isOpen={isOpen}
      onClose={onClose}
      action={t`Delete meeting`}
      onConfirm={remove.run}
    >
      <p>
        {t`The link and the number of “${meeting.title}” stop working at once, also for everybody who has them already.`}
      </p>
      {meeting.recurrence !== null && <p>{t`All dates of the series are deleted.`}</p>}
      {meeting.in_progress && (
        <Note tone="warning">{t`The meeting is in progress: it ends for everybody in it.`}</Note>
      )}
      {remove.error !== null && <Note tone="danger">{remove.error}</Note>}
    </ConfirmDialog>
  );
}
